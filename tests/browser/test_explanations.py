"""Why, what if, a region and biomarkers, in a real browser with the shipped model."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.service import Service
from engine.synthetic import STUDY, sample_cohort
from tests.browser.driving import served, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NUM_TUMORS = 240
MOST_ALTERED = 12
"""Alterations of a tumor that is explained within the page."""


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of a dashboard with a map of synthetic tumors, and the name of one."""
    service = Service(tmp_path_factory.mktemp("explained"))
    service.import_cohort(sample_cohort(num_tumors=NUM_TUMORS))
    service.embed([STUDY.study_id])
    service.layout()
    with service.store.read() as reader:
        altered = reader.alterations([STUDY.study_id], altering_only=True)["sample_id"]
        told = reader.likeliest(service.model_digest, "cancer_type").to_pylist()
    readable = {row["sample_id"] for row in told if row["flag"] in ("ok", "uncertain")}
    counts = {row["values"]: row["counts"] for row in altered.value_counts().to_pylist()}
    some = max(
        (name for name in readable if 0 < counts.get(name, 0) <= MOST_ALTERED),
        key=counts.__getitem__,
    )
    with served(service.home) as url:
        yield url, some


def open_why(page: Page, explained: tuple[str, str]) -> None:
    url, sample = explained
    page.goto(f"{url}/patient?sample={STUDY.study_id}/{sample}")
    page.get_by_role("button", name="Explain this tumor").click()
    expect(page.get_by_text("What if", exact=True)).to_be_visible()


def test_why_draws_a_bar_for_each_alteration(page: Page, explained: tuple[str, str]) -> None:
    open_why(page, explained)
    bars = page.locator(".st-key-why_bars .js-plotly-plot .point")
    expect(bars.first).to_be_visible()
    assert bars.count() >= 3
    expect(page.get_by_text("Together, beyond their sum")).to_be_visible()


def test_a_toggle_moves_the_changed_point(page: Page, explained: tuple[str, str]) -> None:
    open_why(page, explained)
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


def test_biomarkers_draw_a_forest_plot(page: Page, explained: tuple[str, str]) -> None:
    page.goto(f"{explained[0]}/biomarkers")
    expect(page.locator(".st-key-biomarker_table")).to_be_visible()
    expect(page.locator(".st-key-biomarker_forest .js-plotly-plot .point").first).to_be_visible()
