"""`make screenshots`: the README's pictures, from the running app on the bundled cohort.

Run: `python -m tests.browser.screenshots [FOLDER]`; tests/browser/gallery by default. Every picture
shows synthetic tumors.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from dashboard.service import Service
from tests.browser.driving import TOUR_SEEN, chromium, lasso, served, settle, summary, wait_for_map

GALLERY = Path(__file__).parent / "gallery"
SIZES = {"desktop": (1440, 900), "projector": (1920, 1080)}
THEMES = ("light", "dark")
SAMPLE = "synthetic_demo/SYN-0006"


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
    page.goto(f"{address}/patient?sample={SAMPLE}")
    page.wait_for_selector(".st-key-patient_map .gl-canvas", state="attached")
    page.wait_for_selector(".st-key-patient_composition .bars", state="attached")
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
    "map-gene": open_map("?by=Gene&gene=TP53"),
    "map-number": open_map("?by=Number"),
    "map-selection": select,
    "patient": patient,
    "biomarkers": open_page("biomarkers"),
    "data": open_page("data"),
    "model": open_page("model"),
}
ONCE = {"map-gene", "map-number", "map-selection"}
"""Views taken in one size and appearance only."""


def main() -> None:
    """Take every view in every size and appearance."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tumorxy-gallery-") as name:
        home = Path(name) / "home"
        print("Building the map of the bundled cohort ...", flush=True)
        Service(home).demo()
        with served(home) as address, chromium() as browser:
            for size in SIZES:
                for theme in THEMES:
                    _take(browser, address, folder, size, theme)


def _take(browser: Browser, address: str, folder: Path, size: str, theme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    context.add_init_script(TOUR_SEEN)
    for view, show in VIEWS.items():
        if view in ONCE and (size, theme) != ("desktop", "light"):
            continue
        page = context.new_page()
        page.set_default_timeout(90_000)
        show(page, address)
        page.wait_for_timeout(1500)
        path = folder / f"{view}-{size}-{theme}.png"
        page.screenshot(path=path)
        page.close()
        _shrink(path)
        print(path.name, f"{path.stat().st_size // 1024} KiB", flush=True)
    context.close()


def _shrink(path: Path) -> None:
    """Pack the picture as tightly as PNG can; its colors stay what they are."""
    with Image.open(path) as image:
        plain = image.convert("RGB")
    plain.save(path, optimize=True)


if __name__ == "__main__":
    main()
