from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from engine.evaluation.baselines import BURDEN, FREQUENCY, Problem, predict_baselines
from engine.training.head_metrics import auroc


def problem(num: int = 300, num_features: int = 12) -> tuple[Problem, np.ndarray]:
    """The first gene tells the class; the burden, last, tells nothing."""
    generator = np.random.default_rng(0)

    def draw() -> tuple[sparse.csr_matrix, np.ndarray]:
        truth = generator.integers(0, 2, num)
        features = (generator.random((num, num_features)) < 0.3).astype(np.float32)
        features[:, 0] = truth
        features[:, -1] = generator.random(num)
        return sparse.csr_matrix(features), truth

    (train, first), (validation, second), (test, third) = draw(), draw(), draw()
    parts = Problem(
        train=train,
        validation=validation,
        test=test,
        train_truth=first,
        validation_truth=second,
    )
    return parts, third


def test_every_baseline_gives_probabilities_and_finds_what_can_be_found() -> None:
    parts, truth = problem()
    told = predict_baselines(parts)
    for name, probabilities in told.items():
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
        expected = 0.5 if name in (FREQUENCY, BURDEN) else 1.0
        assert auroc(probabilities, truth) == pytest.approx(expected, abs=0.1), name


def test_the_frequency_is_that_of_the_training_part() -> None:
    parts, _ = problem()
    told = predict_baselines(parts)[FREQUENCY]
    np.testing.assert_allclose(told[0], np.bincount(parts.train_truth) / 300)
