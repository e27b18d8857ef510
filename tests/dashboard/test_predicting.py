from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dashboard.service import Service
from engine.heads import Head, Heads
from engine.predictor import Predictor
from engine.weights import seal
from tests.dashboard.studies import draw_cohort
from tests.engine.cohorts import random_tables

CLASSES = ("BRCA", "LUAD", "SKCM")


@pytest.fixture
def with_heads(
    small_model: Path, tmp_path: Path, mapped: Service, monkeypatch: pytest.MonkeyPatch
) -> Service:
    """Return a service on a map whose model has a random head for the cancer type."""
    folder = Path(shutil.copytree(small_model, tmp_path / "with_heads"))
    generator = np.random.default_rng(0)
    width = mapped.encoder.read(mapped.encoder.tokenize(random_tables(1))).frozen.shape[1]
    head = Head(
        task="cancer_type",
        classes=CLASSES,
        reads="frozen",
        weights=generator.normal(size=(3, width + 1)).astype(np.float32),
        replicates=generator.normal(size=(5, 3, width + 1)).astype(np.float16),
    )
    card = {"tasks": {"cancer_type": {"classes": CLASSES, "reads": "frozen"}}}
    Heads(heads=(head,), card=card).save(folder)
    seal(folder)
    monkeypatch.setattr("engine.weights.SHIPPED", folder)
    monkeypatch.setattr("engine.embed.SHIPPED", folder)
    service = Service(mapped.home)
    service.embed()
    service.layout()
    return service


def _predictions(service: Service, study_id: str) -> pa.Table:
    with service.store.read() as reader:
        return reader.predictions(service.encoder.digest, [study_id])


def test_without_heads_nothing_is_predicted(mapped: Service) -> None:
    assert Predictor.installed(mapped.encoder) is None
    assert mapped.embed().num_predicted == 0
    assert mapped.placer().place(draw_cohort("new", 3))[0].predictions == ()


def test_every_embedded_tumor_is_predicted_once(with_heads: Service) -> None:
    table = _predictions(with_heads, "first")
    assert table.num_rows == 180
    sums = table.group_by("sample_id").aggregate([("probability", "sum")])
    assert np.allclose(sums["probability_sum"].to_numpy(), 1, atol=1e-6)
    assert pc.all(pc.less_equal(table["lower"], table["upper"])).as_py()
    assert with_heads.embed().num_predicted == 0


def test_a_placed_tumor_carries_its_predictions(with_heads: Service) -> None:
    [*_, last] = with_heads.placer().place(draw_cohort("first", 60))
    assert [prediction.class_name for prediction in last.predictions] == list(CLASSES)
    stored = _predictions(with_heads, "first").filter(pc.field("sample_id") == last.sample_id)
    told = {row["class"]: row["probability"] for row in stored.to_pylist()}
    for prediction in last.predictions:
        assert prediction.probability == pytest.approx(told[prediction.class_name], abs=1e-6)


def test_predictions_are_exported_in_long_form(with_heads: Service, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with_heads.export("first", tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "predictions.parquet")
    assert table.num_rows == 180
    assert set(table["class"].to_pylist()) == set(CLASSES)
