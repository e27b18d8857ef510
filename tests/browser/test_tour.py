from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.driving import settle

CARD = "section.tour"
SHEET = "dialog.sheet"


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Page]:
    """The Data page in a browser that was never here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    found = context.new_page()
    found.set_default_timeout(60_000)
    found.goto(f"{address}/data")
    found.wait_for_selector("h1")
    settle(found)
    yield found
    context.close()


def step(page: Page) -> Locator:
    return page.locator(f"{CARD} .count")


def test_a_first_visit_is_shown_four_steps_and_never_again(visitor: Page) -> None:
    for number in (1, 2, 3, 4):
        expect(step(visitor)).to_have_text(f"Step {number} of 4")
        visitor.locator(f"{CARD} button.next").click()
    expect(visitor.locator(CARD)).to_be_hidden()
    visitor.reload()
    visitor.get_by_role("button", name="Help, keys, terms").wait_for()
    settle(visitor)
    expect(visitor.locator(CARD)).to_be_hidden()


def test_the_tour_can_be_skipped_and_opened_again_by_keyboard_alone(visitor: Page) -> None:
    visitor.locator(f"{CARD} button.next").focus()
    visitor.keyboard.press("ArrowRight")
    expect(step(visitor)).to_have_text("Step 2 of 4")
    visitor.keyboard.press("ArrowLeft")
    expect(step(visitor)).to_have_text("Step 1 of 4")
    visitor.keyboard.press("Escape")
    expect(visitor.locator(CARD)).to_be_hidden()
    visitor.keyboard.press("?")
    visitor.get_by_role("button", name="Show the tour").focus()
    visitor.keyboard.press("Enter")
    expect(visitor.locator(SHEET)).to_have_count(0)
    expect(step(visitor)).to_have_text("Step 1 of 4")
    expect(visitor.locator(f"{CARD} button.next")).to_be_focused()


def test_the_tour_moves_nothing(visitor: Page) -> None:
    heading = visitor.locator("h1")
    before = heading.bounding_box()
    visitor.get_by_role("button", name="Skip the tour").click()
    expect(visitor.locator(CARD)).to_be_hidden()
    assert heading.bounding_box() == before


def test_the_help_sheet_finds_a_term_and_gives_the_focus_back(page: Page, address: str) -> None:
    page.goto(f"{address}/model")
    opener = page.get_by_role("button", name="Help, keys, terms")
    opener.focus()
    page.keyboard.press("Enter")
    sheet = page.locator(SHEET)
    expect(sheet.get_by_text("Hazard ratio", exact=True)).to_be_visible()
    sheet.get_by_label("Find a term").fill("wild")
    expect(sheet.locator("dt", has_text="Wild type")).to_be_visible()
    expect(sheet.get_by_text("Hazard ratio", exact=True)).to_have_count(0)
    expect(sheet.locator("kbd", has_text="?").first).to_be_visible()
    sheet.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_question_mark_that_is_typed_opens_nothing(page: Page, address: str) -> None:
    page.goto(f"{address}/patient")
    field = page.get_by_role("searchbox").first
    field.click()
    page.keyboard.type("?")
    expect(field).to_have_value("?")
    expect(page.locator(SHEET)).to_have_count(0)
