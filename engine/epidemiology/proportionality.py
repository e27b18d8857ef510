"""Whether hazard ratios stay the same over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from engine.epidemiology.group_hazards import CoxFit


@dataclass(frozen=True, kw_only=True)
class Proportionality:
    """Whether one covariate's hazard ratio stays the same over time.

    Attributes:
        p_value: Of the hypothesis that it does; NaN without an estimate.
        statistic: Chi-square with one degree of freedom.
        rises: Whether the ratio rises with time, if it changes.
    """

    p_value: float
    statistic: float
    rises: bool


def check_proportionality(fit: CoxFit) -> tuple[Proportionality, ...]:
    """Test each covariate by its scaled Schoenfeld residuals against time.

    Args:
        fit: The model.

    Returns:
        A test for each of the P covariates. Time is measured by the share of patients with the
        event by then, so that a few late events do not decide. With thousands of events it finds
        changes too small to matter; with few it finds none.

    References:
        Grambsch and Therneau 1994, doi:10.1093/biomet/81.3.515.
    """
    kept = fit.estimable
    apart = fit.event_shares - fit.event_shares.mean()
    spread = float(apart @ apart)
    covariance = fit.covariance[np.ix_(kept, kept)]
    scaled = fit.num_events * fit.residuals[:, kept] @ covariance
    slopes, variances = apart @ scaled, np.diag(covariance) * fit.num_events * spread
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = slopes**2 / variances
    found = iter(zip(statistics.tolist(), slopes.tolist(), strict=True))
    tests = []
    for is_kept in kept:
        statistic, slope = next(found) if is_kept else (float("nan"), 0.0)
        p_value = float(chi2.sf(statistic, 1))
        tests.append(Proportionality(p_value=p_value, statistic=statistic, rises=slope > 0))
    return tuple(tests)
