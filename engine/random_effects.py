"""Pooling of cohorts that may differ: a random-effects mean, and paired differences of AUROC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]

LEAST_VARIANCE = 1e-5
"""Variance below which an estimate is not believed: two patients can agree by chance."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A mean over cohorts.

    Args:
        mean: Estimate.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        between_variance: Variance between cohorts beyond chance.
        num_cohorts: Cohorts pooled.
    """

    mean: float
    lower: float
    upper: float
    between_variance: float
    num_cohorts: int


def pool(estimates: Sequence[float], variances: Sequence[float]) -> Pooled:
    """Pool one estimate per cohort, allowing that the cohorts truly differ.

    Args:
        estimates: Estimates, C.
        variances: Their sampling variances, C.

    Returns:
        The mean with a normal 95% interval; too narrow for fewer than about five cohorts.

    Raises:
        ValueError: If there is no estimate, or not one variance for each.

    References:
        DerSimonian and Laird 1986, Meta-analysis in clinical trials,
        doi:10.1016/0197-2456(86)90046-2.
    """
    if not estimates or len(estimates) != len(variances):
        raise ValueError(
            f"Found {len(estimates)} estimates and {len(variances)} variances, expected one "
            "variance for each of at least one estimate."
        )
    values = np.array(estimates, dtype=np.float64)
    spread = np.maximum(np.array(variances, dtype=np.float64), LEAST_VARIANCE)
    between = _between(values, spread)
    weights = 1 / (spread + between)
    mean = float(weights @ values / weights.sum())
    reach = float(norm.ppf(0.975) / np.sqrt(weights.sum()))
    return Pooled(
        mean=mean,
        lower=mean - reach,
        upper=mean + reach,
        between_variance=between,
        num_cohorts=len(values),
    )


def _between(values: Floats, spread: Floats) -> float:
    weights = 1 / spread
    total = weights.sum()
    heterogeneity = weights @ (values - weights @ values / total) ** 2
    scale = total - weights @ weights / total
    return float(max(0.0, (heterogeneity - len(values) + 1) / scale)) if len(values) > 1 else 0.0


@dataclass(frozen=True, kw_only=True)
class Areas:
    """AUROC of two scores on the same tumors.

    Args:
        ours: AUROC of the first score, 0..1.
        theirs: AUROC of the second.
        our_variance: Sampling variance of the first.
        their_variance: Sampling variance of the second.
        difference_variance: Sampling variance of `ours - theirs`, paired.
    """

    ours: float
    theirs: float
    our_variance: float
    their_variance: float
    difference_variance: float


def compare_areas(is_positive: NDArray[np.bool_], ours: Floats, theirs: Floats) -> Areas:
    """Compare two scores by the area under the ROC curve.

    Args:
        is_positive: Whether each tumor is of the positive class, (N,); two of each or more.
        ours: First score, (N,); higher speaks for the positive class.
        theirs: Second score, (N,).

    Returns:
        The areas with the variances of DeLong.

    Raises:
        ValueError: If a class has fewer than two tumors.

    References:
        DeLong et al. 1988, Comparing the areas under two or more correlated receiver operating
        characteristic curves, doi:10.2307/2531595.
    """
    positives = int(is_positive.sum())
    if min(positives, len(is_positive) - positives) < 2:
        raise ValueError(
            f"Found {positives} positive tumors of {len(is_positive)}, expected two or more of "
            "each class. Leave the cohort out."
        )
    first, second = _wins(is_positive, ours), _wins(is_positive, theirs)
    return Areas(
        ours=float(first.mean()),
        theirs=float(second.mean()),
        our_variance=_variance(first),
        their_variance=_variance(second),
        difference_variance=_variance(first - second),
    )


def area(is_positive: NDArray[np.bool_], scores: Floats) -> float:
    """Tell the area under the ROC curve, 0..1; each class has a tumor."""
    return float(_wins(is_positive, scores).mean())


def _wins(is_positive: NDArray[np.bool_], scores: Floats) -> Floats:
    """Compare every positive with every negative tumor, (P, N - P): 1 right, 0.5 equal."""
    positive, negative = scores[is_positive, None], scores[~is_positive]
    wins: Floats = (positive > negative) + 0.5 * (positive == negative)
    return wins


def _variance(wins: Floats) -> float:
    by_positive, by_negative = wins.mean(axis=1), wins.mean(axis=0)
    return float(
        by_positive.var(ddof=1) / len(by_positive) + by_negative.var(ddof=1) / len(by_negative)
    )
