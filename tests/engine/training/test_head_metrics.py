from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from engine.training.head_metrics import (
    accuracy,
    auroc,
    calibration_error,
    measure,
)


def predictions(num: int = 400, num_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(num_classes), size=num).astype(np.float32)
    truth = np.array([generator.choice(num_classes, p=p / p.sum()) for p in probabilities])
    return probabilities, truth


def test_auroc_is_that_of_scikit_learn() -> None:
    probabilities, truth = predictions()
    expected = roc_auc_score(truth, probabilities, multi_class="ovr", average="macro")
    assert auroc(probabilities, truth) == pytest.approx(expected, abs=1e-9)
    binary, told = predictions(num_classes=2)
    assert auroc(binary, told) == pytest.approx(roc_auc_score(told, binary[:, 1]), abs=1e-9)


def test_calibration_error_is_known_by_hand() -> None:
    # Ten stated at 0.75, five of them right; ten stated at 0.95, all right.
    stated = np.array([0.75] * 10 + [0.95] * 10)
    probabilities = np.column_stack([stated, 1 - stated]).astype(np.float32)
    truth = np.array([0] * 5 + [1] * 5 + [0] * 10)
    assert calibration_error(probabilities, truth) == pytest.approx((0.25 + 0.05) / 2, abs=1e-6)
    assert accuracy(probabilities, truth) == 0.75


def test_honest_probabilities_have_a_small_calibration_error() -> None:
    probabilities, truth = predictions(20_000)
    assert calibration_error(probabilities, truth) < 0.015
    assert calibration_error(probabilities**4, truth) > 0.05


def test_intervals_hold_the_value_and_resample_patients() -> None:
    probabilities, truth = predictions()
    alone = measure(probabilities, truth, [str(i) for i in range(400)], seed=0)
    for name in ("accuracy", "auroc", "ece"):
        assert alone[name]["low"] <= alone[name]["high"]
    assert alone["accuracy"]["low"] < alone["accuracy"]["value"] < alone["accuracy"]["high"]
    assert alone["num_tumors"] == 400
    doubled = [np.repeat(column, 4, axis=0) for column in (probabilities[:100], truth[:100])]
    grouped = measure(*doubled, [str(i // 4) for i in range(400)], seed=0)
    width = grouped["accuracy"]["high"] - grouped["accuracy"]["low"]
    assert width > 1.5 * (alone["accuracy"]["high"] - alone["accuracy"]["low"])


def test_one_class_alone_has_no_auroc() -> None:
    probabilities, _ = predictions(20)
    figures = measure(probabilities, np.zeros(20, dtype=np.int64), ["a"] * 20, seed=0)
    assert figures["auroc"] is None
    assert figures["accuracy"]["low"] == figures["accuracy"]["high"]
