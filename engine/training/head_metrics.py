"""How good and how honest predicted probabilities are, on tumors that no fit has seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

NUM_RESAMPLES = 200
NUM_BINS = 10

Probabilities = NDArray[np.float32]
Codes = NDArray[np.int64]


def measure(
    probabilities: Probabilities, truth: Codes, patients: Sequence[str], seed: int
) -> dict[str, Any]:
    """Measure predictions.

    Args:
        probabilities: Predicted probabilities, (N, C).
        truth: Column of the true class, (N,).
        patients: Patient of each tumor; the intervals resample patients.
        seed: Seed of the resampling.

    Returns:
        `accuracy` (higher is better), `auroc` (one class against the rest, mean over classes;
        higher is better; None where all tumors are of one class), `ece` (expected calibration
        error; lower is better), each with its 95% interval; `log_loss`, `majority_accuracy` and
        `num_tumors`.
    """
    draws = _draws(patients, seed)
    figures: dict[str, Any] = {
        name: _with_interval(metric, probabilities, truth, draws)
        for name, metric in (("accuracy", accuracy), ("auroc", auroc), ("ece", calibration_error))
    }
    chosen = probabilities[np.arange(len(truth)), truth]
    figures["log_loss"] = float(-np.log(np.maximum(chosen, 1e-12)).mean())
    figures["majority_accuracy"] = float(np.bincount(truth).max() / len(truth))
    figures["num_tumors"] = len(truth)
    return figures


def accuracy(probabilities: Probabilities, truth: Codes) -> float:
    """Share of tumors whose likeliest class is the true one."""
    return float((probabilities.argmax(axis=1) == truth).mean())


def auroc(probabilities: Probabilities, truth: Codes) -> float:
    """Area under the ROC curve of each class against the rest, their mean; NaN for one."""
    areas = []
    for code in np.unique(truth):
        is_class = truth == code
        num_in, num_out = int(is_class.sum()), int((~is_class).sum())
        if num_out:
            ranks = rankdata(probabilities[:, code])[is_class].sum()
            areas.append((ranks - num_in * (num_in + 1) / 2) / (num_in * num_out))
    return float(np.mean(areas)) if areas else float("nan")


def calibration_error(probabilities: Probabilities, truth: Codes) -> float:
    """Mean distance of stated to observed frequency, by the probability of the likeliest class.

    References:
        Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599, equation 3;
        ten bins of equal width.
    """
    stated = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((stated * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    gaps = np.bincount(bins, weights=stated - right, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(truth))


def _with_interval(
    metric: Callable[[Probabilities, Codes], float],
    probabilities: Probabilities,
    truth: Codes,
    draws: Sequence[NDArray[np.int64]],
) -> dict[str, float] | None:
    value = metric(probabilities, truth)
    if math.isnan(value):
        return None
    resampled = [metric(probabilities[rows], truth[rows]) for rows in draws]
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}


def _draws(patients: Sequence[str], seed: int) -> list[NDArray[np.int64]]:
    """Draw patients with replacement, and take all their tumors each time."""
    generator = np.random.default_rng(seed)
    owner = np.unique(np.array(patients), return_inverse=True)[1]
    num_patients = int(owner.max()) + 1
    draws = []
    for _ in range(NUM_RESAMPLES):
        times = np.bincount(
            generator.integers(num_patients, size=num_patients), minlength=num_patients
        )
        draws.append(np.repeat(np.arange(len(owner)), times[owner]))
    return draws
