from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from cache.schema import PREDICTIONS
from cache.store import Store
from dashboard import explain_all as module
from dashboard.errors import ExplainError, NothingToDoError
from dashboard.explain_all import explain_all
from dashboard.explanations import GRADIENTS, Asked, MethodTold
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort
from tests.dashboard.explained import a_method

STUDY = "synthetic_demo"
FLAGS = ("ok", "uncertain", "panel_too_small", "ok", "ok")


class StoppedError(Exception):
    """What ends the work from outside."""


class FakeService:
    """A store, and a model that explains everything alike."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.model_digest = store, MODEL_DIGEST
        self.heads = SimpleNamespace(folder=folder)
        self.asked: list[str] = []

    def placer(self) -> Any:
        return self


class FakeExplainer:
    """Explains what `tokenize` passed on."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        tokenize = SimpleNamespace(tokenize=FakeTokens.of)
        self.placer = SimpleNamespace(encoder=tokenize)

    def attribute(self, tokens: FakeTokens, asked: Asked) -> MethodTold:
        self._service.asked.append(tokens.sample_ids[0])
        return a_method(GRADIENTS)


class FakeTokens:
    """Names of tumors."""

    def __init__(self, names: list[str]) -> None:
        self.sample_ids = names

    @classmethod
    def of(cls, tables: Any) -> FakeTokens:
        return cls(tables.samples["sample_id"].to_pylist())

    def take(self, rows: Any) -> FakeTokens:
        return FakeTokens([self.sample_ids[i] for i in rows])


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeService:
    store = build_home(tmp_path, [draw_cohort(STUDY, 20)])
    told = [
        {"study_id": STUDY, "sample_id": f"SYNT-{i:05d}", "task": "msi", "class": name}
        | {"probability": p, "lower": p, "upper": p, "flag": flag}
        for i, flag in enumerate(FLAGS)
        for name, p in (("high", 0.9), ("stable", 0.1))
    ]
    with store.write() as writer:
        writer.add_predictions(MODEL_DIGEST, pa.Table.from_pylist(told, schema=PREDICTIONS))
    monkeypatch.setattr(module.Explainer, "of", FakeExplainer)
    return FakeService(store, tmp_path / "heads")


def test_what_may_be_read_is_explained_once(service: Any) -> None:
    told = explain_all(service, "msi")
    assert (told.num_tumors, told.num_explained, told.num_reused) == (4, 4, 0)
    assert service.asked == ["SYNT-00000", "SYNT-00001", "SYNT-00003", "SYNT-00004"]
    again = explain_all(service, "msi")
    assert (again.num_explained, again.num_reused) == (0, 4)
    assert len(service.asked) == 4
    with service.store.read() as reader:
        assert reader.attributions(MODEL_DIGEST, STUDY, "SYNT-00003")["class"].to_pylist() == [
            "high"
        ]


def test_a_tumor_without_alterations_is_not_counted_as_explained(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeExplainer, "attribute", lambda *_: None)
    told = explain_all(service, "msi")
    assert (told.num_tumors, told.num_explained, told.num_reused) == (4, 0, 0)


def test_stopped_work_goes_on_where_it_was_published(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUBLISH_EVERY_SECONDS", -1.0)

    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        explain_all(service, "msi", progress=stop)
    service.asked.clear()
    told = explain_all(service, "msi")
    assert (told.num_explained, told.num_reused) == (2, 2)
    assert service.asked == ["SYNT-00003", "SYNT-00004"]


def test_what_cannot_be_explained_is_told(service: Any, tmp_path: Path) -> None:
    with pytest.raises(ExplainError, match="may be interpreted is predicted of 'hpv'"):
        explain_all(service, "hpv")
    empty: Any = FakeService(Store(tmp_path / "empty"), tmp_path)
    with pytest.raises(NothingToDoError, match="none is imported"):
        explain_all(empty, "msi")
