"""A meeting from beginning to end, by keyboard only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from dashboard.workspace import Workspace
from tests.app.small_home import build_home, draw_cohort
from tests.browser.driving import served, settle


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, str]]:
    """Address of a dashboard, its home, and a queue of three cases."""
    home = tmp_path_factory.mktemp("board")
    build_home(home, [draw_cohort("synthetic_demo", 200)])
    workspace = Workspace(home)
    queue_id = workspace.create_queue("Tuesday")
    names = [f"SYNT-{row:05d}" for row in (3, 4, 5)]
    workspace.add_cases(
        queue_id, pa.table({"study_id": ["synthetic_demo"] * 3, "sample_id": names})
    )
    with served(home) as address:
        yield address, home, queue_id


def title(page: Page, text: str) -> None:
    expect(page.locator(".st-key-board_bar h1")).to_have_text(text)
    settle(page)
    page.wait_for_function("() => window.__tumorxyBoard?.controller")


def position(page: Page) -> list[str] | None:
    return parse_qs(urlsplit(page.url).query).get("position")


def test_a_meeting_is_led_by_keyboard_only(page: Page, board: tuple[str, Path, str]) -> None:
    address, home, queue_id = board
    page.goto(f"{address}/board?queue={queue_id}&position=1")
    title(page, "Case 1")
    for key, shown in (("ArrowRight", "2"), ("ArrowLeft", "1"), ("PageDown", "2"), ("p", "1")):
        page.keyboard.press(key)
        title(page, f"Case {shown}")
        assert position(page) == [shown]
    page.keyboard.press("?")
    expect(page.get_by_text("Write a decision", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Write a decision", exact=True)).to_be_hidden()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")
    page.keyboard.press("d")
    expect(page.get_by_label("Decision", exact=True)).to_be_focused()
    page.keyboard.type("No new drug, ?")
    page.keyboard.press("Tab")
    page.keyboard.type("Near and far, n and p are letters here")
    page.keyboard.press("Tab")
    page.keyboard.type("Board")
    title(page, "Case 1")
    page.get_by_role("button", name="Record").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No new drug, ?", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("n", "n", "n"):
        page.keyboard.press(key)
    title(page, "Summary")
    expect(page.get_by_text("1 of 3 cases decided")).to_be_visible()
    (entry,) = Workspace(home).decision_log().entries
    assert entry.decision == "No new drug, ?"
    assert entry.queue_id == queue_id


def test_a_meeting_names_nobody_and_survives_a_reload(
    page: Page, board: tuple[str, Path, str], requests: list[str]
) -> None:
    address, _, queue_id = board
    page.goto(f"{address}/board?queue={queue_id}&position=2")
    title(page, "Case 2")
    page.wait_for_selector(".st-key-patient_map", state="attached")
    page.reload()
    title(page, "Case 2")
    assert page.locator(".st-key-board_bar").get_by_text("of 3", exact=True).count() == 1
    everything = page.content() + page.url + page.title()
    assert "SYNT-" not in everything
    assert "synthetic_demo" not in everything
    page.go_back()
    hosts = {urlsplit(url).hostname for url in requests if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}


def test_the_bar_stays_in_sight_at_the_form(page: Page, board: tuple[str, Path, str]) -> None:
    address, _, queue_id = board
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}/board?queue={queue_id}&position=3")
    title(page, "Case 3")
    page.keyboard.press("d")
    expect(page.get_by_label("Decision", exact=True)).to_be_focused()
    bar = page.locator(".st-key-board_bar").bounding_box()
    assert bar is not None
    assert 0 <= bar["y"] < 40
    size = page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert size > 22
