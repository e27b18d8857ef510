"""Survival of the neighborhood of a tumor against the rest of its type, and how to read it.

No Streamlit and no torch; lifelines is loaded when the curves are fitted.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.nearest import Space
from dashboard.neighborhood import Center, Neighborhood, surround
from dashboard.outcome_facts import Survival
from dashboard.queries import MapData, Rows
from dashboard.report import CurveTold, SurvivalTold
from dashboard.theme import SYNTHETIC_NOTE

if TYPE_CHECKING:
    from engine.epidemiology.survival_curves import Curve, LogRank

NOT_CAUSED = (
    "Neighbors are chosen by their alterations alone. Treatment, stage, age and year differ "
    "between them and are not adjusted for: the curves describe, they do not forecast this "
    "patient."
)
LATE_ENTRY = (
    "Only patients who lived until they were sequenced are counted, so that early deaths are "
    "missing from both curves."
)
ALL_TYPES = (
    "Too few tumors of its type have a known outcome, or its type is not known, so all types are "
    "compared together: a difference may only be one between tumor types."
)
UNLIKE_STUDIES = 0.2
"""Difference in the share of one study from which on it is said."""
NUM_TICKS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class NeighborhoodSurvival:
    """Curves of a neighborhood and of the rest.

    Attributes:
        near: The neighborhood.
        rest: The others.
        log_rank: Whether they differ beyond chance; None where nobody died.
        cancer_type: Type of both; None where all types are compared.
        endpoint: What is counted.
        caveats: What must be read with it.
    """

    near: Curve
    rest: Curve
    log_rank: LogRank | None
    cancer_type: str | None
    endpoint: str
    caveats: tuple[str, ...]

    @property
    def curves(self) -> tuple[Curve, Curve]:
        """Both curves."""
        return self.near, self.rest


def compare_neighborhood(
    data: MapData, space: Space, center: Center, survival: Survival
) -> NeighborhoodSurvival | None:
    """Compare the survival of the neighborhood of a tumor with that of the rest of its type.

    Args:
        data: The map.
        space: Vectors of its tumors.
        center: The tumor.
        survival: Follow-up of the tumors of the map.

    Returns:
        The curves; None where too few outcomes are known.
    """
    found = surround(data, space, center, survival)
    if found is None:
        return None
    from engine.epidemiology.survival_curves import compare_curves

    near = _curve(survival, found.near, f"{len(found.near)} most like it")
    rest = _curve(survival, found.rest, f"{len(found.rest):,} others")
    return NeighborhoodSurvival(
        near=near,
        rest=rest,
        log_rank=compare_curves((near, rest)),
        cancer_type=found.cancer_type,
        endpoint=survival.endpoint.words,
        caveats=_caveats(data, found),
    )


def _curve(survival: Survival, rows: Rows, name: str) -> Curve:
    from engine.epidemiology.survival_curves import fit_curve

    return fit_curve(survival.months[rows], survival.died[rows], name)


def _caveats(data: MapData, found: Neighborhood) -> tuple[str, ...]:
    types = () if found.cancer_type else (ALL_TYPES,)
    synthetic = (SYNTHETIC_NOTE,) if data.synthetic else ()
    return (*types, *_unlike_studies(data, found), *synthetic, NOT_CAUSED, LATE_ENTRY)


def _unlike_studies(data: MapData, found: Neighborhood) -> tuple[str, ...]:
    """Say so where the neighborhood comes from other studies than the rest does."""
    near, rest = (
        Counter(data.samples["study_id"].iloc[rows].tolist()) for rows in (found.near, found.rest)
    )
    study, number = near.most_common(1)[0]
    here, there = number / near.total(), rest[study] / rest.total()
    if here - there < UNLIKE_STUDIES:
        return ()
    return (
        f"{here:.0%} of the neighborhood come from one study, against {there:.0%} of the others: "
        "a difference may be one between studies.",
    )


def tell_survival(found: NeighborhoodSurvival) -> SurvivalTold:
    """Write the comparison as a report holds it."""
    last = max(float(curve.months[-1]) for curve in found.curves)
    ticks = np.array(nice_ticks(last))
    near, rest = (_tell(curve, ticks) for curve in found.curves)
    return SurvivalTold(
        endpoint=found.endpoint,
        cancer_type=found.cancer_type,
        curves=(near, rest),
        p_value=None if found.log_rank is None else found.log_rank.p_value,
        caveats=found.caveats,
    )


def _tell(curve: Curve, ticks: np.ndarray) -> CurveTold:
    low, high = curve.median_interval
    return CurveTold(
        name=curve.name,
        num_tumors=curve.n,
        num_events=curve.num_events,
        median=_finite(curve.median),
        median_interval=(_finite(low), _finite(high)),
        times=tuple(curve.times.tolist()),
        survival=tuple(curve.survival.tolist()),
        lower=tuple(curve.lower.tolist()),
        upper=tuple(curve.upper.tolist()),
        last_month=float(curve.months[-1]),
        ticks=tuple(ticks.tolist()),
        at_risk=tuple(curve.at_risk(ticks).tolist()),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def nice_ticks(last: float) -> list[float]:
    """Choose about five round months from 0 on that do not pass the last follow-up."""
    steps = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
    step = next((step for step in steps if last / step < NUM_TICKS + 1), steps[-1])
    return [float(month) for month in range(0, int(last) + 1, step)]
