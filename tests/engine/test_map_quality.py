from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from engine import map_quality
from engine.map_quality import (
    continuity,
    knn_preservation,
    label_knn_accuracy,
    majority_share,
    map_neighbors,
    trustworthiness,
)
from engine.neighbors import NeighborSearch
from tests.engine.spheres import clusters

K = 15


def maps(num_tumors: int = 300) -> tuple[np.ndarray, np.ndarray]:
    vectors, _ = clusters(num_tumors)
    return vectors, np.ascontiguousarray(vectors[:, :2])


def full_neighbors(vectors: np.ndarray) -> np.ndarray:
    return NeighborSearch(vectors).query(vectors, K, exclude_self=True)[1]


def test_trustworthiness_is_that_of_scikit_learn() -> None:
    vectors, flat = maps()
    ours = trustworthiness(vectors, map_neighbors(flat, K))
    assert ours.value == pytest.approx(
        sklearn_trustworthiness(vectors, flat, n_neighbors=K), abs=1e-4
    )
    assert ours.num_tumors == 300
    assert ours.low == ours.value == ours.high


def test_continuity_is_trustworthiness_the_other_way_round() -> None:
    vectors, flat = maps()
    ours = continuity(flat, full_neighbors(vectors))
    theirs = sklearn_trustworthiness(flat, vectors, n_neighbors=K)
    assert ours.value == pytest.approx(theirs, abs=1e-4)


def test_a_perfect_map_scores_one() -> None:
    _, flat = maps()
    near = map_neighbors(flat, K)
    assert trustworthiness(flat, near).value == 1
    assert continuity(flat, near).value == 1
    assert knn_preservation(near, near).value == 1


def test_a_sample_tells_its_size_and_an_interval_that_holds_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, flat = maps(600)
    near = map_neighbors(flat, K)
    truth = trustworthiness(vectors, near).value
    monkeypatch.setattr(map_quality, "MAX_RANKED", 200)
    sampled = [trustworthiness(vectors, near, seed=seed) for seed in range(40)]
    assert {estimate.num_tumors for estimate in sampled} == {200}
    assert all(estimate.low < estimate.value < estimate.high for estimate in sampled)
    assert sum(estimate.low <= truth <= estimate.high for estimate in sampled) >= 33


def test_preservation_counts_the_shared_neighbors() -> None:
    full = np.array([[1, 2], [0, 2], [0, 1], [0, 1]])
    near = np.array([[2, 1], [0, 3], [3, 1], [2, 1]])
    assert knn_preservation(full, near).value == pytest.approx((1 + 0.5 + 0.5 + 0.5) / 4)


def test_labels_are_told_by_the_vote_of_labeled_neighbors() -> None:
    labels = ["a", "a", "b", "b", None]
    neighbors = np.array([[1, 4, 2], [2, 0, 4], [3, 0, 1], [4, 4, 4], [0, 1, 2]])
    # 0: a against b, a is nearer: right. 1: b is nearer: wrong. 2: a twice: wrong. 3: none: wrong.
    told = label_knn_accuracy(labels, neighbors)
    assert told is not None
    assert told.value == 0.25
    assert told.num_tumors == 4


def test_the_interval_of_an_accuracy_is_wilsons() -> None:
    labels = ["a"] * 100
    neighbors = np.tile(np.arange(100)[:, None], 3)
    told = label_knn_accuracy(labels, neighbors)
    assert told is not None
    # statsmodels.stats.proportion.proportion_confint(100, 100, method="wilson")
    assert (told.value, told.low, told.high) == pytest.approx((1.0, 0.96300647, 1.0))


def test_without_labels_there_is_no_accuracy() -> None:
    assert label_knn_accuracy([None, None], np.array([[1], [0]])) is None
    assert majority_share([None, None]) is None
    assert majority_share(["a", "b", "a", None]) == pytest.approx(2 / 3)


def test_map_neighbors_leave_a_tumor_out_even_on_a_crowded_spot() -> None:
    flat = np.zeros((40, 2), dtype=np.float32)
    near = map_neighbors(flat, 5)
    assert near.shape == (40, 5)
    assert not (near == np.arange(40)[:, None]).any()
