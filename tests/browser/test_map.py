from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.theme import RESEARCH_USE
from tests.browser.driving import (
    MAP,
    PANEL,
    lasso,
    legend,
    map_box,
    num_selected,
    ranges,
    settle,
    summary,
    tool,
    wait_for_map,
)


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key} input").first.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def zoom_in(page: Page) -> None:
    left, top, width, height = map_box(page)
    page.mouse.move(left + width * 0.6, top + height * 0.5)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(1200)
    settle(page)


@pytest.mark.parametrize("path", ["/patient", "/data", "/model"])
def test_a_link_to_a_page_opens_it_within_the_frame(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    expect(page.locator("h1")).to_have_text(path[1:].capitalize())
    expect(page.get_by_text("Research use only", exact=False).first).to_be_visible()
    expect(page.get_by_role("link", name="Map")).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def fetched(requests: list[str], kind: str) -> list[str]:
    return [url for url in requests if f"/{kind}/" in url and "/tumorxy/map/" in url]


def test_a_recolor_keeps_zoom_and_selection_and_fetches_one_column(
    page: Page, address: str, requests: list[str]
) -> None:
    page.goto(address)
    wait_for_map(page)
    whole = ranges(page)
    zoom_in(page)
    zoomed = ranges(page)
    assert zoomed[1] - zoomed[0] < 0.95 * (whole[1] - whole[0])
    lasso(page, [(0.1, 0.1), (0.9, 0.1), (0.9, 0.6), (0.1, 0.6)])
    selected = summary(page)
    expect(selected).to_be_visible()
    before, drawn = selected.inner_text(), num_selected(page)
    settle(page)
    requests.clear()
    choose(page, "label", "Sex")
    wait_for_map(page, "Sex")
    assert parse_qs(urlsplit(page.url).query)["label"] == ["Sex"]
    assert ranges(page) == pytest.approx(zoomed, rel=0.02, abs=0.05)
    assert summary(page).inner_text() == before
    assert num_selected(page) == drawn
    assert any(name.startswith("Female") for name in legend(page))
    assert len(fetched(requests, "column")) == 1
    assert not fetched(requests, "geometry")
    assert not fetched(requests, "mask")


def test_the_map_fills_the_screen(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(address)
    wait_for_map(page)
    assert map_box(page)[3] > 700


def test_one_step_back_leads_to_the_map_as_it_was_left(page: Page, address: str) -> None:
    page.goto(f"{address}/?by=Gene&gene=TP53&maps=2")
    wait_for_map(page, "TP53")
    lasso(page, [(0.1, 0.1), (0.9, 0.1), (0.9, 0.6), (0.1, 0.6)])
    expect(summary(page)).to_be_visible()
    settle(page)
    left, drawn = page.url, num_selected(page)
    for name in ("Patient", "Compare with the rest"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).not_to_have_text("Map")
        settle(page)
        page.go_back()
        wait_for_map(page, "TP53")
        expect(summary(page)).to_be_visible()
        assert page.url == left
        assert num_selected(page) == drawn


def test_the_selection_is_told_exactly(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.5), (0.02, 0.5)])
    expect(summary(page)).to_be_visible()
    drawn = num_selected(page)
    assert drawn > 50
    expect(summary(page)).to_have_text(f"{drawn:,} tumors selected")
    expect(page.get_by_role("heading", name=f"Selection: {drawn:,} tumors")).to_be_attached()


def test_the_selection_is_exported_with_its_caption(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.5), (0.02, 0.5)])
    selected = summary(page)
    expect(selected).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").first.click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f'"# {RESEARCH_USE}"'
    rows = [line for line in lines if not line.startswith('"# ')]
    assert rows[0].startswith("Sample,Study,Cancer type")
    assert f"{len(rows) - 1} tumors selected" == selected.inner_text()


@pytest.mark.parametrize("button", ["page", "map"])
def test_clearing_the_selection_clears_the_picture(page: Page, address: str, button: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.2, 0.02), (0.8, 0.02), (0.8, 0.5), (0.2, 0.5)])
    expect(summary(page)).to_be_visible()
    assert num_selected(page) > 0
    settle(page)
    if button == "page":
        page.locator(".st-key-map_clear button").click()
    else:
        tool(page, "Clear selection")
    expect(summary(page)).to_have_count(0)
    expect(page.locator(MAP)).to_have_attribute("data-selected", "0")
    settle(page)
    assert "selection" not in parse_qs(urlsplit(page.url).query)


def test_the_view_and_the_selection_survive_a_reload(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    zoom_in(page)
    zoomed = ranges(page)
    lasso(page, [(0.2, 0.2), (0.8, 0.2), (0.8, 0.7), (0.2, 0.7)])
    expect(summary(page)).to_be_visible()
    settle(page)
    drawn = num_selected(page)
    assert "selection" in parse_qs(urlsplit(page.url).query)
    page.reload()
    wait_for_map(page)
    expect(summary(page)).to_have_text(f"{drawn:,} tumors selected")
    expect(page.locator(MAP)).to_have_attribute("data-selected", str(drawn))
    assert ranges(page) == pytest.approx(zoomed, rel=0.05, abs=0.2)


def test_maps_side_by_side_share_the_selection(page: Page, address: str) -> None:
    page.goto(f"{address}/?maps=2&gene2=TP53")
    wait_for_map(page)
    expect(page.locator(MAP)).to_have_attribute("data-panels", "2")
    expect(page.locator(f"{MAP} {PANEL}")).to_have_count(2)
    assert any(name.startswith("wild type") for name in legend(page, 1))
    lasso(page, [(0.1, 0.1), (0.9, 0.1), (0.9, 0.6), (0.1, 0.6)])
    expect(summary(page)).to_be_visible()


def test_the_legend_hides_and_isolates(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    entries = page.locator(f"{MAP} .tumorxy-legend-entry")

    def pressed() -> list[str | None]:
        return [entry.get_attribute("aria-pressed") for entry in entries.all()]

    total = len(pressed())
    entries.first.click()
    page.wait_for_timeout(800)
    assert pressed().count("false") == 1
    entries.first.click()
    page.wait_for_timeout(800)
    entries.nth(1).dblclick()
    page.wait_for_timeout(800)
    assert pressed().count("true") == 1
    assert len(pressed()) == total


def test_the_state_comes_back_from_the_address(page: Page, address: str) -> None:
    page.goto(f"{address}/?by=Gene&gene=KRAS&sample=synthetic_demo/SYNT-00007")
    wait_for_map(page, "KRAS")
    expect(page.locator(MAP).get_by_text("SYNT-00007").first).to_be_attached()
    page.get_by_role("link", name="Open SYNT-00007").click()
    expect(page.get_by_role("heading", name="Can this be trusted?")).to_be_visible()


def test_without_webgl_there_is_a_picture_and_a_table(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return /webgl/.test(kind) ? null : real.call(this, kind, ...rest) };"
        "delete window.WebGL2RenderingContext"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(f"{MAP} img", state="visible", timeout=60_000)
    width = page.locator(f"{MAP} img").evaluate("image => image.naturalWidth")
    assert width > 800
    context.close()


def test_data_are_refused_without_the_page(page: Page, address: str, requests: list[str]) -> None:
    page.goto(address)
    wait_for_map(page)
    (url,) = set(fetched(requests, "geometry"))
    token = url.split("/")[5]
    allowed = page.request.get(url)
    assert allowed.status == 200
    assert allowed.headers["cache-control"].startswith("private")
    assert allowed.headers["x-content-type-options"] == "nosniff"
    same = page.request.get(url, headers={"If-None-Match": allowed.headers["etag"]})
    assert same.status == 304
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert page.request.get(url, headers=headers).status == 403
    assert page.request.get(url.replace(token, token[:-4] + "AAAA")).status == 403
    assert page.request.get(url[:-8] + "00000000").status == 410


def test_switching_the_appearance_redraws_the_points(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    page.get_by_test_id("stMainMenu").locator("button").first.click()
    page.get_by_text("Dark").last.click()
    expect(page.locator(MAP)).to_have_attribute("data-theme", "dark")
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_both_appearances_draw_text_that_can_be_read(
    page: Page, address: str, appearance: str
) -> None:
    page.emulate_media(color_scheme=appearance)  # type: ignore[arg-type]
    page.goto(address)
    wait_for_map(page)
    background = page.evaluate(
        "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    )
    dark = sum(int(part) for part in background.strip("rgba()").split(",")[:3]) < 200
    assert dark is (appearance == "dark")
    expect(page.locator(MAP)).to_have_attribute("data-theme", appearance)
