"""Nearly all of 300,000 tumors are selected, counted exactly, and stay selected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.workspace import Workspace
from tests.benchmarks.big_map import CORNERS
from tests.benchmarks.large_home import build_large_home
from tests.browser.driving import (
    MAP,
    lasso,
    legend,
    num_selected,
    served,
    settle,
    summary,
    wait_for_map,
)

NUM_TUMORS = 300_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a dashboard of the large map, and its home."""
    home = tmp_path_factory.mktemp("large")
    build_large_home(home, NUM_TUMORS)
    with served(home) as url:
        yield url, home


def test_a_lasso_of_292000_tumors_is_counted_and_survives_a_recolor(
    page: Page, large: tuple[str, Path]
) -> None:
    url, home = large
    page.goto(url)
    expect(page.locator(MAP)).to_have_attribute("data-drawn", str(NUM_TUMORS))
    settle(page)
    lasso(page, CORNERS)
    expect(summary(page)).to_be_visible()
    drawn = num_selected(page)
    assert 285_000 < drawn < 298_000
    told = f"{drawn:,} tumors selected"
    expect(summary(page)).to_have_text(told)
    expect(page.get_by_role("heading", name=f"Selection: {drawn:,} tumors")).to_be_attached()
    expect(page.locator(".st-key-map_table")).to_be_visible()
    settle(page)
    (kept,) = parse_qs(urlsplit(page.url).query)["selection"]
    assert Workspace(home).load_set(kept).num_rows == drawn

    page.locator(".st-key-label input").first.click()
    page.get_by_role("option", name="Sex", exact=True).click()
    wait_for_map(page, "Sex")
    assert len(legend(page)) == 2
    assert num_selected(page) == drawn
    expect(summary(page)).to_have_text(told)
