"""Survival of groups of patients: curves with intervals, medians, restricted means, log-rank test.

The product-limit estimate and the tests are those of lifelines, which takes over a second to load:
it is loaded when the first curve is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from engine.errors import EngineError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Bools = NDArray[np.bool_]

Z95 = float(ndtri(0.975))
ROUNDING = 1e-9
"""What a product of shares may lie above the half that it is."""


class SurvivalError(EngineError):
    """Follow-up cannot be used as it was given."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Share of a group still without the event, by time.

    Attributes:
        name: What the group is called.
        months: Follow-up of each patient, (N,), sorted.
        died: Whether it ended with the event, (N,), in the same order.
        times: Months at which the curve may fall, (T,), rising, from 0.
        survival: Share from each time on, (T,), 1 at first.
        lower: Lower end of the 95% interval, (T,), on the log-log scale.
        upper: Upper end, (T,).
        median: Months at which at most half are left; infinite if never.
        median_interval: Its 95% interval; an end is infinite where the follow-up does not tell.
    """

    name: str
    months: Floats
    died: Bools
    times: Floats
    survival: Floats
    lower: Floats
    upper: Floats
    median: float
    median_interval: tuple[float, float]

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.months)

    @property
    def num_events(self) -> int:
        """Number of patients with the event."""
        return int(self.died.sum())

    @property
    def censored(self) -> Floats:
        """Months at which the follow-up of a patient ends without the event, sorted."""
        return self.months[~self.died]

    def at_risk(self, times: Floats) -> Codes:
        """Count the patients still followed, and without the event before, at each time."""
        counts: Codes = (self.n - np.searchsorted(self.months, times, side="left")).astype(np.int64)
        return counts

    def at(self, times: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the share at each time, and both ends of its interval."""
        place = np.searchsorted(self.times, times, side="right") - 1
        return self.survival[place], self.lower[place], self.upper[place]


def fit_curve(months: Floats, died: Bools, name: str) -> Curve:
    """Estimate the survival of a group.

    Args:
        months: Follow-up of N patients, each once, (N,), float64, 0 or longer.
        died: Whether it ended with the event, (N,); otherwise they were last seen then.
        name: What the group is called.

    Returns:
        The product-limit estimate. It takes for granted that those lost to follow-up fare as the
        others do.

    Raises:
        SurvivalError: If there is no patient, or a time is unknown or negative.

    References:
        Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; interval: Kalbfleisch and
        Prentice 2002, The statistical analysis of failure time data, section 1.4.1.
    """
    months, died = np.asarray(months, dtype=np.float64), np.asarray(died, dtype=bool)
    _require_times(months, name)
    from lifelines import KaplanMeierFitter

    order = np.argsort(months, kind="stable")
    fitted = KaplanMeierFitter().fit(months[order], died[order])
    survival = fitted.survival_function_.iloc[:, 0]
    times, shares = survival.index.to_numpy(dtype=np.float64), survival.to_numpy(dtype=np.float64)
    interval = fitted.confidence_interval_survival_function_
    lower, upper = _close(shares, *interval.to_numpy(dtype=np.float64).T)
    return Curve(
        name=name,
        months=months[order],
        died=died[order],
        times=times,
        survival=shares,
        lower=lower,
        upper=upper,
        median=_first_half(times, shares),
        median_interval=(_first_half(times, lower), _first_half(times, upper)),
    )


def _require_times(months: Floats, name: str) -> None:
    if not len(months) or np.isnan(months).any() or months.min() < 0:
        raise SurvivalError(
            f"Follow-up of {name!r}: found {len(months)} patients, {int(np.isnan(months).sum())} "
            f"unknown and {int((months < 0).sum())} negative times, expected at least one patient "
            "and known times of 0 or longer. Leave the others out."
        )


def _close(shares: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Fill the interval where its scale has no number: all are left, or nobody is."""
    nobody = shares <= 0
    lower = np.where(shares >= 1, 1.0, np.where(nobody | np.isnan(lower), 0.0, lower))
    upper = np.where(shares >= 1, 1.0, upper)
    for place in np.flatnonzero(nobody | np.isnan(upper)):
        upper[place] = upper[place - 1] if place else 1.0
    return lower, upper


def _first_half(times: Floats, shares: Floats) -> float:
    places = np.flatnonzero(shares <= 0.5 + ROUNDING)
    return float(times[places[0]]) if len(places) else float("inf")


@dataclass(frozen=True, kw_only=True)
class RestrictedMean:
    """Mean time without the event within a horizon: the area below the curve.

    Attributes:
        horizon: Months that are looked at.
        months: The mean, 0..horizon.
        lower: Lower end of its 95% interval.
        upper: Upper end.
    """

    horizon: float
    months: float
    lower: float
    upper: float


def restricted_mean(curve: Curve, horizon: float) -> RestrictedMean:
    """Measure the area below a curve up to a horizon.

    Args:
        curve: The curve.
        horizon: Months; at most the longest follow-up, beyond which nothing is known.

    Raises:
        SurvivalError: If nobody was followed that long, or the horizon is not positive.

    References:
        Klein and Moeschberger 2003, Survival analysis, doi:10.1007/b97377, section 4.5.
    """
    if not 0 < horizon <= curve.months[-1]:
        raise SurvivalError(
            f"Found a horizon of {horizon:g} months for {curve.name!r}, expected more than 0 and "
            f"at most {curve.months[-1]:g}, its longest follow-up. Choose a shorter horizon."
        )
    inside = curve.times < horizon
    times, shares = curve.times[inside], curve.survival[inside]
    areas = shares * np.diff(np.append(times, horizon))
    beyond = areas[::-1].cumsum()[::-1]  # area from each time to the horizon
    risk = curve.at_risk(times).astype(np.float64)
    deaths = np.bincount(
        np.searchsorted(times, curve.months[curve.died & (curve.months < horizon)]),
        minlength=len(times),
    )
    left = risk * (risk - deaths)
    terms = np.divide(beyond**2 * deaths, left, out=np.zeros_like(beyond), where=left > 0)
    mean, reach = float(areas.sum()), float(Z95 * np.sqrt(terms.sum()))
    return RestrictedMean(
        horizon=horizon, months=mean, lower=max(mean - reach, 0.0), upper=min(mean + reach, horizon)
    )


@dataclass(frozen=True, kw_only=True)
class LogRank:
    """Whether curves differ by more than chance.

    Attributes:
        p_value: Of the hypothesis that all hazards are the same at all times.
        statistic: Chi-square.
        freedom: Its degrees of freedom: groups less one.
    """

    p_value: float
    statistic: float
    freedom: int


def compare_curves(curves: Sequence[Curve]) -> LogRank | None:
    """Test whether groups differ in their hazard; nothing is held fixed.

    It finds differences that last; curves that cross may differ much and not be found.

    Args:
        curves: Two groups or more, nobody in two of them.

    Returns:
        The test; None where there are fewer than two groups, or nobody has the event.

    References:
        Mantel 1966, Evaluation of survival data and two new rank order statistics.
    """
    if len(curves) < 2 or not any(curve.num_events for curve in curves):
        return None
    from lifelines.statistics import multivariate_logrank_test

    months = np.concatenate([curve.months for curve in curves])
    died = np.concatenate([curve.died for curve in curves])
    groups = np.repeat(np.arange(len(curves)), [curve.n for curve in curves])
    found = multivariate_logrank_test(months, groups, died)
    return LogRank(
        p_value=float(found.p_value),
        statistic=float(found.test_statistic),
        freedom=len(curves) - 1,
    )
