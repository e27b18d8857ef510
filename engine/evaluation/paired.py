"""Figures with intervals, and paired differences, by bootstrap over patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from engine.evaluation.rows import HIGHER, Estimate, Row
from engine.training.head_metrics import accuracy, auroc, calibration_error

NUM_DRAWS = 300
TOP = 3

Probabilities = npt.NDArray[np.floating]
Codes = npt.NDArray[np.int64]
Metric = Callable[[Probabilities, Codes], float]


def top_accuracy(probabilities: Probabilities, truth: Codes) -> float:
    """Share of tumors whose true class is among the `TOP` likeliest."""
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    return float((likeliest == truth[:, None]).any(axis=1).mean())


def average_precision(probabilities: Probabilities, truth: Codes) -> float:
    """Mean over classes but the most frequent one of the area under precision and recall."""
    rare = np.delete(np.unique(truth), np.bincount(truth)[np.unique(truth)].argmax())
    areas = [average_precision_score(truth == code, probabilities[:, code]) for code in rare]
    return float(np.mean(areas)) if areas else float("nan")


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "top-3 accuracy": top_accuracy,
    "AUROC": auroc,
    "average precision": average_precision,
    "ECE": calibration_error,
}


def compare(
    row: Row,
    metric: Metric,
    predictions: Mapping[str, Probabilities],
    truth: Codes,
    patients: Sequence[str],
) -> Row:
    """Fill a row with figures, intervals and the paired difference to the best baseline.

    Args:
        row: The row with its names; its figures are replaced.
        metric: What to measure.
        predictions: Probabilities, (N, C), ours under the name `ours`, baselines under theirs.
        truth: Code of the true class, (N,).
        patients: Patient of each tumor.

    Returns:
        The filled row.
    """
    draws = _draws(patients)
    values = {name: metric(told, truth) for name, told in predictions.items()}
    resampled = {
        name: np.array([metric(told[rows], truth[rows]) for rows in draws])
        for name, told in predictions.items()
    }
    estimates = {name: estimate(values[name], resampled[name]) for name in predictions}
    ours = estimates.pop("ours")
    sign = 1 if row.better == HIGHER else -1
    best = max(estimates, key=lambda name: sign * estimates[name].value, default=None)
    gap = best and estimate(values["ours"] - values[best], resampled["ours"] - resampled[best])
    return Row(
        **vars(row)
        | {
            "ours": ours,
            "baselines": estimates,
            "best_baseline": best,
            "difference": gap or None,
            "num_tumors": len(truth),
        }
    )


def estimate(value: float, resampled: npt.NDArray[np.float64]) -> Estimate:
    """Put a figure and the 95% interval of its bootstrap together."""
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return Estimate(value=float(value), low=float(low), high=float(high))


def _draws(patients: Sequence[str], seed: int = 0) -> list[npt.NDArray[np.int64]]:
    """Draw patients with replacement and take all their tumors each time."""
    generator = np.random.default_rng(seed)
    owner = np.unique(np.array(patients), return_inverse=True)[1]
    number = int(owner.max()) + 1
    counts = [np.bincount(generator.integers(number, size=number)) for _ in range(NUM_DRAWS)]
    padded = [np.pad(count, (0, number - len(count))) for count in counts]
    return [np.repeat(np.arange(len(owner)), count[owner]) for count in padded]
