from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from engine.errors import TrainingError
from engine.training.fit_type_space import fit_type_space
from engine.type_space import TypeSpace

WIDTH = 6


def clouds(num: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Two round clouds, ten units apart along the first feature."""
    generator = np.random.default_rng(seed)
    second = generator.random(num) < 0.5
    features = generator.normal(size=(num, WIDTH)).astype(np.float32)
    features[:, 0] += 10 * second
    return features, np.where(second, "b", "a").tolist()


@pytest.fixture(scope="module")
def space() -> TypeSpace:
    return fit_type_space(*clouds(600, 0), *clouds(200, 1))


def test_clouds_become_round_with_spread_one(space: TypeSpace) -> None:
    features, names = clouds(2000, 2)
    distances = space.distances(features)
    own = distances[np.arange(len(names)), [int(name == "b") for name in names]]
    # The mean squared distance to the own center is the number of coordinates, less the shrinkage.
    assert own.mean() == pytest.approx(WIDTH / 1.05, rel=0.1)


def test_a_tumor_between_clouds_is_undecided_and_one_outside_is_far(space: TypeSpace) -> None:
    points = np.zeros((3, WIDTH), dtype=np.float32)
    points[1, 0], points[2, 1] = 5.0, 40.0
    distance, entropy = space.strangeness(points)
    assert entropy[1] > 10 * entropy[0]
    assert distance[2] > 100 * distance[0]


def test_a_tumor_is_told_the_same_whoever_is_with_it(space: TypeSpace) -> None:
    features, _ = clouds(50, 3)
    together = space.strangeness(features)
    alone = space.strangeness(features[7:8])
    np.testing.assert_allclose([values[0] for values in alone], [t[7] for t in together], rtol=1e-4)


def test_too_few_types_are_refused() -> None:
    features, _ = clouds(40, 0)
    with pytest.raises(TrainingError, match="Found 1 cancer types"):
        fit_type_space(features, ["a"] * 40, features, ["a"] * 40)


def test_distances_are_those_of_mahalanobis(space: TypeSpace) -> None:
    """Golden: scipy.spatial.distance.mahalanobis, 1.17, with the inverse of the map's own shape."""
    features, _ = clouds(20, 4)
    inverse = (space.basis @ space.basis.T).astype(np.float64)
    centers = space.center + space.means @ np.linalg.pinv(space.basis)
    expected = [[mahalanobis(point, c, inverse) ** 2 for c in centers] for point in features]
    np.testing.assert_allclose(space.distances(features), expected, rtol=1e-3, atol=1e-3)


def test_labels_that_are_often_wrong_raise_the_temperature() -> None:
    features, names = clouds(600, 0)
    held_out, right = clouds(400, 1)
    turned = ["ab"[name == "a"] if i % 5 == 0 else name for i, name in enumerate(right)]
    sure = fit_type_space(features, names, held_out, right)
    unsure = fit_type_space(features, names, held_out, turned)
    assert unsure.temperature > 4 * sure.temperature
    shares = np.exp(unsure.log_probabilities(unsure.distances(held_out)))
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares.max(axis=1).mean() < 0.95
