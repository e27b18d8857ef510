"""Rows on what is flagged, covered, mixed and found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.conformal import ConformalSets
from engine.embed import Encoder
from engine.errors import EvaluationError
from engine.evaluation import mixing_rows, panel_rows
from engine.evaluation.calibration_rows import calibration_rows, reliability_tables
from engine.evaluation.cell_lines import cell_line_tables
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.ood_rows import cell_line_rows, left_out_rows, ood_rows
from engine.heads import Head
from engine.kinds import Kind
from engine.ood import OodDetector
from engine.tokens import concatenate, tokenize
from engine.training.fit_ood import add_detector
from tests.engine.cohorts import alteration, tables, vocabulary
from tests.engine.evaluation.small import small_cohort, small_model


@pytest.fixture(scope="module")
def cohort() -> EvaluationCohort:
    return small_cohort(640)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.fixture(scope="module")
def model(folder: Path, cohort: EvaluationCohort) -> tuple[Encoder, tuple[Head, ...]]:
    _, heads = small_model(folder, cohort)
    types = [str(name) for name in cohort.cancer_types]
    add_detector(folder, cohort.tokens, types, cohort.parts)
    return Encoder.load(folder), heads


def test_false_flags_are_few_and_shuffled_genes_are_flagged_more(
    model: tuple[Encoder, tuple[Head, ...]], cohort: EvaluationCohort
) -> None:
    detector = OodDetector.parse(model[0].contents)
    assert detector is not None
    rows = {row.view: row for row in ood_rows(model[0], detector, cohort)}
    usual, shuffled = rows["as measured"], rows["shuffled genes"]
    assert usual.better == "lower"
    assert usual.ours.value <= 0.15
    assert shuffled.ours.value > usual.ours.value
    assert shuffled.num_tumors <= usual.num_tumors
    assert any(view.startswith("through ") for view in rows)


def test_left_out_types_are_counted_by_type(
    model: tuple[Encoder, tuple[Head, ...]], folder: Path, cohort: EvaluationCohort
) -> None:
    del model
    rows = {row.view: row for row in left_out_rows(folder, cohort, ["SKCM"])}
    number = int(((np.array(cohort.cancer_types) == "SKCM") & (cohort.parts == "test")).sum())
    assert rows["types left out of training"].num_tumors == number
    assert rows["left out: SKCM"].ours.value == rows["types left out of training"].ours.value
    assert rows["types that stayed"].reach == 0.05


def write_lines(directory: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (directory / "cell_lines.tsv").write_text(
        "cell_line\ttissue\tprofiled\nA_LUNG\tLUNG\tTrue\nB_SKIN\tSKIN\tFalse\n"
    )
    (directory / "profiled_genes.txt").write_text("KRAS\nTP53\nEGFR\n")
    altered = {
        "cell_line": ["A_LUNG", "A_LUNG", "B_SKIN"],
        "hugo_symbol": ["KRAS", "EGFR", "TP53"],
        "kind": ["mut", "amp", "del"],
    }
    pq.write_table(pa.table(altered), directory / "cell_line_alterations.parquet")


def test_cell_lines_are_read_and_scored(
    tmp_path: Path, model: tuple[Encoder, tuple[Head, ...]]
) -> None:
    with pytest.raises(EvaluationError, match=r"holds no cell_lines\.tsv"):
        cell_line_tables(tmp_path)
    write_lines(tmp_path)
    study = cell_line_tables(tmp_path)
    assert study.samples["sample_id"].to_pylist() == ["A_LUNG"]
    kinds = study.alterations.select(["hugo_symbol", "kind"]).to_pylist()
    assert [row["kind"] for row in kinds] == [Kind.UNKNOWN, Kind.AMPLIFICATION]
    detector = OodDetector.parse(model[0].contents)
    assert detector is not None
    (row,) = cell_line_rows(model[0], detector, model[0].tokenize(study))
    assert (row.num_tumors, row.view) == (1, "cell lines")


def test_sets_cover_and_reliability_is_tabulated(
    model: tuple[Encoder, tuple[Head, ...]], cohort: EvaluationCohort
) -> None:
    sets = ConformalSets(thresholds={"cancer_type": 0.0})
    (row,) = calibration_rows(*model, sets, cohort)
    assert row.ours.value == 1.0
    assert row.note.startswith("mean set 3.00 classes")
    assert calibration_rows(*model, ConformalSets(thresholds={}), cohort) == []
    table = reliability_tables(*model, cohort)["cancer_type"]
    assert sum(found["num_tumors"] for found in table) == row.num_tumors


def two_studies(num: int = 400) -> EvaluationCohort:
    """Each type has its gene; the second study alone sees TP53."""
    parts = [small_cohort(num), small_cohort(num)]
    rows = [alteration(f"S{i}", "TP53") for i in range(num)]
    marked = tokenize(tables([f"S{i}" for i in range(num)], rows), vocabulary())
    types = [name for part in parts for name in part.cancer_types]
    return EvaluationCohort(
        tokens=concatenate([parts[0].tokens, marked]),
        study_ids=[study for study in mixing_rows.STUDIES for _ in range(num)],
        patient_ids=[f"{study} {i}" for study in "ab" for i in range(num)],
        cancer_types=types,
        labels={},
        attributes={},
    )


def test_a_study_that_shows_is_told(
    model: tuple[Encoder, tuple[Head, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixing_rows, "FEWEST_PER_STUDY", 16)
    rows = mixing_rows.mixing_rows(model[0], two_studies(), part="train")
    by_task = {(row.task, row.view): row for row in rows}
    study = by_task["study told from embedding", "all that was measured"]
    mixed = by_task["studies mixed", "all that was measured"]
    assert study.baselines["raw features"].value > 0.9
    assert study.reach == pytest.approx(study.baselines["raw features"].value - 0.10)
    assert mixed.baselines["raw features"].value < 0.5
    assert len(rows) == 6


def test_studies_without_a_common_type_give_no_rows(
    model: tuple[Encoder, tuple[Head, ...]], cohort: EvaluationCohort
) -> None:
    assert mixing_rows.mixing_rows(model[0], cohort) == []


def test_ranks_count_who_is_nearer() -> None:
    pool = np.eye(4, dtype=np.float32)
    queries = np.array([[0.9, 0.1, 0, 0], [0.6, 0.5, 0.4, 0]], dtype=np.float32)
    assert panel_rows.ranks_of_self(queries, pool, np.array([0, 2])).tolist() == [1, 3]
    same = np.ones((5, 4), dtype=np.float32)
    assert panel_rows.ranks_of_self(same[:1], same, np.array([0])).tolist() == [3]


def test_a_tumor_is_looked_for_through_two_panels(
    model: tuple[Encoder, tuple[Head, ...]],
    cohort: EvaluationCohort,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel_rows, "FEWEST_GENES", 1)
    rows = panel_rows.panel_rows(model[0], cohort)
    assert [row.metric for row in rows] == ["median rank", "median rank"]
    assert all(1 <= row.ours.value <= len(cohort.tokens) for row in rows)
    assert rows[0].note == "among 640 tumors"
