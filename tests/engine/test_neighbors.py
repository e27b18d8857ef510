from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.neighbors import BLOCK_ROWS, NeighborSearch, without_self
from tests.engine.spheres import clusters, unit


def by_hand(
    queries: np.ndarray, points: np.ndarray, k: int, *, exclude_self: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    gaps = queries[:, None].astype(np.float64) - points[None].astype(np.float64)
    distances = np.sqrt((gaps**2).sum(axis=2))
    if exclude_self:
        np.fill_diagonal(distances, np.inf)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, rows, axis=1), rows


@pytest.mark.parametrize("num_points", [2, 16, 33, 400])
@pytest.mark.parametrize("exclude_self", [False, True])
def test_neighbors_are_those_of_float64(num_points: int, *, exclude_self: bool) -> None:
    points, _ = clusters(num_points)
    k = min(15, num_points - 1)
    distances, rows = NeighborSearch(points).query(points, k, exclude_self=exclude_self)
    expected = by_hand(points, points, k, exclude_self=exclude_self)
    np.testing.assert_array_equal(rows, expected[1])
    np.testing.assert_allclose(distances, expected[0], rtol=1e-12, atol=1e-15)


def test_points_closer_than_float32_can_tell_are_still_ordered() -> None:
    generator = np.random.default_rng(1)
    center = generator.normal(size=64)
    center /= np.linalg.norm(center)
    points = unit(center + generator.normal(scale=3e-6, size=(500, 64)))
    distances, rows = NeighborSearch(points).query(points[:50], 15)
    expected = by_hand(points[:50], points, 15)
    np.testing.assert_allclose(distances, expected[0], rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(rows[:, 0], np.arange(50))


def test_self_is_excluded_where_a_query_is_searched_again() -> None:
    generator = np.random.default_rng(2)
    points = unit(np.ones(8) + generator.normal(scale=1e-6, size=(80, 8)))
    _, rows = NeighborSearch(points).query(points, 15, exclude_self=True)
    assert not (rows == np.arange(80)[:, None]).any()


def test_an_answer_does_not_depend_on_the_batch() -> None:
    points, _ = clusters(3000, width=128)
    queries, _ = clusters(BLOCK_ROWS + 7, width=128, seed=5)
    search = NeighborSearch(points)
    together = search.query(queries, 15)
    for i in (0, 1, 500, BLOCK_ROWS - 1, BLOCK_ROWS + 6):
        alone = search.query(queries[i : i + 1], 15)
        np.testing.assert_array_equal(alone[0][0], together[0][i])
        np.testing.assert_array_equal(alone[1][0], together[1][i])


def test_no_query_gives_no_answer() -> None:
    points, _ = clusters(20)
    distances, rows = NeighborSearch(points).query(points[:0], 3)
    assert distances.shape == rows.shape == (0, 3)


def test_progress_tells_the_queries_answered() -> None:
    points, _ = clusters(BLOCK_ROWS + 1)
    told: list[tuple[str, int, int]] = []
    NeighborSearch(points).query(points, 1, progress=lambda *step: told.append(step))
    total = len(points)
    assert told == [("Finding neighbors", n, total) for n in (BLOCK_ROWS, total)]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(17, 60))
def test_the_order_of_rows_does_not_change_who_is_near(seed: int, num_points: int) -> None:
    points, _ = clusters(num_points, seed=seed % 1000)
    order = np.random.default_rng(seed).permutation(num_points)
    _, rows = NeighborSearch(points).query(points, 15, exclude_self=True)
    _, shuffled = NeighborSearch(points[order]).query(points[order], 15, exclude_self=True)
    np.testing.assert_array_equal(order[shuffled], rows[order])


def test_without_self_drops_the_last_where_self_is_missing() -> None:
    rows = np.array([[0, 4, 2], [4, 1, 3], [4, 3, 1]])
    assert without_self(rows).tolist() == [[4, 2], [4, 3], [4, 3]]
