from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dashboard.predicting import installed_heads
from dashboard.service import Service
from engine.errors import WeightsError
from engine.heads import Head, Heads
from tests.dashboard.studies import draw_cohort

CLASSES = ("BRCA", "LUAD", "SKCM")


@pytest.fixture
def with_heads(
    small_model: Path, tmp_path: Path, mapped: Service, monkeypatch: pytest.MonkeyPatch
) -> Service:
    """Return a service on a map whose model has a random head for the cancer type."""
    folder = Path(shutil.copytree(small_model, tmp_path / "with_heads"))
    generator = np.random.default_rng(0)
    head = Head(
        task="cancer_type",
        classes=CLASSES,
        weights=generator.normal(size=(3, 17)).astype(np.float32),
        replicates=generator.normal(size=(5, 3, 17)).astype(np.float16),
    )
    card = {
        "tasks": {"cancer_type": {"classes": CLASSES}},
        "model_digest": mapped.encoder.digest,
    }
    Heads(heads=(head,), card=card).save(folder)
    monkeypatch.setattr("engine.weights.SHIPPED", folder)
    monkeypatch.setattr("engine.embed.SHIPPED", folder)
    return Service(mapped.home)


def _predictions(service: Service, study_id: str) -> pa.Table:
    with service.store.read() as reader:
        return reader.predictions(service.encoder.digest, [study_id])


def test_without_heads_nothing_is_predicted(mapped: Service) -> None:
    assert installed_heads(mapped.encoder.digest) is None
    assert mapped.embed().num_predicted == 0
    assert mapped.placer().place(draw_cohort("new", 3))[0].predictions == ()


def test_heads_of_another_encoder_are_refused(with_heads: Service) -> None:
    with pytest.raises(WeightsError, match=r"The heads were fitted on the model .* Reinstall"):
        installed_heads("f" * 64)


def test_every_embedded_tumor_is_predicted_once(with_heads: Service) -> None:
    assert with_heads.embed().num_predicted == 60
    table = _predictions(with_heads, "first")
    assert table.num_rows == 180
    sums = table.group_by("sample_id").aggregate([("probability", "sum")])
    assert np.allclose(sums["probability_sum"].to_numpy(), 1, atol=1e-6)
    assert pc.all(pc.less_equal(table["lower"], table["upper"])).as_py()
    assert with_heads.embed().num_predicted == 0


def test_a_strange_tumor_is_flagged_until_the_map_knows_it(
    with_heads: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.placement.OodReference.threshold", -1.0)
    with_heads.import_cohort(draw_cohort("second", 5, seed=3, prefix="S"))
    assert with_heads.embed(["second"]).num_predicted == 5
    assert set(_predictions(with_heads, "second")["flag"].to_pylist()) == {"out_of_distribution"}
    with_heads.layout()
    assert "out_of_distribution" not in _predictions(with_heads, "second")["flag"].to_pylist()


def test_a_placed_tumor_carries_its_predictions(with_heads: Service) -> None:
    with_heads.embed()
    [*_, last] = with_heads.placer().place(draw_cohort("first", 60))
    assert [prediction.class_name for prediction in last.predictions] == list(CLASSES)
    stored = _predictions(with_heads, "first").filter(pc.field("sample_id") == last.sample_id)
    told = {row["class"]: row["probability"] for row in stored.to_pylist()}
    for prediction in last.predictions:
        assert prediction.probability == pytest.approx(told[prediction.class_name], abs=1e-6)


def test_predictions_are_exported_in_long_form(with_heads: Service, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with_heads.embed()
    with_heads.export("first", tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "predictions.parquet")
    assert table.num_rows == 180
    assert set(table["class"].to_pylist()) == set(CLASSES)
