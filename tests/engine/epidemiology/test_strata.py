from __future__ import annotations

import numpy as np

from engine.epidemiology.strata import combine, cut_within, same_strata


def test_combinations_are_numbered_and_missing_is_a_label() -> None:
    codes = combine(["a", "a", "b", None, None], ["x", "y", "x", "x", "x"])
    assert codes.tolist() == [0, 1, 2, 3, 3]


def test_numbers_are_cut_within_strata() -> None:
    values, strata = (
        np.array([1.0, 2, 3, 4, 10, 20, 30, 40, np.nan]),
        np.repeat([0, 1, 1], [4, 4, 1]),
    )
    codes = cut_within(values, strata, num_bins=2)
    assert codes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_equal_numbers_are_one_bin() -> None:
    assert len(set(cut_within(np.ones(7), np.zeros(7, dtype=np.int64)).tolist())) == 1


def test_others_of_the_same_strata_are_found() -> None:
    chosen = np.array([True, False, False, False])
    assert same_strata(chosen, np.array([3, 3, 1, 3])).tolist() == [False, True, False, True]
