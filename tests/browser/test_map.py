from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.theme import RESEARCH_USE
from tests.browser.driving import CHART, lasso, map_box, ranges, settle, wait_for_map

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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


def test_no_request_leaves_the_machine(page: Page, address: str, requests: list[str]) -> None:
    for path in ("/", "/patient", "/data", "/model"):
        page.goto(address + path)
        page.wait_for_selector("h1")
        settle(page)
    page.goto(address)
    wait_for_map(page)
    outside = {url for url in requests if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    assert {urlsplit(url).hostname for url in outside} == {"127.0.0.1"}


@pytest.mark.parametrize("path", ["/patient", "/data", "/model"])
def test_a_link_to_a_page_opens_it_within_the_frame(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    expect(page.locator("h1")).to_have_text(path[1:].capitalize())
    expect(page.get_by_text("Research use only", exact=False).first).to_be_visible()
    expect(page.get_by_role("link", name="Map")).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_a_recolor_keeps_zoom_and_selection(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    whole = ranges(page)
    zoom_in(page)
    zoomed = ranges(page)
    assert zoomed[1] - zoomed[0] < 0.95 * (whole[1] - whole[0])
    lasso(page, [(0.1, 0.1), (0.9, 0.1), (0.9, 0.6), (0.1, 0.6)])
    selected = page.get_by_text("tumors selected")
    expect(selected).to_be_visible()
    before = selected.inner_text()
    choose(page, "label", "Sex")
    wait_for_map(page)
    assert parse_qs(urlsplit(page.url).query)["label"] == ["Sex"]
    assert ranges(page) == pytest.approx(zoomed, rel=0.02, abs=0.05)
    assert page.get_by_text("tumors selected").inner_text() == before
    expect(page.locator(f"{CHART} .legendtext").filter(has_text="Female")).to_have_count(1)


def test_the_selection_is_told_exactly(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.5), (0.02, 0.5)])
    expect(page.get_by_text("tumors selected")).to_be_visible()
    drawn = page.evaluate(
        f"() => document.querySelector('{CHART}')._fullData"
        ".reduce((n, t) => n + (t.selectedpoints ? t.selectedpoints.length : 0), 0)"
    )
    assert drawn > 50
    expect(page.get_by_text(f"{drawn:,} tumors selected")).to_be_visible()
    expect(page.get_by_role("heading", name=f"Selection: {drawn:,} tumors")).to_be_attached()


def test_the_selection_is_exported_with_its_caption(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.5), (0.02, 0.5)])
    selected = page.get_by_text("tumors selected")
    expect(selected).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f'"# {RESEARCH_USE}"'
    rows = [line for line in lines if not line.startswith('"# ')]
    assert rows[0].startswith("Sample,Study,Cancer type")
    assert f"{len(rows) - 1} tumors selected" == selected.inner_text()


def test_clearing_the_selection_clears_the_picture(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    lasso(page, [(0.2, 0.02), (0.8, 0.02), (0.8, 0.5), (0.2, 0.5)])
    expect(page.get_by_text("tumors selected")).to_be_visible()
    page.get_by_role("button", name="Clear selection").click()
    expect(page.get_by_text("tumors selected")).to_have_count(0)
    wait_for_map(page)
    drawn = page.evaluate(
        f"() => document.querySelector('{CHART}')._fullData.some(t => t.selectedpoints)"
    )
    assert drawn is False


def test_the_legend_hides_and_isolates(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    toggles = page.locator(f"{CHART} .legendtoggle")

    def visible() -> list[object]:
        found: list[object] = page.evaluate(
            f"() => document.querySelector('{CHART}')._fullData.map(t => t.visible)"
        )
        return found

    toggles.first.click()
    page.wait_for_timeout(800)
    assert visible().count("legendonly") == 1
    toggles.first.click()
    page.wait_for_timeout(800)
    toggles.nth(1).dblclick()
    page.wait_for_timeout(800)
    assert visible().count(True) == 1


def test_the_state_comes_back_from_the_address(page: Page, address: str) -> None:
    page.goto(f"{address}/?by=Gene&gene=KRAS&sample=synthetic_demo/SYNT-00007")
    wait_for_map(page)
    expect(page.locator(f"{CHART} .legendtitletext")).to_have_text("KRAS")
    expect(page.locator(f"{CHART} .annotation-text", has_text="SYNT-00007")).to_be_visible()
    page.get_by_role("link", name="Open SYNT-00007").click()
    expect(page.get_by_role("heading", name="Can this be trusted?")).to_be_visible()


def test_switching_the_appearance_redraws_the_points(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_map(page)
    page.get_by_test_id("stMainMenu").locator("button").first.click()
    page.get_by_text("Dark").last.click()
    page.wait_for_function(
        f"() => document.querySelector('{CHART}')?._fullData"
        "?.some(t => t.marker.color === '#FFFFFF')"
    )
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
    colors = page.evaluate(
        f"() => document.querySelector('{CHART}')._fullData.map(t => t.marker.color)"
    )
    assert ("#FFFFFF" in colors) is dark
