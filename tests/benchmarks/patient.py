"""A patient's file from the drop to the explanation, and a report from the press to the PDF.

Run: `python -m tests.benchmarks.patient [HOME]`. In a browser that knows nothing, on the bundled
cohort of 3,600 tumors, which is built first unless HOME holds it. Browser and server share the
cores. Writes results/patient.csv.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from dashboard.service import Service
from tests.benchmarks.harness import load, quantiles, show, write_results
from tests.browser.driving import TOUR_SEEN, chromium, served, settle
from tests.browser.patient_files import FILES

NUM_SERVERS, NUM_VISITORS = 3, 3
PATIENCE_MS = 60_000
FIRST, LATER = "first visitor of a server", "later ones"
NAMES = (
    "a MAF dropped, to placed",
    "a MAF dropped, to explained",
    "a report of a stored tumor, press to PDF",
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)
        outcome = Service(home).demo()
        maf = Path(name) / "case.maf"
        maf.write_text(FILES["case.maf"], encoding="utf-8")
        with chromium() as browser:
            visits = [
                [(drop(browser, address, maf), report(browser, address)) for _ in range(visitors)]
                for address, visitors in servers(home)
            ]
    note = f"{outcome.num_tumors:,} tumors on the map; {load()}"
    first, later = [visit[0] for visit in visits], [one for visit in visits for one in visit[1:]]
    reports = {FIRST: first_reports(home), LATER: [pdf for _, pdf in (*first, *later)]}
    rows = [
        quantiles(f"{NAMES[place]}, {whose}", "s", [times[place] for times, _ in told], note=note)
        for whose, told in ((FIRST, first), (LATER, later))
        for place in (0, 1)
    ]
    rows += [
        quantiles(f"{NAMES[2]}, {whose}", "s", seconds, note=note)
        for whose, seconds in reports.items()
    ]
    show(rows)
    print(write_results("patient", rows))


def servers(home: Path) -> Iterator[tuple[str, int]]:
    """Serve a home anew for each round."""
    for _ in range(NUM_SERVERS):
        with served(home) as address:
            yield address, 1 + NUM_VISITORS


def drop(browser: Browser, address: str, maf: Path) -> tuple[float, float]:
    """Drop a file as soon as there is a place for it; seconds to placed and to explained."""
    with visitor(browser) as page:
        page.goto(f"{address}/patient?source=Upload+a+file")
        expect(page.get_by_text("Drop one patient's file")).to_be_visible(timeout=PATIENCE_MS)
        started = time.perf_counter()
        page.locator('input[type="file"]').set_input_files(maf)
        page.wait_for_selector(".st-key-patient_map [data-drawn]", state="attached")
        placed = time.perf_counter() - started
        bars = page.locator(".st-key-why_bars .js-plotly-plot .point")
        expect(bars.nth(1)).to_be_visible(timeout=PATIENCE_MS)
        return placed, time.perf_counter() - started


def report(browser: Browser, address: str) -> float:
    """Press Report and PDF as soon as the page of a stored tumor is whole; seconds to the file."""
    with visitor(browser) as page:
        page.goto(f"{address}/patient?sample=synthetic_demo/SYN-0100")
        button = page.get_by_role("button", name="Report", exact=True)
        expect(button).to_be_visible(timeout=PATIENCE_MS)
        settle(page)
        started = time.perf_counter()
        button.click()
        with page.expect_download(timeout=PATIENCE_MS) as found:
            page.locator(".st-key-report_pdf button").first.click()
        assert found.value.path().read_bytes().startswith(b"%PDF")
        return time.perf_counter() - started


def first_reports(home: Path) -> list[float]:
    """Take a report from servers that have loaded no model before the page is opened."""
    with chromium() as browser:
        return [report(browser, address) for address, _ in servers(home)]


@contextmanager
def visitor(browser: Browser) -> Iterator[Page]:
    """Open a window of somebody who was never here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(TOUR_SEEN)
    yield context.new_page()
    context.close()


if __name__ == "__main__":
    main()
