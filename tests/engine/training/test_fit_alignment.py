from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.alignment import Alignment
from engine.training.fit_alignment import UNKNOWN, discriminants, study_scatter, type_scatter


def cloud(num: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, 3))


def test_study_scatter_is_the_difference_of_the_studies_within_a_type() -> None:
    features = cloud(400)
    types = np.array(["A"] * 200 + ["B"] * 200)
    studies = np.array((["one"] * 100 + ["two"] * 100) * 2)
    features[studies == "two"] += [4.0, 0.0, 0.0]
    features[types == "B"] += [0.0, 50.0, 0.0]
    gap = features[studies == "two"].mean(0) - features[studies == "one"].mean(0)
    scatter = study_scatter(features, types, studies, fewest=40)
    assert scatter[0, 0] == pytest.approx(gap[0] ** 2, rel=0.1)
    assert abs(scatter[1, 1]) < 0.2


def test_a_type_of_one_study_tells_nothing_of_studies() -> None:
    features = cloud(100)
    types = np.array(["A"] * 50 + ["B"] * 50)
    studies = np.array(["one"] * 50 + ["two"] * 50)
    assert not study_scatter(features, types, studies, fewest=10).any()
    assert not study_scatter(features, np.full(100, UNKNOWN), studies, fewest=10).any()


def test_types_spread_around_the_mean_tumor() -> None:
    features = np.repeat([[0.0, 0, 0], [2.0, 0, 0]], 50, axis=0)
    types = np.array(["A"] * 50 + ["B"] * 50)
    assert type_scatter(features, types, fewest=10) == pytest.approx(np.diag([1.0, 0, 0]))
    assert not type_scatter(features, types, fewest=51).any()


def test_axes_are_ordered_by_signal_for_noise_and_weighted_by_it() -> None:
    signal, noise = np.diag([1.0, 8.0, 3.0]), np.diag([1.0, 2.0, 1.0])
    axes = discriminants(signal, noise, 2)
    assert abs(axes[1, 0]) == pytest.approx(np.sqrt(0.5) * 4 / 5)
    assert abs(axes[2, 1]) == pytest.approx(3 / 4)
    assert axes[0] == pytest.approx([0, 0], abs=1e-12)


def test_axes_beyond_the_features_are_zero() -> None:
    axes = discriminants(np.eye(2), np.eye(2), 3)
    assert axes.shape == (2, 3)
    assert not axes[:, 2].any()


def test_aligned_tumors_have_length_one() -> None:
    alignment = Alignment(torch.ones(3), torch.eye(3, 2))
    told = alignment(torch.tensor([[4.0, 5.0, 9.0]]))
    assert told.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]
