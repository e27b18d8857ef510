from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.twins import find_twins
from tests.engine.spheres import clusters


def test_groups_are_the_equal_rows() -> None:
    vectors, _ = clusters(6)
    twins = find_twins(vectors[[3, 1, 3, 5, 3, 1]])
    groups = {tuple(np.flatnonzero(twins.group_of == g).tolist()) for g in range(3)}
    assert groups == {(0, 2, 4), (1, 5), (3,)}
    assert sorted(twins.counts.tolist()) == [1, 2, 3]
    np.testing.assert_array_equal(twins.group_of[twins.first], np.arange(3))


def test_groups_are_in_the_same_order_whatever_the_order_of_rows() -> None:
    vectors, _ = clusters(50)
    order = np.random.default_rng(0).permutation(50)
    one, other = find_twins(vectors), find_twins(vectors[order])
    np.testing.assert_array_equal(vectors[one.first], vectors[order][other.first])


def test_expanding_lists_all_twins_of_the_nearest_group_first() -> None:
    vectors, _ = clusters(3)
    twins = find_twins(vectors[[0, 1, 0, 2, 0]])
    of = {row: int(twins.group_of[row]) for row in range(5)}
    groups = np.array([[of[1], of[0], of[3]]])
    distances, rows = twins.expand(groups, np.array([[0.1, 0.2, 0.3]]), 4)
    assert rows.tolist() == [[1, 0, 2, 4]]
    assert distances.tolist() == [[0.1, 0.2, 0.2, 0.2]]


def test_nearest_others_are_twins_first_and_never_oneself() -> None:
    vectors, _ = clusters(2)
    twins = find_twins(vectors[[0, 1, 0, 0]])
    other_group = np.array([[1], [0]])
    distances, rows = twins.nearest_others(other_group, np.array([[0.5], [0.5]]), 2)
    assert rows.tolist() == [[2, 3], [0, 2], [0, 3], [0, 2]]
    assert distances.tolist() == [[0.0, 0.0], [0.5, 0.5], [0.0, 0.0], [0.0, 0.0]]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_members_hold_each_tumor_once(choice: list[int]) -> None:
    vectors, _ = clusters(7)
    twins = find_twins(vectors[choice])
    assert sorted(twins.members.tolist()) == list(range(len(choice)))
    assert len(twins.first) == len(set(choice))
