from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.errors import NoMapError, SourceNotFoundError
from dashboard.rows import points_of
from dashboard.service import Service
from engine.readers.options import ReadOptions
from tests.dashboard.studies import draw_cohort, save_small_model, write_maf


def _coordinates(service: Service) -> dict[str, tuple[float, float, bool]]:
    with service.store.read() as reader:
        layout = reader.layout()
        rows = reader.coordinates(layout["layout_id"]).to_pylist()
    return {row["sample_id"]: (row["x"], row["y"], row["placed"]) for row in rows}


def test_a_tumor_of_the_map_is_placed_on_its_own_point(mapped: Service) -> None:
    expected = _coordinates(mapped)
    tumors = mapped.placer().place(draw_cohort("first", 60))
    assert len(tumors) == 60
    for tumor in tumors:
        x, y, _ = expected[tumor.sample_id]
        assert (tumor.x, tumor.y) == (pytest.approx(x), pytest.approx(y))
        assert tumor.neighbors[0].distance <= 1e-5


def test_a_placed_tumor_says_what_lies_around_it(mapped: Service) -> None:
    [first, *_] = mapped.placer().place(draw_cohort("new", 5, seed=3, prefix="N"))
    assert len(first.neighbors) == 15
    distances = [neighbor.distance for neighbor in first.neighbors]
    assert distances == sorted(distances)
    assert {neighbor.study_id for neighbor in first.neighbors} == {"first"}
    assert {neighbor.cancer_type for neighbor in first.neighbors} <= {"Lung", "Breast", "Skin"}
    assert 0 <= first.agreement <= 1
    assert 0 <= first.ood_score <= 1
    assert first.num_alterations >= first.num_tokens > 0


def test_a_tumor_is_placed_the_same_alone_and_among_others(mapped: Service) -> None:
    placer = mapped.placer()
    together = placer.place(draw_cohort("new", 20, seed=3, prefix="N"))
    cohort = draw_cohort("new", 20, seed=3, prefix="N")
    chosen = cohort.samples.slice(4, 1)
    alone = placer.place(type(cohort)(**{**vars(cohort), "samples": chosen}))
    assert (alone[0].x, alone[0].y) == (together[4].x, together[4].y)
    assert alone[0].ood_score == together[4].ood_score


def test_a_tumor_without_alterations_is_placed(mapped: Service) -> None:
    tumors = mapped.placer().place(draw_cohort("new", 5, seed=3, prefix="N"))
    assert tumors[2].num_alterations == 0
    assert np.isfinite([tumors[2].x, tumors[2].y]).all()


def test_without_a_map_nothing_can_be_placed(service: Service, with_study: Service) -> None:
    with pytest.raises(NoMapError, match="There is no map yet"):
        with_study.placer()


def test_an_empty_store_has_no_map(service: Service) -> None:
    with pytest.raises(NoMapError, match="There is no map yet"):
        service.placer()


def test_a_map_of_another_model_is_not_used(
    mapped: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_small_model(tmp_path / "other", seed=1)
    monkeypatch.setattr("engine.embed.SHIPPED", tmp_path / "other")
    with pytest.raises(NoMapError, match=r"was made with the model .* Run `tumorxy embed`"):
        Service(mapped.home).placer()


def test_new_embeddings_are_placed_on_the_current_map(mapped: Service) -> None:
    before = _coordinates(mapped)
    mapped.import_cohort(draw_cohort("second", 12, seed=4, prefix="S"))
    assert mapped.embed().num_placed == 12
    after = _coordinates(mapped)
    assert {name: after[name] for name in before} == before
    assert all(after[f"S{i:04d}"][2] for i in range(12))
    assert mapped.embed().num_placed == 0


def test_placing_a_file_stores_nothing(mapped: Service, tmp_path: Path) -> None:
    path = write_maf(tmp_path / "patient.maf", draw_cohort("new", 3, seed=6, prefix="P"))
    before = mapped.store.snapshot()
    outcome = mapped.place(path, ReadOptions(genome="GRCh37"))
    assert mapped.store.snapshot() == before
    assert outcome.saved_as is None
    assert outcome.layout == "main"
    assert "95th percentile" in outcome.rule
    assert "The map holds synthetic tumors (first), which are nobody." in outcome.notes
    assert outcome.files["lines_read"].to_pylist()[0] > 0


def test_placing_with_save_stores_a_study_with_its_points(mapped: Service, tmp_path: Path) -> None:
    path = write_maf(tmp_path / "patient.maf", draw_cohort("new", 4, seed=6, prefix="P"))
    outcome = mapped.place(path, ReadOptions(genome="GRCh37"), save=True)
    assert outcome.saved_as == "patient"
    stored = _coordinates(mapped)
    for tumor in outcome.tumors:
        assert stored[tumor.sample_id] == (pytest.approx(tumor.x), pytest.approx(tumor.y), True)


def test_a_missing_file_is_told_before_anything_is_loaded(service: Service) -> None:
    with pytest.raises(SourceNotFoundError, match=r"no file or folder 'a\.maf'"):
        service.place(Path("/no/such/a.maf"), ReadOptions())


def test_points_are_stored_as_they_were_fitted(mapped: Service) -> None:
    with mapped.store.read() as reader:
        table = reader.coordinates(reader.layout()["layout_id"])
    assert np.isfinite(points_of(table)).all()
    assert table["placed"].to_pylist() == [False] * 60
