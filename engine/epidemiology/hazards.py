"""Hazard ratios of many yes-or-no features, one at a time, stratified.

Proportional hazards with Efron's treatment of ties. A feature that is not known of a tumor takes
that tumor out of its own comparison only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.training.treated import Times

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

FARTHEST = 12.0
"""Largest logarithm of a hazard ratio; one that does not settle before counts as infinite."""
MOST_STEPS = 30
LONGEST_STEP = 2.0
SETTLED = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Hazards:
    """Hazard ratios of F features; all (F,).

    Attributes:
        log_ratio: Logarithm; above 0 is earlier death with the feature. Infinite where all
            who died, or none of them, carry it; NaN where nothing can be compared.
        standard_error: Of the logarithm; infinite or NaN likewise.
        z: Signed root of the score test (the stratified log-rank test).
        events: Deaths among those who carry the feature, in strata with both.
        expected: Deaths among them if the feature did not matter.
    """

    log_ratio: Floats
    standard_error: Floats
    z: Floats
    events: Floats
    expected: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _AtRisk:
    """What each death meets; (E, F) but `events`, which is (F,)."""

    carriers: Floats  # at risk with the feature, less the tied deaths before, as Efron counts
    others: Floats
    events: Floats


def fit_hazards(has: Mask, known: Mask, times: Times, strata: Codes) -> Hazards:
    """Fit the hazard ratio of each feature.

    Args:
        has: Who has each feature, (N, F).
        known: Of whom it is known, (N, F).
        times: Follow-up; tumors of unknown time are left out.
        strata: Stratum of each tumor, (N,); hazards of two strata are never compared.

    Returns:
        Hazard ratios.

    References:
        Efron 1977, The efficiency of Cox's likelihood function for censored data,
        doi:10.1080/01621459.1977.10480613.
    """
    rows = np.flatnonzero(~np.isnan(times.months))
    rows = rows[np.lexsort((-times.months[rows], strata[rows]))]
    at_risk = _count_at_risk(has[rows] & known[rows], known[rows], times.take(rows), strata[rows])
    log_ratio = np.zeros(has.shape[1])
    start, information = _score(at_risk, log_ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(information > 0, start / np.sqrt(information), 0.0)
    expected = at_risk.events - start
    for _ in range(MOST_STEPS):
        slope, curve = _score(at_risk, log_ratio)
        step = np.divide(slope, curve, out=np.zeros_like(slope), where=curve > 0)
        log_ratio = np.clip(
            log_ratio + np.clip(step, -LONGEST_STEP, LONGEST_STEP), -FARTHEST, FARTHEST
        )
        if np.abs(step).max(initial=0.0) < SETTLED:
            break
    return _finish(log_ratio, _score(at_risk, log_ratio)[1], information, z, at_risk, expected)


def _finish(
    log_ratio: Floats,
    curve: Floats,
    information: Floats,
    z: Floats,
    at_risk: _AtRisk,
    expected: Floats,
) -> Hazards:
    far = np.abs(log_ratio) > FARTHEST - 0.5
    nothing = information <= 0
    with np.errstate(divide="ignore"):
        standard_error = np.where(far, np.inf, 1 / np.sqrt(curve))
    log_ratio = np.where(far, np.copysign(np.inf, log_ratio), log_ratio)
    return Hazards(
        log_ratio=np.where(nothing, np.nan, log_ratio),
        standard_error=np.where(nothing, np.nan, standard_error),
        z=z,
        events=at_risk.events,
        expected=expected,
    )


def _count_at_risk(has: Mask, known: Mask, times: Times, strata: Codes) -> _AtRisk:
    """Count who is at risk at each death; tumors are sorted by stratum, longest followed first."""
    new_stratum = np.append(True, strata[1:] != strata[:-1])
    new_time = new_stratum | np.append(True, times.months[1:] != times.months[:-1])
    first = np.flatnonzero(new_time)
    last = np.append(first[1:], len(strata)) - 1
    group_of_row = np.cumsum(new_time) - 1
    stratum_start = np.maximum.accumulate(np.where(new_stratum, np.arange(len(strata)), 0))[first]
    at_risk, at_risk_has = (_between(part, stratum_start, last) for part in (known, has))
    died, died_has = (_between(p & times.ended[:, None], first, last) for p in (known, has))
    # One row for each death; of those tied, the one of rank l meets l deaths fewer, by Efron.
    deaths = np.flatnonzero(times.ended)
    group = group_of_row[deaths]
    rank = np.arange(len(deaths)) - np.searchsorted(group, group)
    tied, tied_has = died[group], died_has[group]
    met = rank[:, None] < tied
    gone = np.divide(rank[:, None], tied, out=np.zeros(tied.shape), where=met)
    carriers = at_risk_has[group] - gone * tied_has
    others = at_risk[group] - at_risk_has[group] - gone * (tied - tied_has)
    met &= (carriers > 0) & (others > 0)
    events = np.where(met, tied_has / np.maximum(tied, 1), 0.0).sum(axis=0)
    return _AtRisk(
        carriers=np.where(met, carriers, 0.0), others=np.where(met, others, 1.0), events=events
    )


def _between(flags: Mask, first: Codes, last: Codes) -> Floats:
    """Sum rows from `first` to `last`, both included: (T, F)."""
    sums = np.zeros((len(flags) + 1, flags.shape[1]))
    np.cumsum(flags, axis=0, out=sums[1:], dtype=np.float64)
    between: Floats = sums[last + 1] - sums[first]
    return between


def _score(at_risk: _AtRisk, log_ratio: Floats) -> tuple[Floats, Floats]:
    """Return slope and curvature of the partial log-likelihood, (F,) each."""
    weighted = at_risk.carriers * np.exp(log_ratio)
    share = weighted / (weighted + at_risk.others)
    return at_risk.events - share.sum(axis=0), (share * (1 - share)).sum(axis=0)
