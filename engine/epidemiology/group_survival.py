"""Hazard ratios of groups, with covariates and strata, and whether they may be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.epidemiology.group_hazards import CoxFit, fit_cox, likelihood_ratio, wald
from engine.epidemiology.proportionality import check_proportionality
from engine.training.treated import Times

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
Objects = NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Adjustment:
    """What is held fixed when hazards of groups are compared; all of N tumors.

    Args:
        numbers: Covariates that are numbers, by name, (N,), NaN where not known.
        labels: Covariates that are labels, by name, (N,), None where not known. Each value has a
            hazard of its own, against the most frequent.
        strata: Stratum of each tumor, (N,): only tumors of one stratum are compared.
    """

    numbers: Mapping[str, Floats]
    labels: Mapping[str, Objects]
    strata: Codes

    def known(self) -> Mask:
        """Of which tumors all covariates are known, (N,), bool."""
        known = np.ones(len(self.strata), dtype=bool)
        for values in self.numbers.values():
            known &= ~np.isnan(values)
        for texts in self.labels.values():
            known &= ~pd.isna(texts)
        return known


@dataclass(frozen=True, kw_only=True)
class HazardLine:
    """The hazard of a group, or of one unit of a covariate, against its reference.

    Attributes:
        name: What it is called.
        ratio: Hazard ratio, above 1 is an earlier event; NaN where there is none to tell.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        p_value: Two-sided.
        patients: Patients of the group; all of them for a covariate.
        events: Their events.
        change_p_value: Of the hypothesis that the ratio stays the same over time.
        rises: Whether the ratio rises with time, if it changes.
    """

    name: str
    ratio: float
    lower: float
    upper: float
    p_value: float
    patients: int
    events: int
    change_p_value: float
    rises: bool


@dataclass(frozen=True, kw_only=True)
class GroupHazards:
    """Hazards of groups against one of them.

    Attributes:
        reference: Number of the group that the others are set against.
        groups: The other groups that have an event, in their order.
        covariates: What else was in the model.
        without_events: Numbers of groups without any event, which have no ratio.
        num_patients: Patients in the model.
        num_events: Their events.
        num_unknown: Patients left out because a covariate is not known.
        num_compared: Patients in strata that hold more than one group; only they tell of groups.
        num_variables: Ratios that were estimated.
        p_value: Of the hypothesis that all groups have the same hazard, by likelihood ratio.
    """

    reference: int
    groups: tuple[HazardLine, ...]
    covariates: tuple[HazardLine, ...]
    without_events: tuple[int, ...]
    num_patients: int
    num_events: int
    num_unknown: int
    num_compared: int
    num_variables: int
    p_value: float

    @property
    def events_per_variable(self) -> float:
        """Events for each ratio; below ten estimates are unsteady."""
        return self.num_events / self.num_variables if self.num_variables else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Design:
    """Columns of the model: groups, then covariates."""

    names: tuple[str, ...]
    columns: Floats
    num_groups: int


def compare_hazards(
    names: tuple[str, ...], codes: Codes, times: Times, adjustment: Adjustment, reference: int = 0
) -> GroupHazards | None:
    """Compare the hazards of groups.

    Args:
        names: What the K groups are called.
        codes: Group of each of N tumors, (N,), one tumor of each person; -1 in none.
        times: Follow-up of the tumors, NaN where not known.
        adjustment: What is held fixed.
        reference: Group that the others are set against.

    Returns:
        The ratios; None where fewer than two groups have an event, or the reference has none.
    """
    followed, known = (codes >= 0) & (times.months > 0), adjustment.known()
    rows = np.flatnonzero(followed & known)
    events = np.bincount(codes[rows][times.ended[rows]], minlength=len(names))
    with_events = events > 0
    if not with_events[reference] or with_events.sum() < 2:
        return None
    rows = rows[with_events[codes[rows]]]
    others = [g for g in np.flatnonzero(with_events).tolist() if g != reference]
    design = _design(names, codes[rows], others, (adjustment, rows))
    part, strata = times.take(rows), adjustment.strata[rows]
    fit = fit_cox(design.columns, part, strata)
    reduced = fit_cox(design.columns[:, design.num_groups :], part, strata)
    lines = _lines(fit, design, codes[rows], (others, part))
    return GroupHazards(
        reference=reference,
        groups=lines[: design.num_groups],
        covariates=lines[design.num_groups :],
        without_events=tuple(np.flatnonzero(~with_events).tolist()),
        num_patients=len(rows),
        num_events=int(part.ended.sum()),
        num_unknown=int((followed & ~known).sum()),
        num_compared=_num_compared(codes[rows], strata),
        num_variables=int(fit.estimable.sum()),
        p_value=likelihood_ratio(fit, reduced),
    )


def _design(
    names: tuple[str, ...], codes: Codes, others: list[int], given: tuple[Adjustment, Codes]
) -> _Design:
    adjustment, rows = given
    columns = [(codes == group).astype(np.float64) for group in others]
    titles = [names[group] for group in others]
    for name, values in adjustment.numbers.items():
        columns.append(values[rows])
        titles.append(name)
    for name, texts in adjustment.labels.items():
        place, found = pd.factorize(texts[rows])
        order = np.argsort(-np.bincount(place, minlength=len(found)), kind="stable")
        for value in order[1:].tolist():
            columns.append((place == value).astype(np.float64))
            titles.append(f"{name}: {found[value]}, against {found[order[0]]}")
    return _Design(names=tuple(titles), columns=np.stack(columns, axis=1), num_groups=len(others))


def _lines(
    fit: CoxFit, design: _Design, codes: Codes, given: tuple[list[int], Times]
) -> tuple[HazardLine, ...]:
    others, times = given
    checks = check_proportionality(fit)
    lines = []
    for column, name in enumerate(design.names):
        of_group = codes == others[column] if column < len(others) else np.ones_like(codes) > 0
        ratio, lower, upper, p_value = wald(
            float(fit.log_ratios[column]), float(fit.standard_errors[column])
        )
        lines.append(
            HazardLine(
                name=name,
                ratio=ratio,
                lower=lower,
                upper=upper,
                p_value=p_value,
                patients=int(of_group.sum()),
                events=int((of_group & times.ended).sum()),
                change_p_value=checks[column].p_value,
                rises=checks[column].rises,
            )
        )
    return tuple(lines)


def _num_compared(codes: Codes, strata: Codes) -> int:
    """Count the patients in strata that hold more than one group."""
    pairs = np.unique(np.stack([strata, codes]), axis=1)
    found, times = np.unique(pairs[0], return_counts=True)
    return int(np.isin(strata, found[times > 1]).sum())
