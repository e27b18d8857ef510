"""How long the map page takes to show 30,000 tumors, on the server and in a browser.

Run: `python -m tests.benchmarks.pages`. Prints a table and writes results/pages.csv. The browser
draws WebGL in software, and shares the cores with the server. The scripts of a page are asked for
compressed, which the dashboard answers from memory, and as they are, which Streamlit answers.
"""

from __future__ import annotations

import http.client
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from streamlit.file_util import get_static_dir
from streamlit.testing.v1 import AppTest

from dashboard.settings import HOME_VARIABLE
from tests.app.pages import APP
from tests.app.small_home import build_home, draw_cohort
from tests.benchmarks.harness import Measurement, quantiles, time_call, write_results
from tests.browser.driving import CHROMIUM, MAP, chromium, served

NUM_TUMORS = 30_000
NUM_SCRIPTS = 110
NUM_CONNECTIONS = 6
"""As many as a browser opens to one host."""

REPEAT = 7


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        home = Path(name)
        build_home(home, [draw_cohort("large", NUM_TUMORS)])
        rows = [on_the_server(home), *in_a_browser(home), *scripts(home)]
    for row in rows:
        print(f"{row.name:46} {row.median:8.3f} {row.unit} ({row.low:.3f} to {row.high:.3f})")
    print(write_results("pages", rows))


def on_the_server(home: Path) -> Measurement:
    """Time a whole run of the page once the map is in memory."""
    os.environ[HOME_VARIABLE] = str(home)
    app = AppTest.from_file(APP, default_timeout=60)
    seconds = time_call(app.run, repeat=REPEAT, warmup=2)
    return quantiles("map page, 30,000 tumors, server", "s", seconds)


def in_a_browser(home: Path) -> list[Measurement]:
    """Time from the address to the drawn points, for a new session of a warm server."""
    if not CHROMIUM.exists():
        return []
    cold, warm = [], []
    with served(home) as address, chromium() as browser:
        for round_number in range(REPEAT + 1):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            for seconds in (cold, warm):
                started = time.perf_counter()
                page.goto(address)
                page.wait_for_selector(f"{MAP}[data-drawn]", state="attached")
                if round_number:
                    seconds.append(time.perf_counter() - started)
            context.close()
    return [
        quantiles("map page, 30,000 tumors, new browser", "s", cold),
        quantiles("map page, 30,000 tumors, scripts in its cache", "s", warm),
    ]


def scripts(home: Path) -> list[Measurement]:
    """Time as many scripts as a page begins with, in turns from memory and by Streamlit."""
    found = sorted(Path(get_static_dir(), "static", "js").glob("*.js"))
    names = [file.name for file in found[:: max(1, len(found) // NUM_SCRIPTS)]]
    ways = {"gzip": "from memory", "identity": "by Streamlit"}
    seconds: dict[str, list[float]] = {encoding: [] for encoding in ways}
    with served(home) as address:
        for round_number in range(REPEAT + 1):
            for encoding, found_seconds in seconds.items():
                started = time.perf_counter()
                _fetch_all(address.removeprefix("http://"), names, encoding)
                if round_number:
                    found_seconds.append(time.perf_counter() - started)
    return [
        quantiles(f"{len(names)} scripts, {ways[encoding]}", "s", found_seconds)
        for encoding, found_seconds in seconds.items()
    ]


def _fetch_all(host: str, names: list[str], encoding: str) -> None:
    shares = [names[start::NUM_CONNECTIONS] for start in range(NUM_CONNECTIONS)]
    with ThreadPoolExecutor(NUM_CONNECTIONS) as pool:
        list(pool.map(lambda share: _fetch(host, share, encoding), shares))


def _fetch(host: str, names: list[str], encoding: str) -> None:
    connection = http.client.HTTPConnection(host)
    for name in names:
        connection.request("GET", f"/static/js/{name}", headers={"Accept-Encoding": encoding})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{name}: the dashboard answered {answer.status}.")
    connection.close()


if __name__ == "__main__":
    main()
