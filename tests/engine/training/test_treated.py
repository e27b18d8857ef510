from __future__ import annotations

import numpy as np

from engine.training.treated import Times, join_treated
from tests.engine.training.outcome_tumors import WIDTH, treated_tumors


def test_what_is_known_of_each_tumor() -> None:
    tumors = treated_tumors(50)
    assert tumors.labeled.tolist() == [answer is not None for answer in tumors.responses]
    assert tumors.responded.tolist() == [answer == "R" for answer in tumors.responses]
    assert not (tumors.responded & ~tumors.labeled).any()
    np.testing.assert_allclose(tumors.log_burden, tumors.readout.frozen[:, WIDTH - 1])
    assert len(tumors) == 50


def test_strata_are_cohort_and_type_and_where_asked_drug() -> None:
    tumors = treated_tumors(4)
    assert tumors.strata().tolist() == ["first / Melanoma", "second / Melanoma"] * 2
    assert tumors.strata(by_drug=True)[0] == "first / Melanoma / anti-PD-1"


def test_taken_tumors_keep_their_values_in_the_wanted_order() -> None:
    tumors, rows = treated_tumors(20), np.array([7, 3])
    taken = tumors.take(rows)
    assert taken.patient_ids == ["P-0000007", "P-0000003"]
    assert taken.responses == [tumors.responses[7], tumors.responses[3]]
    np.testing.assert_array_equal(taken.overall.months, tumors.overall.months[rows])
    np.testing.assert_array_equal(taken.readout.frozen, tumors.readout.frozen[rows])


def test_times_are_taken_together() -> None:
    times = Times(months=np.array([1.0, np.nan, 3.0]), ended=np.array([True, False, False]))
    taken = times.take(np.array([2, 0]))
    assert (taken.months.tolist(), taken.ended.tolist()) == ([3.0, 1.0], [False, True])


def test_cohorts_stand_one_after_another() -> None:
    first, second = treated_tumors(5), treated_tumors(3, seed=1)
    joined = join_treated([first, second])
    assert len(joined) == 8
    assert joined.drugs == [*first.drugs, *second.drugs]
    np.testing.assert_array_equal(joined.overall.ended[5:], second.overall.ended)
    np.testing.assert_array_equal(joined.log_burden[5:], second.log_burden)
