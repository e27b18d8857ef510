from __future__ import annotations

import numpy as np
import pytest

from engine.embed import Encoder
from engine.evaluation.baselines import BURDEN, FOREST, FREQUENCY
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.slices import slice_rows
from engine.evaluation.subtypes import AS_MEASURED, QUESTIONS, among, chosen_rows, subtype_rows
from engine.heads import Head
from engine.progress import no_progress
from tests.engine.evaluation.small import small_cohort, small_model

Model = tuple[Encoder, tuple[Head, ...]]


@pytest.fixture(scope="module")
def cohort() -> EvaluationCohort:
    return small_cohort()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, cohort: EvaluationCohort) -> Model:
    return small_model(tmp_path_factory.mktemp("model"), cohort)


@pytest.mark.slow
def test_each_question_gets_its_rows_on_test_patients(
    cohort: EvaluationCohort, model: Model
) -> None:
    rows = subtype_rows(*model, cohort, no_progress)
    asked = [question for question in QUESTIONS if question.task == "cancer_type"]
    assert len(rows) == sum(len(question.metrics) for question in asked) + 1
    first, *_, calibration = rows
    num_test = int((cohort.parts == "test").sum())
    assert (first.metric, first.part, first.num_tumors) == ("accuracy", "test", num_test)
    assert first.ours.value > 0.8
    assert first.baselines[FREQUENCY].value < 0.5
    assert first.baselines[BURDEN].value < 0.6
    assert first.baselines[FOREST].value > 0.8
    assert first.difference is not None
    assert first.difference.low is not None
    assert first.difference.low <= first.difference.value
    assert (calibration.metric, calibration.better) == ("ECE", "lower")


def test_types_with_few_measured_tumors_are_not_asked_for() -> None:
    few = small_cohort(120)
    [question] = [q for q in QUESTIONS if q.task == "cancer_type" and q.view == AS_MEASURED]
    assert len(chosen_rows(few, question)) < 120


def test_probabilities_are_conditioned_on_the_classes_in_question() -> None:
    told = np.array([[0.5, 0.3, 0.2]], dtype=np.float32)
    shares = among(told, ("A", "B", "C"), ["A", "C"])
    np.testing.assert_allclose(shares, [[5 / 7, 2 / 7]], rtol=1e-6)


def test_groups_of_patients_get_rows_of_their_own(cohort: EvaluationCohort, model: Model) -> None:
    slices = slice_rows(*model, cohort, no_progress)
    assert [row.task for row in slices["sex"]] == ["Female", "Male"]
    ages = {row.task: row.num_tumors for row in slices["age"]}
    assert "unknown" not in ages
    assert set(ages) <= {"under 50", "50 to 64", "65 and over"}
    num_test = int((cohort.parts == "test").sum())
    assert sum(row.num_tumors for row in slices["sex"]) == num_test
    assert "source of the mutations" not in slices
