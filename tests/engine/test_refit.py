from __future__ import annotations

import numpy as np
import pytest

from engine.refit import align, former_positions, median_movement, start_from
from engine.twins import Twins
from tests.engine.spheres import unit

NOWHERE = [np.nan, np.nan]


def twins(group_of: list[int]) -> Twins:
    first, counts = np.unique(group_of, return_index=True, return_counts=True)[1:]
    return Twins(
        first=first,
        group_of=np.array(group_of),
        members=np.argsort(group_of, kind="stable"),
        starts=np.append(0, np.cumsum(counts)),
    )


def test_a_point_lies_where_its_first_known_tumor_lay() -> None:
    previous = np.array([NOWHERE, [1, 1], [2, 2], [3, 3], [4, 4], NOWHERE], dtype=np.float32)
    former = former_positions(previous, twins([0, 0, 1, 1, 2, 3]))
    assert former is not None
    np.testing.assert_array_equal(former, np.array([[1, 1], [2, 2], [4, 4], NOWHERE], np.float32))


def test_two_positions_give_no_orientation() -> None:
    previous = np.array([[1, 1], [1, 1], [2, 2], NOWHERE], dtype=np.float32)
    assert former_positions(previous, twins([0, 1, 2, 3])) is None


def test_a_new_point_starts_among_its_nearest() -> None:
    vectors = unit(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.1, 0.95, 0.1]], dtype=np.float32))
    former = np.array([[0, 0], [5, 1], [9, 9], NOWHERE], dtype=np.float32)
    start = start_from(former, vectors)
    np.testing.assert_array_equal(start[:3], former[:3])
    np.testing.assert_array_equal(start[3], [5, 1])


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_a_turned_mirrored_scaled_and_shifted_map_comes_back(mirror: float) -> None:
    generator = np.random.default_rng(0)
    former = generator.normal(size=(30, 2)).astype(np.float32) * [4, 1]
    turn = np.array([[np.cos(2.0), -np.sin(2.0)], [np.sin(2.0), np.cos(2.0)]]) @ [
        [mirror, 0],
        [0, 1],
    ]
    drawn = 0.3 * former @ turn + [7, -5]
    known = former.copy()
    known[25:] = np.nan
    aligned = align(drawn.astype(np.float32), known.astype(np.float32))
    np.testing.assert_allclose(aligned, former, atol=1e-4)
    assert median_movement(aligned, known) == pytest.approx(0, abs=1e-5)


def test_movement_is_a_share_of_the_longer_side() -> None:
    former = np.array([[0, 0], [10, 2], [5, 1], NOWHERE], dtype=np.float32)
    drawn = np.array([[0, 1], [10, 4], [5, 2], [80, 80]], dtype=np.float32)
    assert median_movement(drawn, former) == pytest.approx(0.1)
