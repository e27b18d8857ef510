from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cache.schema import PREDICTIONS
from cache.store import Store
from dashboard.errors import ExplainError, NothingToDoError
from dashboard.explain_verb import choose_asked, explain_stored, find_stored
from dashboard.explaining import Explainer, tables_of_sample
from dashboard.explanations import GRADIENTS, SHAPLEY, Asked, from_rows, to_rows
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort
from tests.dashboard.explained import ASKED, an_explanation

TUMOR = ("synthetic_demo", "SYNT-00007")
TOLD = (
    ("msi", "stable", 0.9, "ok"),
    ("msi", "high", 0.1, "ok"),
    ("pam50", "", None, "not_applicable"),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store with two studies and predictions of one tumor."""
    cohorts = [draw_cohort("synthetic_demo", 20), draw_cohort("other", 10, seed=1)]
    store = build_home(tmp_path, cohorts)
    rows = [
        {
            "study_id": TUMOR[0],
            "sample_id": TUMOR[1],
            "task": task,
            "class": name,
            "probability": probability,
            "flag": flag,
        }
        for task, name, probability, flag in TOLD
    ]
    with store.write() as writer:
        writer.add_predictions(MODEL_DIGEST, pa.Table.from_pylist(rows, schema=PREDICTIONS))
    return store


class FakeService:
    """A store, and a model that must not be asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.model_digest = MODEL_DIGEST

    def placer(self) -> Any:
        raise AssertionError("the model was loaded")


def test_what_is_stored_is_not_computed_again(store: Store) -> None:
    told = an_explanation()
    with store.write() as writer:
        writer.add_attributions(MODEL_DIGEST, to_rows(*TUMOR, told))
    assert explain_stored(FakeService(store), TUMOR, ASKED) == told  # type: ignore[arg-type]


def test_gradients_alone_are_read_but_are_no_whole_explanation(store: Store) -> None:
    whole = an_explanation()
    alone = replace(whole, methods=(whole.by(GRADIENTS),), pairs=None)
    with store.write() as writer:
        writer.add_attributions(MODEL_DIGEST, to_rows(*TUMOR, alone))
    with store.read() as reader:
        assert from_rows(reader.attributions(MODEL_DIGEST, *TUMOR), ASKED) == alone
    with pytest.raises(AssertionError, match="the model was loaded"):
        explain_stored(FakeService(store), TUMOR, ASKED)  # type: ignore[arg-type]


def test_a_head_of_the_user_is_asked_by_its_version(store: Store) -> None:
    with store.read() as reader:
        asked = choose_asked(reader, MODEL_DIGEST, TUMOR, "msi", None, {"msi": "12ab"})
    assert asked.class_name == "stable@12ab"
    assert Asked(task="mine", class_name="a@b@12ab").name == "a@b"
    assert Asked(task="msi", class_name="high").name == "high"


def test_a_tumor_is_found_by_its_name(store: Store) -> None:
    assert find_stored(store, "SYNT-00007", None) == TUMOR
    with pytest.raises(ExplainError, match="No imported study has a tumor 'X'"):
        find_stored(store, "X", None)
    with store.read() as reader, pytest.raises(ExplainError, match="has no tumor 'X'"):
        tables_of_sample(reader, "synthetic_demo", "X")


def test_an_empty_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="none is imported"):
        find_stored(Store(tmp_path / "empty"), "X", None)


@pytest.mark.parametrize(
    ("task", "wanted", "message"),
    [
        ("hpv", None, "Nothing is predicted of 'hpv'"),
        ("pam50", None, "must not be interpreted: not applicable"),
        ("msi", "low", "msi has no class 'low'. Choose one of stable, high"),
    ],
)
def test_what_cannot_be_explained_is_told(
    store: Store, task: str, wanted: str | None, message: str
) -> None:
    with store.read() as reader, pytest.raises(ExplainError, match=message):
        choose_asked(reader, MODEL_DIGEST, TUMOR, task, wanted)


def test_the_likeliest_class_is_explained(store: Store) -> None:
    with store.read() as reader:
        assert choose_asked(reader, MODEL_DIGEST, TUMOR, "msi", None).class_name == "stable"
        assert choose_asked(reader, MODEL_DIGEST, TUMOR, "msi", "high").class_name == "high"


def test_a_real_tumor_is_explained_by_every_method() -> None:
    pytest.importorskip("captum")
    explainer, tokens = shipped()
    name = explainer.placer.predictor.heads.heads[0].classes[0]
    told = explainer.explain(tokens, Asked(task="cancer_type", class_name=name))
    first = told.by(SHAPLEY)
    total = sum(unit.value for unit in first.units)
    assert total == pytest.approx(first.value - first.baseline_value, abs=1e-4)
    assert {unit.label for unit in first.units} >= {"KRAS missense", "STK11 truncating"}
    for sums in first.rolled.values():
        assert sum(sums.values()) == pytest.approx(total, abs=1e-6)
    assert [p.first for p in told.pairs.pairs] == ["KRAS missense"]
    brief = explainer.explain_briefly(tokens, told.asked)
    assert (brief.methods, brief.pairs) == ((first,), told.pairs)
    with pytest.raises(ExplainError, match="'mine' cannot be explained"):
        explainer.explain(tokens, Asked(task="mine", class_name="yes"))


def shipped() -> tuple[Any, Any]:
    """Return the shipped model without a map, and a tumor with two mutations."""
    from types import SimpleNamespace

    from engine.cohort import ALTERATIONS, SAMPLES
    from engine.embed import Encoder
    from engine.predictor import Predictor
    from engine.tokens import Tables

    encoder = Encoder.load()
    placer = SimpleNamespace(
        encoder=encoder,
        predictor=Predictor.installed(encoder),
        map=SimpleNamespace(reference=None, layout_id=1),
        own=None,
    )
    genes = ("KRAS", "STK11")
    rows = [
        {"sample_id": "T", "hugo_symbol": gene, "kind": kind, "indel_length": 0}
        for gene, kind in zip(genes, ("missense", "truncating"), strict=True)
    ]
    sample = {"sample_id": "T", "patient_id": "P", "mutation_panel": "P1"}
    panel = {"panel_id": ["P1"] * 3, "hugo_symbol": [*genes, "TP53"]}
    tables = Tables(
        genome="GRCh37",
        samples=pa.Table.from_pylist([sample], schema=SAMPLES),
        alterations=pa.Table.from_pylist(rows, schema=ALTERATIONS),
        panels=pa.table(panel),
    )
    return Explainer.of(placer), encoder.tokenize(tables)  # type: ignore[arg-type]
