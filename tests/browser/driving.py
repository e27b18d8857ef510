"""A served dashboard and a real Chromium, for the tests and for the gallery."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from dashboard.serving import Address, command_line
from dashboard.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The map needs WebGL, which a machine without a graphics card draws in software.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]

MAP = '[data-testid="tumorxy-map"]'
PANEL = '[data-testid="tumorxy-panel"]'
START_SECONDS = 90

TOUR_SEEN = "localStorage.setItem('tumorxy-tour', 'done')"
"""Makes a browser one that has been here before, so that no tour begins."""

PAGES = ("", "patient", "board", "compare", "biomarkers", "data", "model")
"""Paths of all pages."""


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the dashboard of a home as `tumorxy serve` does; yields its address."""
    port = free_port()
    process = start_server(home, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the dashboard of a home, and wait until it answers."""
    process = subprocess.Popen(
        command_line(Address(host="127.0.0.1", port=port)),
        env=Settings(home=home).environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_answering(port)
    except TimeoutError:
        process.kill()
        raise
    return process


def _wait_until_answering(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/_stcore/health")
            connection.getresponse()
        except OSError:
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(f"The dashboard did not answer within {START_SECONDS} s.")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def wait_for_map(page: Page, colored_by: str | None = None) -> None:
    """Wait until the points are drawn and the server has finished its run.

    Args:
        page: A page with a map.
        colored_by: Title of what the first panel must show.
    """
    page.wait_for_selector(f"{MAP}[data-drawn]", state="attached")
    if colored_by is not None:
        page.wait_for_selector(f'{MAP}[data-colored^="{colored_by}"]', state="attached")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the server has finished its run and the page has shown it."""
    page.wait_for_function(
        "() => document.querySelector('[data-test-script-state]')"
        "?.dataset.testScriptState !== 'running'"
    )
    page.wait_for_timeout(400)


def map_box(page: Page, panel: int = 0) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the points of a panel, in pixels."""
    box = page.locator(f"{MAP} {PANEL}").nth(panel).locator("canvas").first.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def lasso(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw a closed line around tumors.

    Args:
        page: The Map page.
        corners: Corners as shares of the plotting area, from its upper left.
    """
    tool(page, "Lasso")
    left, top, width, height = map_box(page)
    places = [(left + width * x, top + height * y) for x, y in [*corners, corners[0]]]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def tool(page: Page, name: str) -> None:
    """Press a button of the map: `Lasso`, `Box`, `Zoom in`, `Clear selection` and so on."""
    page.locator(MAP).get_by_role("button", name=name, exact=True).click()


def ranges(page: Page) -> list[float]:
    """Return left, right, lower and upper edge of what the map shows."""
    told = page.locator(MAP).get_attribute("data-view")
    assert told is not None
    return [float(edge) for edge in told.split(",")]


def num_selected(page: Page) -> int:
    """Return how many tumors the map draws as selected."""
    return int(page.locator(MAP).get_attribute("data-selected") or 0)


def summary(page: Page) -> Locator:
    """Find what the page beside the map says of the selection: `153 tumors selected`."""
    return page.locator(".st-key-map_summary").get_by_text("selected")


def legend(page: Page, panel: int = 0) -> list[str]:
    """Return the legend of a panel, names with counts, as a screen reader tells it."""
    entries = page.locator(f"{MAP} {PANEL}").nth(panel).locator(".tumorxy-legend-entry")
    return [entry.get_attribute("aria-label") or "" for entry in entries.all()]
