from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import warming
from tests.app.pages import APP, Open
from tests.app.small_home import build_home, draw_cohort


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a synthetic and another study, and a map of both."""
    home = tmp_path_factory.mktemp("home")
    build_home(
        home,
        [draw_cohort("synthetic_demo", 60), draw_cohort("other", 30, synthetic=False, seed=1)],
    )
    return home


@pytest.fixture(autouse=True)
def _nothing_beside_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no model in the background: the homes of these tests are of an invented one."""
    monkeypatch.setattr(warming, "begin", lambda _key: None)


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens a page of the app on a home."""

    def open_it(home: Path, page: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("TUMORXY_HOME", str(home))
        app = AppTest.from_file(APP, default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(f"app_pages/{page}.py").run() if page else app

    return open_it
