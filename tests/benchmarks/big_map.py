"""The Map page with 300,000 and 1,000,000 synthetic tumors, beside Plotly's scattergl.

Run: `python -m tests.benchmarks.big_map [TUMORS ...]`. Prints a table and writes
results/big_map.csv. Both are measured in the same run, in turns: Debian's Chromium without a
window, WebGL in software, on the cores that the servers use; each first plot is by a browser
without any cache, of a server that showed the map to another session before. First plots and
recolors are timed by the browser's own clock, from the navigation or the press to the frame that
shows the points; lassos from outside. Bytes are counted in a round of their own, since recording
the network takes time. They are those of data: the map's routes, the WebSocket in both directions
and figures; scripts are counted apart.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as TooSlow

from dashboard.serving import Address, choose_address, command_line
from dashboard.settings import Settings
from tests.benchmarks.harness import Measurement, quantiles, write_results
from tests.benchmarks.large_home import build_large_home
from tests.browser.driving import MAP, chromium, lasso, served, settle, summary

SIZES = (300_000, 1_000_000)
REPEAT = 7
PLOTLY_MOST = 300_000
"""Tumors above which Plotly is not asked any more: its first plot takes minutes."""

CORNERS = [
    (0.003, 0.003),
    (0.997, 0.003),
    (0.997, 0.997),
    (0.38, 0.997),
    (0.36, 0.55),
    (0.003, 0.5),
]
"""A line around nearly every tumor."""

CHART = ".js-plotly-plot"
MARK = "tumorxy-drawn"
"""Mark of the frame that shows the points: the map component's own, and that of `WATCH`."""

WATCH = f"""
addEventListener("pointerdown", () => (window.pressed = performance.now()), true)
window.markWhen = (condition) => {{
  const isMet = new Function(`return ${{condition}}`)
  const mark = () => setTimeout(() => performance.mark("{MARK}"))
  const look = () => (isMet() ? requestAnimationFrame(mark) : requestAnimationFrame(look))
  look()
}}
markWhen("document.querySelector('{CHART} .gl-canvas') !== null")
"""
"""Told to each page: when the reader pressed last, and when Plotly's points are there."""

PATIENCE_MS = 180_000
GIVE_UP_MS = 40_000


class Wire:
    """Counts the bytes that a page sends and receives.

    Args:
        page: The page, before it is opened.
    """

    def __init__(self, page: Page) -> None:
        self.data = 0
        self.sent = 0
        self.scripts = 0
        self._urls: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._begun)
        session.on("Network.loadingFinished", self._ended)
        session.on("Network.webSocketFrameReceived", self._received)
        session.on("Network.webSocketFrameSent", self._told)

    def _begun(self, event: dict) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _ended(self, event: dict) -> None:
        size = int(event["encodedDataLength"])
        if any(part in self._urls.get(event["requestId"], "") for part in ("/tumorxy/", "/media/")):
            self.data += size
        else:
            self.scripts += size

    def _received(self, event: dict) -> None:
        # Binary frames are told as base64.
        self.data += len(event["response"]["payloadData"]) * 3 // 4

    def _told(self, event: dict) -> None:
        size = len(event["response"]["payloadData"]) * 3 // 4
        self.data += size
        self.sent += size


def main() -> None:
    sizes = [int(argument) for argument in sys.argv[1:]] or list(SIZES)
    rows: list[Measurement] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as folder:
            home = Path(folder) / "home"
            build_large_home(home, size)
            rows += compare(home, size)
    for row in rows:
        print(f"{row.name:58} {row.median:10.3f} {row.unit} ({row.low:.3f} to {row.high:.3f})")
    print(write_results("big_map", rows))


def compare(home: Path, size: int) -> list[Measurement]:
    """Measure the Map page and, up to a size, Plotly, in turns."""
    found: dict[tuple[str, str], list[float]] = {}

    def keep(measured: dict[tuple[str, str], float]) -> None:
        for name, value in measured.items():
            found.setdefault(name, []).append(value)

    with served(home) as ours, plotly_served(home) as theirs, chromium() as browser:
        warm_up(browser, [ours, theirs])
        for _ in range(REPEAT):
            keep(time_map(browser, ours, size))
            if size <= PLOTLY_MOST:
                keep(time_plotly(browser, theirs))
        if size <= PLOTLY_MOST:
            keep(time_selection_in_plotly(browser, theirs))
        keep(count_map(browser, ours, size))
        if size <= PLOTLY_MOST:
            keep(count_plotly(browser, theirs))
    return [
        quantiles(f"{size:,} tumors, {name}", unit, values)
        for (name, unit), values in found.items()
    ]


def warm_up(browser: Browser, addresses: list[str]) -> None:
    """Let each server read the map, as the first session of a day does."""
    for address in addresses:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(f"{MAP}, {CHART}", state="attached", timeout=PATIENCE_MS)
        page.close()


def time_map(browser: Browser, address: str, size: int) -> dict[tuple[str, str], float]:
    """Time the first plot, a recolor and a lasso of the Map page."""
    told: dict[tuple[str, str], float] = {}
    with new_page(browser) as page:
        told["map: first plot", "s"] = open_map(page, address, size)
        settle(page)
        told["map: recolor", "s"] = recolor_map(page)
        lasso(page, CORNERS)
        started = time.perf_counter()
        wait_for_selection(page)
        told["map: lasso to updated panels", "s"] = time.perf_counter() - started
        words = summary(page).inner_text()
        told["map: lasso", "tumors"] = float(words.split()[0].replace(",", ""))
    return told


def count_map(browser: Browser, address: str, size: int) -> dict[tuple[str, str], float]:
    """Count the bytes of the same."""
    told: dict[tuple[str, str], float] = {}
    with new_page(browser) as page:
        wire = Wire(page)
        open_map(page, address, size)
        settle(page)
        told["map: first plot", "MB of data"] = wire.data / 1e6
        told["map: first plot", "MB of scripts"] = wire.scripts / 1e6
        before = wire.data
        recolor_map(page)
        told["map: recolor", "MB of data"] = (wire.data - before) / 1e6
        before, sent = wire.data, wire.sent
        lasso(page, CORNERS)
        wait_for_selection(page)
        settle(page)
        told["map: lasso", "kB sent by the browser"] = (wire.sent - sent) / 1e3
        told["map: lasso", "kB in both directions, panels included"] = (wire.data - before) / 1e3
    return told


def open_map(page: Page, address: str, size: int) -> float:
    """Open the Map page; returns the seconds from the navigation to the points."""
    page.goto(address)
    page.wait_for_selector(f'{MAP}[data-drawn="{size}"]', state="attached", timeout=PATIENCE_MS)
    return last_mark(page)


def recolor_map(page: Page) -> float:
    """Color the map by another label; returns the seconds from the press to the new colors."""
    press_label(page)
    page.wait_for_selector(f'{MAP}[data-colored^="Sex"]', state="attached", timeout=PATIENCE_MS)
    settle(page)
    return last_mark(page, "window.pressed")


def wait_for_selection(page: Page) -> None:
    """Wait until the number and the table of the selected tumors are there."""
    summary(page).wait_for(timeout=PATIENCE_MS)
    page.locator(".st-key-map_table").wait_for()


def time_plotly(browser: Browser, address: str) -> dict[tuple[str, str], float]:
    """Time the first plot and a recolor with Plotly."""
    with new_page(browser) as page:
        return {
            ("Plotly scattergl: first plot", "s"): open_plotly(page, address),
            ("Plotly scattergl: recolor", "s"): recolor_plotly(page),
        }


def time_selection_in_plotly(browser: Browser, address: str) -> dict[tuple[str, str], float]:
    """Time a lasso with Plotly; the selection may never arrive: the server closes the socket."""
    with new_page(browser) as page:
        open_plotly(page, address)
        lasso_plotly(page)
        started = time.perf_counter()
        try:
            page.get_by_text("tumors selected").wait_for(timeout=GIVE_UP_MS)
        except TooSlow:
            return {("Plotly scattergl: lasso, no answer within", "s"): GIVE_UP_MS / 1000}
        seconds = time.perf_counter() - started
        return {("Plotly scattergl: lasso to the number", "s"): seconds}


def count_plotly(browser: Browser, address: str) -> dict[tuple[str, str], float]:
    """Count the bytes of the first plot and of the recolor."""
    told: dict[tuple[str, str], float] = {}
    with new_page(browser) as page:
        wire = Wire(page)
        open_plotly(page, address)
        told["Plotly scattergl: first plot", "MB of data"] = wire.data / 1e6
        before = wire.data
        recolor_plotly(page)
        told["Plotly scattergl: recolor", "MB of data"] = (wire.data - before) / 1e6
    return told


def open_plotly(page: Page, address: str) -> float:
    """Open the page with Plotly; returns the seconds from the navigation to the points."""
    page.goto(address)
    return last_mark(page)


def recolor_plotly(page: Page) -> float:
    """Color it by another label; returns the seconds from the press to the new colors."""
    page.evaluate(
        "(few) => markWhen(few)", f"document.querySelector('{CHART}')?._fullData?.length < 4"
    )
    press_label(page)
    return last_mark(page, "window.pressed")


def lasso_plotly(page: Page) -> None:
    """Draw the line around nearly every tumor."""
    box = page.locator(f"{CHART} .nsewdrag").bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in CORNERS]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in [*places[1:], places[0]]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def press_label(page: Page) -> None:
    """Choose the label Sex to color by."""
    page.locator(".st-key-label input").first.click()
    option = page.get_by_role("option", name="Sex", exact=True)
    option.wait_for()
    option.click()


def last_mark(page: Page, since: str = "0") -> float:
    """Return the seconds from a moment of the page to its last mark after it, once there is one."""
    marks = f"performance.getEntriesByName('{MARK}').filter((mark) => mark.startTime > {since})"
    page.wait_for_function(f"() => {marks}.length > 0", timeout=PATIENCE_MS)
    return float(page.evaluate(f"() => {marks}.at(-1).startTime - {since}")) / 1e3


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """Open a page of a browser that has nothing in its cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        context.close()


@contextmanager
def plotly_served(home: Path) -> Iterator[str]:
    """Serve the page with Plotly under the settings of the dashboard."""
    address: Address = choose_address("127.0.0.1", None)
    command = command_line(address)
    command[4] = str(Path(__file__).with_name("plotly_map.py"))
    process = subprocess.Popen(
        command,
        env=Settings(home=home).environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield address.url
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
