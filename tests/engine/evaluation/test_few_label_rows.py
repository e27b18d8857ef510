from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.directions import Directions
from engine.embed import Encoder
from engine.evaluation import few_label_rows as module
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.few_label_rows import AHEAD, FewQuestion, draw, few_label_rows
from engine.evaluation.rows import Row
from engine.progress import no_progress
from engine.training.simple_models import SIMPLE
from tests.engine.evaluation.small import small_cohort, small_model

QUESTION = FewQuestion(task="skin", types=("SKCM", "LUAD"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Ask for melanoma among two types, from 25 labels and from more than there are."""
    cohort = small_cohort()
    encoder, _ = small_model(tmp_path_factory.mktemp("model"), cohort)
    directions = Directions.parse(encoder.contents)
    assert directions is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUESTIONS", (QUESTION, replace(QUESTION, task="unknown")))
        patch.setattr(module, "SIZES", (25, 5000))
        patch.setattr(module, "NUM_DRAWS", 2)
        return few_label_rows(encoder, directions, asked(cohort), no_progress)


def asked(cohort: EvaluationCohort) -> EvaluationCohort:
    skin = ["yes" if name == "SKCM" else "no" for name in cohort.cancer_types]
    return replace(cohort, labels=dict(cohort.labels) | {"skin": skin})


def test_each_size_that_there_are_labels_for_has_a_row(rows: list[Row]) -> None:
    (row,) = rows
    assert (row.task, row.view, row.part) == ("skin", "mutations only", "test")
    assert row.metric == "AUROC, 25 labels"
    assert set(row.baselines) == set(SIMPLE)


def test_only_tumors_of_the_types_and_the_part_are_measured(rows: list[Row]) -> None:
    cohort = small_cohort()
    concerned = np.isin(cohort.cancer_types, QUESTION.types) & (cohort.parts == "test")
    assert rows[0].num_tumors == int(concerned.sum())


def test_the_aim_is_above_the_best_simple_model(rows: list[Row]) -> None:
    (row,) = rows
    best = max(told.value for told in row.baselines.values())
    assert row.reach == pytest.approx(min(best + AHEAD, 1.0))
    assert row.difference is not None
    assert row.difference.value == pytest.approx(row.ours.value - best)
    assert row.ours.value > 0.8


def test_a_draw_holds_enough_of_each_class_and_nobody_else() -> None:
    truth = np.array([1] * 6 + [0] * 94)
    pool = np.arange(0, 100, 2)
    generator = np.random.default_rng(0)
    for _ in range(20):
        chosen = draw(truth, pool, 40, generator)
        assert np.isin(chosen, pool).all()
        assert len(set(chosen.tolist())) == 40
        assert truth[chosen].sum() >= 3


def test_copy_number_is_hidden_unless_it_is_asked_for(tmp_path: Path) -> None:
    cohort = asked(small_cohort())
    encoder: Encoder = small_model(tmp_path, cohort)[0]
    directions = Directions.parse(encoder.contents)
    assert directions is not None
    told = [
        module._material(
            encoder, directions, cohort, replace(QUESTION, with_copy_number=seen), "test"
        )
        for seen in (False, True)
    ]
    assert not told[0].blocks["copy levels"].any()
    assert told[1].blocks["copy levels"].any()
    assert not np.array_equal(told[0].blocks["embedding"], told[1].blocks["embedding"])
    assert not set(told[0].pool) & set(told[0].measured)
