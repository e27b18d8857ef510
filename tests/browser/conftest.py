from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.small_home import build_home, draw_cohort
from tests.browser.driving import CHROMIUM, TOUR_SEEN, chromium, served
from tests.browser.modeled import Modeled, modeled_map

HERE = Path(__file__).parent
SHARED = ("modeled", "home")
"""Fixtures that take long and that tests of several files use."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and keep on one worker those that share a server."""
    for item in items:
        if HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.slow)
        assert isinstance(item, pytest.Function)
        shared = next((name for name in SHARED if name in item.fixturenames), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(f"browser-{shared}"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not here: install Debian's chromium")
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two drawn studies and a map of them."""
    folder = tmp_path_factory.mktemp("home")
    build_home(
        folder,
        [draw_cohort("synthetic_demo", 600), draw_cohort("other", 200, synthetic=False, seed=1)],
    )
    return folder


@pytest.fixture(scope="session")
def address(home: Path) -> Iterator[str]:
    """Address of a dashboard of that store."""
    with served(home) as url:
        yield url


@pytest.fixture(scope="session")
def modeled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modeled]:
    """A dashboard of a map that the shipped model made."""
    with modeled_map(tmp_path_factory.mktemp("modeled")) as found:
        yield found


@pytest.fixture
def requests() -> list[str]:
    """Addresses that the page asked for, filled by `page`."""
    return []


@pytest.fixture
def page(browser: Browser, requests: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(TOUR_SEEN)
    found = context.new_page()
    found.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    found.on("request", lambda request: requests.append(request.url))
    yield found
    context.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Folder for files that a test uploads."""
    return tmp_path
