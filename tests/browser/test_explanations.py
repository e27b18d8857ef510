"""Why, what if, a region and biomarkers, in a real browser with the shipped model."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import settle
from tests.browser.modeled import Modeled


def open_why(page: Page, modeled: Modeled) -> None:
    page.goto(modeled.patient)
    page.get_by_role("button", name="Explain this tumor").click()
    expect(page.get_by_text("What if", exact=True)).to_be_visible()


def test_why_draws_a_bar_for_each_alteration(page: Page, modeled: Modeled) -> None:
    open_why(page, modeled)
    bars = page.locator(".st-key-why_bars .js-plotly-plot .point")
    expect(bars.first).to_be_visible()
    assert bars.count() >= 3
    expect(page.get_by_text("Together, beyond their sum")).to_be_visible()


def test_a_toggle_moves_the_changed_point(page: Page, modeled: Modeled) -> None:
    open_why(page, modeled)
    expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    settle(page)
    removable = page.locator('[class*="st-key-what_if_removed"] button')
    # The first button of the field is its help.
    removable.filter(has_text=re.compile(r"\w")).first.click()
    expect(
        page.get_by_text("map units; its likeness").or_(page.get_by_text("changed tumor is unlike"))
    ).to_be_visible()
    drawn = page.locator('.st-key-what_if_map [data-testid="tumorxy-map"][data-drawn]')
    expect(drawn).to_have_count(1)


def test_biomarkers_draw_a_forest_plot(page: Page, modeled: Modeled) -> None:
    page.goto(f"{modeled.address}/biomarkers")
    expect(page.locator(".st-key-biomarker_table")).to_be_visible()
    expect(page.locator(".st-key-biomarker_forest .js-plotly-plot .point").first).to_be_visible()
