"""Groups are compared in a real browser: each section is drawn, and the address brings it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.followed import follow
from tests.app.small_home import build_home, draw_cohort
from tests.browser.driving import served, settle

FIGURE = ".js-plotly-plot .main-svg"


@pytest.fixture(scope="module")
def followed_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard of a cohort with follow-up."""
    home = tmp_path_factory.mktemp("followed")
    build_home(home, [follow(draw_cohort("alpha", 300, seed=3))])
    with served(home) as url:
        yield url


def texts_of(page: Page) -> str:
    """Return everything that is written in the figures."""
    return " ".join(page.locator(".js-plotly-plot text").all_text_contents())


def test_a_pair_is_compared_and_a_reload_brings_it_back(page: Page, followed_address: str) -> None:
    page.goto(f"{followed_address}/compare?groups=Pair&compare_b=TP53")
    expect(page.locator(FIGURE).first).to_be_visible()
    settle(page)
    drawn = texts_of(page)
    assert "Number at risk" in drawn
    assert "Research use only" in drawn
    page.get_by_role("tab", name="Oncoprint").click()
    expect(page.locator(".js-plotly-plot .hm").first).to_be_visible()
    settle(page)
    assert "compare=Oncoprint" in page.url
    assert "drawn" in texts_of(page)
    page.reload()
    expect(page.locator(".js-plotly-plot .hm").first).to_be_visible()
    expect(page.get_by_text("KRAS and TP53", exact=True).first).to_be_visible()


@pytest.mark.parametrize("section", ["Genes and pairs", "Labels", "Numbers"])
def test_the_other_sections_are_drawn(page: Page, followed_address: str, section: str) -> None:
    page.goto(f"{followed_address}/compare?compare={section.replace(' ', '+')}")
    expect(page.locator(FIGURE).first).to_be_visible()
    settle(page)
    assert "Research use only" in texts_of(page)
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.js-plotly-plot .ytick text')]"
        ".filter(t => t.getBoundingClientRect().left"
        " < t.closest('.js-plotly-plot').getBoundingClientRect().left - 1).length"
    )
    assert cut == 0
