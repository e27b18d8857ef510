"""Proportional hazards with a ridge penalty, stratified: only tumors of one stratum are compared.

Tied deaths are treated as Breslow does, which keeps patient weights exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.errors import TrainingError

Floats = NDArray[np.float64]

SOLVER = {"maxiter": 500, "maxcor": 20, "ftol": 1e-10, "gtol": 1e-6}
"""Stops when a step gains less than 1e-10 of the loss; a ridge fit takes 30 to 100 steps."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Tumors of patients who were followed.

    Args:
        inputs: Features in comparable units, (N, F), float64.
        months: Time until death or the last contact, (N,), float64.
        died: Whether the time ends with death, (N,), bool.
        strata: Stratum of each tumor, (N,), int64; hazards of two strata are never compared.
    """

    inputs: Floats
    months: Floats
    died: NDArray[np.bool_]
    strata: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse columns of different lengths, and data without a death."""
        lengths = {len(self.inputs), len(self.months), len(self.died), len(self.strata)}
        if len(lengths) != 1:
            raise TrainingError(
                f"Found columns of {sorted(lengths)} tumors, expected one value per tumor. Read "
                "the survival times again."
            )
        if not self.died.any():
            raise TrainingError(
                "Found no death among the tumors, expected at least one. Add studies with "
                "overall survival."
            )

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Followed:
        """Select tumors."""
        return Followed(
            inputs=self.inputs[rows],
            months=self.months[rows],
            died=self.died[rows],
            strata=self.strata[rows],
        )


@dataclass(frozen=True)
class _Order:
    """Tumors by stratum, the longest followed first: those at risk with a tumor stand before it."""

    rows: NDArray[np.int64]  # (N,) of the tumors
    bounds: NDArray[np.int64]  # (S + 1,) places where the strata start and end
    first_tied: NDArray[np.int64]  # (N,) first place with the same time in the stratum
    last_tied: NDArray[np.int64]  # (N,) last such place


def fit_cox(
    followed: Followed,
    penalty: Floats | float,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> Floats:
    """Fit the logarithms of the hazard ratios.

    Args:
        followed: N tumors with F features.
        penalty: Ridge penalty of each coefficient, (F,) or one for all; the loss is divided by the
            weighted number of deaths.
        weights: Weight of each tumor, (N,); all ones by default.
        offset: Log-risk that is known beforehand, (N,); none by default.
        start: Coefficients to start from, (F,).

    Returns:
        Coefficients, (F,), float64; higher is a higher hazard.

    References:
        Breslow 1974, Covariance analysis of censored survival data, doi:10.2307/2529620.
    """
    order = _order(followed)
    inputs = followed.inputs[order.rows]
    weight = np.ones(len(inputs)) if weights is None else weights[order.rows]
    known = np.zeros(len(inputs)) if offset is None else offset[order.rows]
    events = weight * followed.died[order.rows]
    total = events.sum()

    def objective(coefficients: Floats) -> tuple[float, Floats]:
        loss, slope = _loss(inputs @ coefficients + known, weight, events, order)
        shrunk = penalty * coefficients
        gradient = inputs.T @ slope / total + shrunk
        return loss / total + 0.5 * float(coefficients @ shrunk), gradient

    first = np.zeros(inputs.shape[1]) if start is None else start
    return np.asarray(minimize(objective, first, jac=True, method="L-BFGS-B", options=SOLVER).x)


def log_likelihood(followed: Followed, log_risks: Floats) -> float:
    """Tell how well log-risks explain who died first.

    Args:
        followed: N tumors; their features are not read.
        log_risks: Log-risk of each tumor, (N,), up to a constant in each stratum.

    Returns:
        Partial log-likelihood per death; higher is better.
    """
    order = _order(followed)
    events = followed.died[order.rows].astype(np.float64)
    loss, _ = _loss(log_risks[order.rows], np.ones(len(events)), events, order)
    return -loss / float(events.sum())


def _order(followed: Followed) -> _Order:
    rows = np.lexsort((-followed.months, followed.strata))
    strata, months = followed.strata[rows], followed.months[rows]
    new_stratum = np.concatenate([[True], strata[1:] != strata[:-1]])
    new_time = np.flatnonzero(new_stratum | np.concatenate([[True], months[1:] != months[:-1]]))
    tied = np.diff(np.append(new_time, len(rows)))
    return _Order(
        rows=rows,
        bounds=np.append(np.flatnonzero(new_stratum), len(rows)),
        first_tied=np.repeat(new_time, tied),
        last_tied=np.repeat(new_time + tied - 1, tied),
    )


def _loss(scores: Floats, weight: Floats, events: Floats, order: _Order) -> tuple[float, Floats]:
    """Return the negative partial log-likelihood and its slope by score, in the given order.

    Sums are kept as logarithms: a far step of the solver must not lose the tumors of low risk.
    """
    with np.errstate(divide="ignore"):  # a weight or an event of 0 adds nothing: minus infinity
        log_risk, log_events = scores + np.log(weight), np.log(events)
    log_at_risk = _running(log_risk, order.bounds)[order.last_tied]
    # The other way around, sums run over the earlier deaths.
    turned = len(scores) - order.bounds[::-1]
    log_hazard = _running((log_events - log_at_risk)[::-1], turned)[::-1][order.first_tied]
    died = events > 0
    loss = float(events[died] @ (log_at_risk[died] - scores[died]))
    return loss, np.exp(log_risk + log_hazard) - events


def _running(logarithms: Floats, bounds: NDArray[np.int64]) -> Floats:
    """Sum from the start of each stratum up to each place; logarithms in and out."""
    sums = np.empty_like(logarithms)
    for start, stop in pairwise(bounds):
        np.logaddexp.accumulate(logarithms[start:stop], out=sums[start:stop])
    return sums
