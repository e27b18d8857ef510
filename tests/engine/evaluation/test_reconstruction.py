from __future__ import annotations

from pathlib import Path

import pytest

from engine.evaluation.reconstruction import LINEAR, dataset_of, reconstruction_rows
from engine.progress import no_progress
from engine.weights import load_model
from tests.engine.evaluation.small import small_cohort, small_model


@pytest.mark.slow
def test_a_random_encoder_reconstructs_worse_than_the_linear_model(tmp_path: Path) -> None:
    cohort = small_cohort()
    small_model(tmp_path, cohort)
    rows = reconstruction_rows(load_model(tmp_path).model, dataset_of(cohort), no_progress)
    by_metric = {row.metric: row for row in rows}
    auroc = by_metric["AUROC"]
    assert auroc.best_baseline is not None
    assert auroc.difference is not None
    assert auroc.difference.value < 0
    assert auroc.baselines[LINEAR].low is not None
    assert auroc.baselines[LINEAR].low <= auroc.baselines[LINEAR].value
    assert 0 < auroc.num_tumors <= int((cohort.parts == "test").sum())
    assert auroc.note == by_metric["average precision"].note
