"""A patient's file goes in; its place, the reasons and a report come out, by the shipped model."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.theme import RESEARCH_USE
from tests.browser.driving import settle
from tests.browser.modeled import Modeled
from tests.browser.patient_files import FILES, HOTSPOTS, LUNG, NAME, STRANGER
from tests.dashboard.pdf_text import num_pages, read_text

REFUSED = "Do not interpret"


def upload(page: Page, modeled: Modeled, path: Path) -> None:
    page.goto(f"{modeled.address}/patient?source=Upload+a+file")
    expect(page.get_by_text("Drop one patient's file")).to_be_visible()
    page.locator('input[type="file"]').set_input_files(path)


def expect_placed_and_explained(page: Page) -> None:
    expect(page.get_by_text("Within the reference")).to_be_visible()
    expect(
        page.locator('.st-key-patient_map [data-testid="tumorxy-map"][data-drawn]')
    ).to_have_count(1)
    expect(page.get_by_role("heading", name="The 15 tumors most like it")).to_be_visible()
    bars = page.locator(".st-key-why_bars .js-plotly-plot .point")
    expect(bars.nth(len(LUNG) - 1)).to_be_visible()


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key} input").first.click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def download(page: Page, form: str) -> bytes:
    """Open the reports if they are folded, and take one."""
    button = page.locator(f".st-key-report_{form} button").first
    if not button.is_visible():
        page.get_by_role("button", name="Report", exact=True).click()
    with page.expect_download() as found:
        button.click()
    return found.value.path().read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_placed_and_explained(
    page: Page, modeled: Modeled, files: Path, name: str
) -> None:
    path = files / name
    path.write_text(FILES[name], encoding="utf-8")
    upload(page, modeled, path)
    expect(page.get_by_text(NAME, exact=True).first).to_be_visible()
    expect(page.get_by_text("uploaded, not stored")).to_be_visible()
    expect_placed_and_explained(page)


def test_a_typed_tumor_is_placed_and_explained(page: Page, modeled: Modeled) -> None:
    page.goto(f"{modeled.address}/patient?source=Type+alterations")
    for gene in LUNG:
        choose(page, "typed_gene", gene)
        page.locator(".st-key-typed_change input").fill(HOTSPOTS[gene][-1])
        page.get_by_role("button", name="Add", exact=True).press("Enter")
        settle(page)
    page.get_by_role("button", name="Place on the map").click()
    expect(page.get_by_text("typed-tumor", exact=True).first).to_be_visible()
    expect_placed_and_explained(page)


def test_a_refused_file_leaves_nobody_in_its_place(
    page: Page, modeled: Modeled, files: Path
) -> None:
    good, broken = files / "case.maf", files / "broken.maf"
    good.write_text(FILES["case.maf"], encoding="utf-8")
    broken.write_text("Hugo_Symbol\tTumor_Sample_Barcode\n", encoding="utf-8")
    upload(page, modeled, good)
    page.get_by_role("button", name="Forget this tumor").click()
    expect(page.get_by_text("Drop one patient's file")).to_be_visible()
    page.locator('input[type="file"]').set_input_files(broken)
    expect(page.get_by_role("alert").filter(has_text="broken.maf")).to_be_visible()
    expect(page.get_by_role("heading", name="Can this be trusted?")).to_have_count(0)


def test_what_is_unlike_every_tumor_is_not_interpreted(
    page: Page, modeled: Modeled, files: Path
) -> None:
    path = files / "stranger.tsv"
    path.write_text(STRANGER, encoding="utf-8")
    upload(page, modeled, path)
    expect(page.get_by_text(REFUSED, exact=True).first).to_be_visible()
    expect(page.get_by_text("Nothing is explained either")).to_be_visible()
    expect(page.get_by_role("button", name="Explain this tumor")).to_have_count(0)
    settle(page)
    text = read_text(download(page, "pdf"))
    assert REFUSED in text
    assert "every prediction would not hold, so none is given" in text


def test_the_report_says_where_it_comes_from_and_names_nobody_with_a_pseudonym(
    page: Page, modeled: Modeled
) -> None:
    page.goto(modeled.patient)
    expect(page.get_by_role("heading", name="Can this be trusted?")).to_be_visible()
    settle(page)
    pdf = download(page, "pdf")
    assert num_pages(pdf) == 1
    text = read_text(pdf)
    link = f"{modeled.address}/patient?sample="
    for told in (RESEARCH_USE, modeled.model_digest, modeled.sample_id, link):
        assert told in text
    page.get_by_label("Pseudonym, if any", exact=True).fill("Case 7")
    page.keyboard.press("Enter")
    settle(page)
    text = read_text(download(page, "pdf"))
    page_of_text = download(page, "html").decode()
    for words in (text, page_of_text):
        assert "Case 7" in words
        assert RESEARCH_USE in words
        assert modeled.model_digest in words
        assert modeled.sample_id not in words
        assert modeled.study_id not in words
