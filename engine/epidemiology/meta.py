"""Pooling of many effects over cohorts that may truly differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from engine.random_effects import LEAST_VARIANCE

Floats = NDArray[np.float64]

FEWEST_FOR_T = 3
"""Cohorts from which the interval allows for the uncertainty of the variance between them; the t
of two cohorts has one degree of freedom and says nothing."""
MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledEffects:
    """Means over cohorts of F effects; all (F,).

    Attributes:
        mean: Estimate; NaN where no cohort has one.
        lower: Lower end of the 95% interval.
        upper: Upper end.
        p_value: Two-sided, of a mean of 0.
        between_variance: Variance between cohorts beyond chance.
        inconsistency: Share of the differences between cohorts that chance does not explain, I2,
            0..1.
        num_cohorts: Cohorts with an estimate.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    between_variance: Floats
    inconsistency: Floats
    num_cohorts: NDArray[np.int64]


def pool_effects(estimates: Floats, variances: Floats) -> PooledEffects:
    """Pool each effect by Paule and Mandel, with the interval of Hartung and Knapp.

    Args:
        estimates: Estimates of C cohorts, (C, F), on a scale where 0 is no effect; NaN where a
            cohort has none.
        variances: Their sampling variances, (C, F).

    Returns:
        Means. Intervals are normal for fewer than `FEWEST_FOR_T` cohorts, and never narrower
        than they would be were the cohorts as alike as chance makes them.

    References:
        Paule and Mandel 1982, doi:10.6028/jres.087.022; Hartung and Knapp 2001,
        doi:10.1002/sim.1009; Rover et al. 2015, doi:10.1186/s12874-015-0091-1.
    """
    there = np.isfinite(estimates) & np.isfinite(variances)
    values = np.where(there, estimates, 0.0)
    spread = np.where(there, np.maximum(variances, LEAST_VARIANCE), np.inf)
    number = there.sum(axis=0)
    between = _between(values, spread, number)
    mean, weights = _mean(values, spread, between)
    freedom = np.maximum(number - 1, 1)
    scatter = (weights * (values - mean) ** 2).sum(axis=0) / freedom
    uses_t = number >= FEWEST_FOR_T
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.where(uses_t, np.maximum(scatter, 1.0), 1.0) / weights.sum(axis=0))
        z = np.abs(mean) / error
    reach = np.where(uses_t, t.ppf(0.975, freedom), norm.ppf(0.975)) * error
    p_value = np.where(uses_t, 2 * t.sf(z, freedom), 2 * norm.sf(z))
    return PooledEffects(
        mean=mean,
        lower=mean - reach,
        upper=mean + reach,
        p_value=p_value,
        between_variance=between,
        inconsistency=_inconsistency(values, spread, number),
        num_cohorts=number,
    )


def _mean(values: Floats, spread: Floats, between: Floats) -> tuple[Floats, Floats]:
    weights = 1 / (spread + between)
    with np.errstate(invalid="ignore"):
        return (weights * values).sum(axis=0) / weights.sum(axis=0), weights


def _scatter(values: Floats, spread: Floats, between: Floats) -> tuple[Floats, Floats]:
    """Return the weighted scatter about the mean, and its slope by the variance between."""
    mean, weights = _mean(values, spread, between)
    apart = (values - mean) ** 2
    scatter: Floats = (weights * apart).sum(axis=0)
    slope: Floats = -(weights**2 * apart).sum(axis=0)
    return scatter, slope


def _between(values: Floats, spread: Floats, number: NDArray[np.int64]) -> Floats:
    """Find the variance between cohorts at which the scatter is as large as chance makes it.

    The scatter falls and is convex, so steps of Newton from 0 never go too far.
    """
    between = np.zeros(values.shape[1])
    for _ in range(MOST_STEPS):
        scatter, slope = _scatter(values, spread, between)
        excess = np.where(number > 1, scatter - (number - 1), 0.0)
        step = np.divide(
            excess, -slope, out=np.zeros_like(excess), where=(excess > 0) & (slope < 0)
        )
        between = between + step
        if step.max(initial=0.0) < 1e-12:
            break
    return between


def _inconsistency(values: Floats, spread: Floats, number: NDArray[np.int64]) -> Floats:
    scatter, _ = _scatter(values, spread, np.zeros(values.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (scatter - (number - 1)) / scatter
    return np.where((number > 1) & (share > 0), share, 0.0)
