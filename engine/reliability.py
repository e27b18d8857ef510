"""Reliability: how often what is stated with a probability comes true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

NUM_BINS = 10
CALIBRATED_UP_TO = 0.05
"""Largest expected calibration error of a head that the page calls calibrated."""


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Tumors whose likeliest class was stated with about one probability.

    Args:
        stated: Mean probability of the likeliest class, 0..1.
        observed: Share of them that are of this class, 0..1.
        low: Lower end of the 95% interval of that share.
        high: Upper end.
        num_tumors: Tumors in the bin.
    """

    stated: float
    observed: float
    low: float
    high: float
    num_tumors: int


def reliability(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64]
) -> tuple[ReliabilityBin, ...]:
    """Compare stated probabilities with what came true, for a plot.

    Args:
        probabilities: Predicted probabilities, (N, C).
        truth: Column of the true class, (N,).

    Returns:
        Ten bins of equal width by the probability of the likeliest class; empty ones left out.

    References:
        Clopper and Pearson 1934 for the intervals, doi:10.1093/biomet/26.4.404.
    """
    stated = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((stated * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    return tuple(_bin(stated[bins == i], right[bins == i]) for i in np.unique(bins).tolist())


def _bin(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> ReliabilityBin:
    hits, number = int(right.sum()), len(right)
    return ReliabilityBin(
        stated=float(stated.mean()),
        observed=hits / number,
        low=float(beta.ppf(0.025, hits, number - hits + 1)) if hits else 0.0,
        high=float(beta.ppf(0.975, hits + 1, number - hits)) if hits < number else 1.0,
        num_tumors=number,
    )
