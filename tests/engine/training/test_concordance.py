from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.training.concordance import pairs_by_tumor, within_strata
from engine.training.cox import Followed
from tests.engine.training.test_cox import example

LIFELINES = 0.6118004338394794
"""lifelines 0.30.0: concordance_index(ceil(4 t), -x[:, 0], d) without strata."""


def tied() -> Followed:
    followed, _ = example()
    months = np.ceil(followed.months * 4)
    return replace(followed, months=months, strata=np.zeros(200, dtype=np.int64))


def test_it_agrees_with_lifelines_but_for_deaths_at_the_same_time() -> None:
    # lifelines counts two deaths at the same time as half right; here they are not comparable.
    followed = tied()
    found = within_strata(followed, followed.inputs[:, 0])
    assert found == pytest.approx(LIFELINES, abs=0.01)


def test_equal_scores_are_chance_and_turned_scores_mirror() -> None:
    followed = tied()
    scores = followed.inputs[:, 0]
    assert within_strata(followed, np.zeros(200)) == 0.5
    turned = within_strata(followed, -scores)
    assert turned == pytest.approx(1 - within_strata(followed, scores))


def test_pairs_of_two_strata_are_not_compared() -> None:
    followed = Followed(
        inputs=np.zeros((4, 1)),
        months=np.array([1.0, 2.0, 3.0, 4.0]),
        died=np.array([True, True, True, True]),
        strata=np.array([0, 1, 0, 1]),
    )
    ordered, comparable = pairs_by_tumor(followed, np.array([2.0, 0.0, 1.0, 3.0]))
    assert comparable.tolist() == [1, 1, 0, 0]
    assert ordered.tolist() == [1, 0, 0, 0]
    assert within_strata(followed, np.array([2.0, 0.0, 1.0, 3.0])) == 0.5


def test_the_living_outlive_those_who_die_at_the_same_time() -> None:
    followed = Followed(
        inputs=np.zeros((2, 1)),
        months=np.array([5.0, 5.0]),
        died=np.array([True, False]),
        strata=np.array([0, 0]),
    )
    assert within_strata(followed, np.array([1.0, 0.0])) == 1.0


def test_no_pair_is_no_figure() -> None:
    followed = Followed(
        inputs=np.zeros((1, 1)),
        months=np.array([5.0]),
        died=np.array([True]),
        strata=np.array([0]),
    )
    assert np.isnan(within_strata(followed, np.array([1.0])))
