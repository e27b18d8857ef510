"""A served dashboard and a real Chromium, for the tests and for the gallery."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

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

CHART = ".st-key-map_area .js-plotly-plot"
START_SECONDS = 90


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the dashboard of a home as `tumorxy serve` does; yields its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = Address(host="127.0.0.1", port=port)
    process = subprocess.Popen(
        command_line(address),
        env=Settings(home=home).environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_answering(port)
        yield address.url
    finally:
        process.terminate()
        process.wait(20)


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


def wait_for_map(page: Page) -> None:
    """Wait until the points are drawn and the server has finished its run."""
    page.wait_for_selector(f"{CHART} .gl-canvas", state="attached")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the server has finished its run and the page has shown it."""
    page.wait_for_function(
        "() => document.querySelector('[data-test-script-state]')"
        "?.dataset.testScriptState !== 'running'"
    )
    page.wait_for_timeout(400)


def map_box(page: Page) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the plotting area, in pixels."""
    box = page.locator(f"{CHART} .nsewdrag").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def lasso(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw a closed line around tumors.

    Args:
        page: The Map page.
        corners: Corners as shares of the plotting area, from its upper left.
    """
    page.locator(f'{CHART} [data-title="Lasso Select"]').click()
    left, top, width, height = map_box(page)
    places = [(left + width * x, top + height * y) for x, y in [*corners, corners[0]]]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def ranges(page: Page) -> list[float]:
    """Return left, right, bottom and top edge of what the map shows."""
    found: list[float] = page.evaluate(
        f"() => {{ const l = document.querySelector('{CHART}')._fullLayout;"
        " return [...l.xaxis.range, ...l.yaxis.range] }"
    )
    return found
