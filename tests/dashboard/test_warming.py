from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dashboard import explanation_resources, warming
from dashboard.errors import NoMapError
from dashboard.resources import Published

PATIENCE_SECONDS = 20.0


@pytest.fixture(autouse=True)
def imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is imported instead of importing it."""
    names: list[str] = []
    monkeypatch.setattr(warming, "import_module", names.append)
    monkeypatch.setattr(warming, "freeze_loaded", lambda: None)
    return names


def test_the_model_is_loaded_once_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, imported: list[str]
) -> None:
    go, loaded = threading.Event(), []

    def load(key: Published) -> None:
        assert go.wait(PATIENCE_SECONDS)
        loaded.append(key)

    monkeypatch.setattr(explanation_resources, "load_explainer", load)
    key = Published(tmp_path, 1)
    loading = warming.begin(key)
    assert warming.begin(key) is loading
    assert not loading.done()
    go.set()
    assert loading.result(PATIENCE_SECONDS) is None
    assert loaded == [key]
    assert imported == list(warming.SLOW)


def test_what_cannot_be_loaded_is_told_to_who_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(key: Published) -> None:
        raise NoMapError("There is no map.")

    monkeypatch.setattr(explanation_resources, "load_explainer", refuse)
    loading = warming.begin(Published(tmp_path, 2))
    assert isinstance(loading.exception(PATIENCE_SECONDS), NoMapError)
