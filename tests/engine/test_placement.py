from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LayoutError
from engine.neighbors import NeighborSearch
from engine.placement import (
    NUM_QUANTILES,
    OOD_RULE,
    OodReference,
    Reference,
    medoids,
    place,
)
from tests.engine.spheres import clusters, unit

K = 15


def reference(num_tumors: int = 300, *, twins: int = 0, width: int = 16) -> Reference:
    """A reference whose map is made of the first two numbers of each vector."""
    vectors, _ = clusters(num_tumors, width=width)
    vectors = np.concatenate([vectors, np.repeat(vectors[:1], twins, axis=0)])
    k = min(K, len(vectors) - 1)
    distances, _ = NeighborSearch(vectors).query(vectors, k, exclude_self=True)
    flat = np.ascontiguousarray(vectors[:, :2])
    return Reference(vectors=vectors, coordinates=flat, ood=OodReference.from_distances(distances))


def strangers(num: int, *, seed: int = 9, width: int = 16) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(num, width)))


def test_a_tumor_goes_to_the_medoid_of_its_neighbors() -> None:
    ref = reference()
    queries, _ = clusters(50, seed=3)
    placed = place(queries, ref)
    gaps = queries[:, None].astype(np.float64) - ref.vectors[None].astype(np.float64)
    lengths = np.sqrt((gaps**2).sum(axis=2))
    np.testing.assert_array_equal(placed.neighbors, np.argsort(lengths, axis=1)[:, :K])
    for i in range(50):
        around = ref.coordinates[placed.neighbors[i]]
        sums = np.linalg.norm(around[:, None] - around[None], axis=2).sum(axis=1)
        np.testing.assert_array_equal(placed.coordinates[i], around[sums.argmin()])
    np.testing.assert_allclose(
        placed.distances, np.take_along_axis(lengths, placed.neighbors, axis=1), rtol=1e-12
    )


def test_a_twin_lands_on_its_twins_point() -> None:
    ref = reference(twins=40)
    placed = place(ref.vectors, ref)
    np.testing.assert_array_equal(placed.coordinates, ref.coordinates)
    np.testing.assert_array_equal(placed.distances[:, 0], 0)


def test_many_twins_are_all_neighbors_in_order_of_row() -> None:
    ref = reference(twins=40)
    placed = place(ref.vectors[:1], ref)
    assert placed.neighbors[0].tolist() == [0, *range(300, 314)]
    assert placed.agreement[0] == 1


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_batch_equals_single(seed: int, num: int) -> None:
    ref = reference(width=64)
    queries = strangers(num, seed=seed, width=64)
    together = place(queries, ref)
    alone = place(queries[num // 2 : num // 2 + 1], ref)
    for name in ("coordinates", "neighbors", "distances", "agreement", "ood_score"):
        one, many = getattr(alone, name)[0], getattr(together, name)[num // 2]
        np.testing.assert_array_equal(one, many)


def test_agreement_is_the_share_of_neighbors_that_are_near_on_the_map() -> None:
    ref = reference()
    queries, _ = clusters(20, seed=4)
    placed = place(queries, ref)
    for i in range(20):
        away = np.linalg.norm(ref.coordinates - placed.coordinates[i], axis=1)
        near = set(np.argsort(away)[:K].tolist())
        shared = len(near & set(placed.neighbors[i].tolist()))
        assert placed.agreement[i] == pytest.approx(shared / K)


def test_strangers_are_flagged_and_members_are_not() -> None:
    ref = reference()
    members, _ = clusters(300, seed=0)
    assert place(members, ref).out_of_distribution.mean() <= 0.06
    strange = place(strangers(100), ref)
    assert strange.out_of_distribution.mean() > 0.9
    assert (strange.ood_score[strange.out_of_distribution] >= 0.95).all()


def test_the_flag_follows_the_stated_rule() -> None:
    means = np.linspace(0, 1, 2001)
    ood = OodReference.from_distances(np.repeat(means[:, None], 15, axis=1))
    assert ood.threshold == pytest.approx(0.95)
    assert "95th percentile" in OOD_RULE
    scores = ood.score(np.array([-1.0, 0.5, 0.95, 7.0]))
    np.testing.assert_allclose(scores, [0, 0.5, 0.95, 1], atol=1.001e-3)


def test_the_score_of_a_reference_full_of_twins_is_defined() -> None:
    ood = OodReference.from_distances(np.zeros((30, 15)))
    assert ood.score(np.array([0.0, 1e-9])).tolist() == [0, 1]


def test_the_reference_survives_json_bit_for_bit() -> None:
    ood = reference().ood
    assert OodReference.from_json(ood.to_json()) == ood
    assert len(ood.quantiles) == NUM_QUANTILES


@pytest.mark.parametrize("num_tumors", [1, 2, 5, 16])
def test_a_small_map_gives_fewer_neighbors(num_tumors: int) -> None:
    vectors, _ = clusters(num_tumors)
    k = min(K, num_tumors - 1)
    distances = np.ones((num_tumors, k))
    flat = np.ascontiguousarray(vectors[:, :2])
    ref = Reference(vectors=vectors, coordinates=flat, ood=OodReference.from_distances(distances))
    placed = place(strangers(3), ref)
    assert placed.neighbors.shape == (3, max(k, 1))
    assert np.isfinite(placed.coordinates).all()


def test_nobody_to_place_is_no_error() -> None:
    placed = place(strangers(0), reference())
    assert placed.coordinates.shape == (0, 2)
    assert placed.neighbors.shape == (0, K)


def test_a_medoid_is_robust_to_one_far_neighbor() -> None:
    around = np.array([[[9, 9], [0, 0], [0, 1], [1, 0], [0.4, 0.4]]], dtype=np.float32)
    np.testing.assert_array_equal(medoids(around), around[:, 4])


def test_bad_vectors_are_refused() -> None:
    ref = reference()
    missing = strangers(4)
    missing[2, 3] = np.nan
    with pytest.raises(LayoutError, match=r"1 of 4 vectors with missing .* row 2"):
        place(missing, ref)
    with pytest.raises(LayoutError, match="vectors of 8 numbers, expected 16"):
        place(strangers(4, width=8), ref)
    with pytest.raises(LayoutError, match="length 2 to 2, expected length 1"):
        place(strangers(4) * 2, ref)
    with pytest.raises(LayoutError, match=r"shape \(16,\), expected one row"):
        place(strangers(1)[0], ref)


def test_a_map_that_does_not_fit_its_tumors_is_refused() -> None:
    ref = reference()
    with pytest.raises(LayoutError, match=r"shape \(299, 2\), expected \(300, 2\)"):
        Reference(vectors=ref.vectors, coordinates=ref.coordinates[1:], ood=ref.ood)
    holes = ref.coordinates.copy()
    holes[5] = np.nan
    with pytest.raises(LayoutError, match="without a position"):
        Reference(vectors=ref.vectors, coordinates=holes, ood=ref.ood)
