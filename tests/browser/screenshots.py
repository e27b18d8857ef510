"""`make screenshots`: the README's pictures, from the running app on the bundled cohort.

Run: `python -m tests.browser.screenshots [FOLDER [VIEW ...]]`; every view into
tests/browser/gallery by default. Every picture shows synthetic tumors.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from PIL import Image
from playwright.sync_api import Browser, Page

from dashboard.report_formats import Wanted
from dashboard.report_forms import draw_case
from dashboard.report_making import report_stored
from dashboard.report_pdf import to_png
from dashboard.service import Service
from dashboard.workspace import Workspace
from tests.browser.driving import (
    MAP,
    TOUR_SEEN,
    chromium,
    lasso,
    served,
    settle,
    summary,
    wait_for_map,
)

GALLERY = Path(__file__).parent / "gallery"
SIZES = {"desktop": (1440, 900), "projector": (1920, 1080)}
THEMES = ("light", "dark")
DESKTOP, PROJECTOR = SIZES
LIGHT, DARK = THEMES
STUDY, SAMPLE = "synthetic_demo", "SYN-0006"
CASES = (SAMPLE, "SYN-0012", "SYN-0031")


def open_map(query: str = "") -> Callable[[Page, str], None]:
    """Return what opens the map in a state."""

    def show(page: Page, address: str) -> None:
        page.goto(f"{address}/{query}")
        wait_for_map(page)

    return show


def select(page: Page, address: str) -> None:
    """Open the map and draw a lasso."""
    open_map()(page, address)
    lasso(page, [(0.2, 0.55), (0.5, 0.5), (0.55, 0.95), (0.2, 0.95)])
    summary(page).wait_for()
    settle(page)


def patient(page: Page, address: str) -> None:
    """Open a tumor."""
    page.goto(f"{address}/patient?sample={STUDY}/{SAMPLE}")
    page.wait_for_selector(".st-key-patient_map [data-drawn]", state="attached")
    page.wait_for_selector(".st-key-patient_composition .bars", state="attached")
    settle(page)


def meeting(page: Page, address: str) -> None:
    """Begin the meeting that was prepared."""
    page.goto(f"{address}/board")
    page.get_by_role("button", name="Start the meeting").click()
    page.wait_for_selector(f".st-key-patient_map {MAP}[data-drawn]", state="attached")
    settle(page)


def compare(page: Page, address: str) -> None:
    """Compare survival by a pair of genes."""
    page.goto(f"{address}/compare?groups=Pair&compare_a=KRAS&compare_b=TP53")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    settle(page)


def open_page(name: str) -> Callable[[Page, str], None]:
    """Return what opens a page."""

    def show(page: Page, address: str) -> None:
        page.goto(f"{address}/{name}")
        page.wait_for_selector("h1")
        settle(page)

    return show


VIEWS: dict[str, Callable[[Page, str], None]] = {
    "map": open_map(),
    "map-split": open_map("?maps=2&gene2=TP53"),
    "map-gene": open_map("?by=Gene&gene=TP53"),
    "map-pair": open_map("?by=Two+genes&gene=KRAS&gene_b=TP53"),
    "map-number": open_map("?by=Number"),
    "map-selection": select,
    "patient": patient,
    "compare": compare,
    "board": meeting,
    "biomarkers": open_page("biomarkers"),
    "data": open_page("data"),
    "model": open_page("model"),
}
LOOKS = {
    "map": ((DESKTOP, LIGHT), (DESKTOP, DARK)),
    "map-pair": ((DESKTOP, DARK),),
    "board": ((PROJECTOR, LIGHT),),
    "biomarkers": ((DESKTOP, DARK),),
}
"""Sizes and appearances in which a view is taken."""

USUAL = ((DESKTOP, LIGHT),)
"""That of a view that is not named there."""

MOST_BYTES = 300_000
"""Bytes of a picture above which its colors are counted."""

REPORT = "report"
"""The view that no browser shows: the page of the PDF."""


def main() -> None:
    """Take every view, or those that are named, each in its sizes and appearances."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tumorxy-gallery-") as name:
        home = Path(name) / "home"
        print("Building the map of the bundled cohort ...", flush=True)
        Service(home).demo()
        take(home, folder, sys.argv[2:] or [*VIEWS, REPORT])


def take(home: Path, folder: Path, views: list[str]) -> None:
    """Take views of a home with the bundled cohort.

    Args:
        home: The home; a meeting is prepared in it.
        folder: Where the pictures go.
        views: Names of `VIEWS`, and `REPORT`.
    """
    _prepare_meeting(home)
    if REPORT in views:
        _draw_report(home, folder)
    shown = [view for view in views if view != REPORT]
    with served(home) as address, chromium() as browser:
        for look in itertools.product(SIZES, THEMES):
            due = [view for view in shown if look in LOOKS.get(view, USUAL)]
            _take(browser, address, folder, look, due)


def _prepare_meeting(home: Path) -> None:
    workspace = Workspace(home)
    queue = workspace.create_queue("Tuesday board")
    keys = pa.table({"study_id": [STUDY] * len(CASES), "sample_id": list(CASES)})
    workspace.add_cases(queue, keys)


def _draw_report(home: Path, folder: Path) -> None:
    made = report_stored(Service(home), (STUDY, SAMPLE), Wanted(pseudonym="Case 1"))
    (picture,) = to_png(made.report, draw_case(made.data, made.case))
    path = folder / f"{REPORT}.png"
    path.write_bytes(picture)
    _finish(path)


def _take(
    browser: Browser, address: str, folder: Path, look: tuple[str, str], views: list[str]
) -> None:
    """Take views in one size and appearance."""
    size, theme = look
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    context.add_init_script(TOUR_SEEN)
    for view in views:
        page = context.new_page()
        page.set_default_timeout(90_000)
        VIEWS[view](page, address)
        page.wait_for_timeout(1500)
        path = folder / f"{view}-{size}-{theme}.png"
        page.screenshot(path=path)
        page.close()
        _finish(path)
    context.close()


def _finish(path: Path) -> None:
    """Pack the picture as tightly as PNG can; a large one keeps its 256 most needed colors."""
    with Image.open(path) as image:
        plain = image.convert("RGB")
    plain.save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        plain.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.name, f"{path.stat().st_size // 1024} KiB", flush=True)


if __name__ == "__main__":
    main()
