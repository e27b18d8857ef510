from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.clusters import (
    NOISE,
    ClusterConfig,
    best_overlaps,
    find_clusters,
    name_clusters,
)
from tests.engine.epidemiology.made import features_of, noise
from tests.engine.spheres import clusters as spheres

CONFIG = ClusterConfig(num_rounds=4, least_share=0.03)


def test_clusters_that_are_there_are_found_and_stable() -> None:
    vectors, truth = spheres(600, num_clusters=4, width=24, spread=0.02)
    found = find_clusters(vectors, config=CONFIG)
    assert len(found) == 4
    assert found.share_in_clusters > 0.9
    assert found.stability.min() > 0.85
    assert best_overlaps(np.unique(truth, return_inverse=True)[1], found.labels).min() > 0.85
    sizes = np.bincount(found.labels[found.labels != NOISE])
    assert (np.diff(sizes) <= 0).all()


def test_a_cloud_has_no_stable_cluster() -> None:
    vectors = np.random.default_rng(0).normal(size=(600, 8))
    found = find_clusters(vectors, config=CONFIG)
    assert found.share_in_clusters < 0.5
    assert (found.stability < 0.6).all()


def test_tumors_beyond_those_clustered_join_the_nearest() -> None:
    vectors, truth = spheres(900, num_clusters=3, width=24, spread=0.02)
    config = ClusterConfig(most_tumors=200, num_rounds=2, least_share=0.05)
    found = find_clusters(vectors, config=config)
    assert len(found) == 3
    assert best_overlaps(np.unique(truth, return_inverse=True)[1], found.labels).min() > 0.85


def test_the_same_vectors_give_the_same_clusters() -> None:
    vectors, _ = spheres(300, num_clusters=3, width=8, spread=0.05)
    first, again = (find_clusters(vectors, config=CONFIG) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.stability, again.stability)


def test_too_few_tumors_are_no_cluster() -> None:
    found = find_clusters(np.zeros((5, 3)), config=CONFIG)
    assert len(found) == 0
    assert found.labels.tolist() == [NOISE] * 5
    assert found.share_in_clusters == 0.0


def test_overlaps_are_those_of_jaccard() -> None:
    labels, again = np.array([0, 0, 0, 1, 1, NOISE]), np.array([1, 1, NOISE, 0, 0, 0])
    assert best_overlaps(labels, again) == pytest.approx([2 / 3, 2 / 3])
    assert best_overlaps(labels, np.full(6, NOISE)).tolist() == [0.0, 0.0]


def test_clusters_are_named_by_their_markers() -> None:
    vectors, _ = spheres(400, num_clusters=2, width=8, spread=0.02)
    found = find_clusters(vectors, config=CONFIG)
    has = noise(400, 5, share=0.1)
    has[found.labels == 0, 3] = True
    told: list[tuple[str, int, int]] = []
    named = name_clusters(
        found,
        features_of(has),
        np.zeros(400, dtype=np.int64),
        progress=lambda *step: told.append(step),
    )
    assert [cluster.name for cluster in named] == ["G3 mutation", "no distinctive alteration"]
    assert named[0].num_tumors == (found.labels == 0).sum()
    assert named[0].contrast.num_selected == named[0].num_tumors
    assert told[-1] == ("Naming clusters", 2, 2)
