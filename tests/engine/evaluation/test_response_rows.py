from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.embed import Encoder
from engine.evaluation.baselines import BURDEN, FREQUENCY
from engine.evaluation.response_rows import (
    POOLED,
    Told,
    measure_response,
    response_rows,
    unseen,
)
from engine.heads import Heads
from engine.training.outcomes import fit_outcomes
from tests.engine.training.outcome_cohorts import RESPONSES, RISKS, cohort, save_tiny_model
from tests.engine.training.outcome_tumors import treated_tumors


def told(num: int = 240, *, ours: float = 2.0, burden: float = 0.5) -> Told:
    """Three cohorts; our score and burden follow response with the given strength."""
    generator = np.random.default_rng(0)
    responded = generator.random(num) < 0.4
    mean, other = ours * responded, burden * responded
    return Told(
        cohorts=np.array([("a", "b", "c")[i % 3] for i in range(num)]),
        patients=[f"P{i}" for i in range(num)],
        responded=responded,
        scores={
            "ours": 1 / (1 + np.exp(-(generator.normal(size=num) + mean - ours / 2))),
            BURDEN: generator.normal(size=num) + other,
            "guess": generator.random(num),
        },
    )


def test_every_cohort_and_the_pool_are_told() -> None:
    rows = measure_response(told())
    assert [row.part for row in rows] == ["a", "b", "c", POOLED, POOLED, rows[-1].part]
    assert [row.metric for row in rows[-3:]] == ["AUROC", "AUROC beyond burden alone", "ECE"]
    assert [row.num_tumors for row in rows[:3]] == [80, 80, 80]
    for row in rows[:4]:
        assert set(row.baselines) == {BURDEN, "guess"}
        assert row.best_baseline == BURDEN


def test_a_better_score_is_shown_to_be_better() -> None:
    row = measure_response(told())[-2]
    assert row.ours.low is not None
    assert row.ours.low > 0
    assert row.note.startswith("above burden alone")


def test_an_equal_score_is_not_shown_to_be_better() -> None:
    row = measure_response(told(ours=0.5))[-2]
    assert row.ours.low is not None
    assert row.ours.low < 0
    assert row.note.startswith("not shown to be above burden alone")


def test_the_pooled_figure_lies_between_the_cohorts() -> None:
    rows = measure_response(told())
    areas = [row.ours.value for row in rows[:3]]
    assert min(areas) <= rows[3].ours.value <= max(areas)
    assert rows[3].difference is not None
    assert rows[3].difference.value == pytest.approx(rows[4].ours.value)


def test_a_cohort_of_one_class_enters_calibration_only() -> None:
    tumors = told()
    responded = tumors.responded & (tumors.cohorts != "c")
    rows = measure_response(replace(tumors, responded=responded))
    assert [row.part for row in rows[:2]] == ["a", "b"]
    assert rows[2].num_tumors == 160
    assert rows[-1].num_tumors == 240


def test_patients_of_the_training_cohorts_are_not_asked() -> None:
    learned = treated_tumors(20)
    asked = replace(
        treated_tumors(20),
        patient_ids=[*learned.patient_ids[:15], *(f"P-9{i:06d}" for i in range(5))],
        responses=["R"] * 18 + [None, "NR"],
    )
    assert unseen(asked, learned.patient_ids).tolist() == [15, 16, 17, 19]


def test_names_that_hold_within_their_study_only_are_not_taken_for_the_same_patient() -> None:
    learned = replace(treated_tumors(20), patient_ids=[f"Pat{i}" for i in range(20)])
    asked = replace(learned, responses=["R"] * 20)
    assert len(unseen(asked, learned.patient_ids)) == 20


def test_the_head_is_measured_beside_baselines_fitted_on_the_same_patients(tmp_path: Path) -> None:
    save_tiny_model(tmp_path)
    trained = [cohort(120, "first", 1), cohort(120, "second", 2)]
    external = [cohort(60, "third", 3), cohort(60, "fourth", 4)]
    fit_outcomes(tmp_path, cohort(200), trained, response=RESPONSES, risk=RISKS)
    encoder = Encoder.load(tmp_path)
    heads = Heads.parse(encoder.contents)
    assert heads is not None
    rows = response_rows(encoder, heads.heads[-1], trained, external)
    assert [row.part for row in rows[:2]] == ["fourth", "third"]
    assert [row.num_tumors for row in rows] == [60, 60, 120, 120, 120]
    pooled = rows[2]
    # Who responds has KRAS mutated as well, and so one mutation more: burden alone knows it.
    assert pooled.baselines[BURDEN].value == pytest.approx(1.0)
    assert pooled.ours.value > 0.8
    assert FREQUENCY not in pooled.baselines
    assert len(pooled.baselines) >= 3
