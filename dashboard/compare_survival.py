"""Survival of groups: curves, tests, hazard ratios, and what to make of them. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.compare_facts import Facts
from dashboard.compare_groups import Formed
from dashboard.outcome_facts import Endpoint
from dashboard.queries import MapData
from dashboard.regions import Counted
from engine.epidemiology.group_survival import (
    Adjustment,
    GroupHazards,
    HazardLine,
    compare_hazards,
)
from engine.epidemiology.strata import combine
from engine.epidemiology.survival_curves import (
    Curve,
    LogRank,
    RestrictedMean,
    compare_curves,
    fit_curve,
    restricted_mean,
)
from engine.training.treated import Times

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

CHANGES_BELOW = 0.05
"""P-value of the check below which a hazard ratio is said to change over time."""
FEWEST_AT_RISK = 10
"""Patients of each group who must be followed to the horizon of the restricted mean."""


class Fixed(StrEnum):
    """What only patients who agree in it are compared with each other; the page's words."""

    TYPE = "Tumor type"
    STUDY = "Study"
    PANEL = "Gene panel"


class Covariate(StrEnum):
    """What enters the model with a hazard of its own; the page's words."""

    AGE = "Age"
    SEX = "Sex"
    BURDEN = "Burden"


UNITS = {Covariate.AGE: "Age, per 10 years", Covariate.BURDEN: "Burden, per doubling"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of the survival of groups.

    Attributes:
        endpoint: Overall or progression-free survival.
        reference: Number of the group that the others are set against.
        fixed: What is held fixed as strata.
        covariates: What is held fixed as covariates.
    """

    endpoint: Endpoint
    reference: int
    fixed: tuple[Fixed, ...]
    covariates: tuple[Covariate, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """The survival of groups.

    Attributes:
        endpoint: What the follow-up waits for.
        reference: Number of the group that the others are set against.
        curves: A curve for each group that has a follow-up.
        slots: Number of the group of each curve.
        log_rank: Whether curves differ, nothing held fixed.
        means: Time without the event within a horizon that all groups reach, by curve; empty
            where there is no such horizon.
        crude: Hazard ratios, nothing held fixed; None where there are none.
        adjusted: Hazard ratios within what is held fixed; None likewise, or if nothing is held.
    """

    endpoint: Endpoint
    reference: int
    curves: tuple[Curve, ...]
    slots: tuple[int, ...]
    log_rank: LogRank | None
    means: tuple[RestrictedMean, ...]
    crude: GroupHazards | None
    adjusted: GroupHazards | None


def compare(
    formed: Formed, facts: Facts, where: tuple[MapData, Counted], request: Request
) -> Comparison | None:
    """Compare the survival of groups.

    Args:
        formed: The groups.
        facts: What is known of the tumors.
        where: The map and its counted alterations, for what is held fixed.
        request: What is asked.

    Returns:
        The comparison; None where fewer than two groups have a follow-up.
    """
    survival, names = facts.survival[request.endpoint], formed.groups.names
    codes = np.where(survival.known, formed.groups.codes, -1)
    slots = tuple(g for g in range(len(names)) if (codes == g).any())
    if len(slots) < 2:
        return None
    times = Times(months=survival.months, ended=survival.died)
    curves = tuple(
        fit_curve(survival.months[codes == g], survival.died[codes == g], names[g]) for g in slots
    )
    nothing = Adjustment(numbers={}, labels={}, strata=np.zeros(len(codes), dtype=np.int64))
    held = _adjustment(facts, where, request)
    return Comparison(
        endpoint=request.endpoint,
        reference=request.reference,
        curves=curves,
        slots=slots,
        log_rank=compare_curves(curves),
        means=find_means(curves),
        crude=compare_hazards(names, codes, times, nothing, request.reference),
        adjusted=compare_hazards(names, codes, times, held, request.reference)
        if request.fixed or request.covariates
        else None,
    )


def _adjustment(facts: Facts, where: tuple[MapData, Counted], request: Request) -> Adjustment:
    data, counted = where
    columns = {
        Fixed.TYPE: counted.type_codes,
        Fixed.STUDY: data.samples["study_id"].to_numpy(dtype=object),
        Fixed.PANEL: counted.panels,
    }
    held = [columns[fixed] for fixed in request.fixed]
    numbers = {Covariate.AGE: facts.age_decades, Covariate.BURDEN: facts.burden_doublings}
    return Adjustment(
        numbers={UNITS[c]: numbers[c] for c in request.covariates if c in numbers},
        labels={str(c): facts.sex for c in request.covariates if c is Covariate.SEX},
        strata=combine(*held) if held else np.zeros(len(data), dtype=np.int64),
    )


def find_means(curves: Sequence[Curve]) -> tuple[RestrictedMean, ...]:
    """Measure the time without the event within the longest horizon that all groups reach."""
    if any(curve.n < FEWEST_AT_RISK for curve in curves):
        return ()
    horizon = float(min(curve.months[-FEWEST_AT_RISK] for curve in curves))
    rounded = 12 * (horizon // 12) if horizon >= 12 else horizon
    return tuple(restricted_mean(curve, rounded) for curve in curves) if rounded > 0 else ()


def curve_table(found: Comparison) -> pd.DataFrame:
    """List the groups: patients, events, median, and restricted mean."""
    rows = []
    for place, curve in enumerate(found.curves):
        low, high = curve.median_interval
        row = {
            "Group": curve.name,
            "Patients": curve.n,
            "Events": curve.num_events,
            "Median, months": curve.median,
            "Median from": low,
            "Median to": high,
        }
        if found.means:
            mean = found.means[place]
            row |= {
                f"Mean within {mean.horizon:.0f} months": mean.months,
                "Mean from": mean.lower,
                "Mean to": mean.upper,
            }
        rows.append(row)
    return pd.DataFrame(rows).replace([np.inf], np.nan)


def step_table(found: Comparison) -> pd.DataFrame:
    """List every step of the curves, for a file."""
    parts = [
        pd.DataFrame(
            {
                "Group": curve.name,
                "Months": curve.times,
                "Survival": curve.survival,
                "Lower": curve.lower,
                "Upper": curve.upper,
                "At risk": curve.at_risk(curve.times),
            }
        )
        for curve in found.curves
    ]
    return pd.concat(parts, ignore_index=True)


def hazard_table(found: Comparison) -> pd.DataFrame:
    """List the hazard ratios, crude and adjusted, with the check of each."""
    rows = [
        _hazard_row(model, line)
        for model, hazards in (("Crude", found.crude), ("Adjusted", found.adjusted))
        if hazards is not None
        for line in (*hazards.groups, *hazards.covariates)
    ]
    return pd.DataFrame(rows)


def _hazard_row(model: str, line: HazardLine) -> dict[str, object]:
    return {
        "Model": model,
        "Compared": line.name,
        "Hazard ratio": line.ratio,
        "Lower": line.lower,
        "Upper": line.upper,
        "p": line.p_value,
        "Patients": line.patients,
        "Events": line.events,
        "p of change over time": line.change_p_value,
    }
