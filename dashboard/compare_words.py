"""What the survival of groups says, in plain sentences. No Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard.compare_survival import CHANGES_BELOW, Comparison
from dashboard.formatting import months, p_value, ratio
from dashboard.wording import count
from engine.epidemiology.group_survival import GroupHazards, HazardLine

FEWEST_EVENTS_EACH = 10
"""Events for each estimated ratio below which estimates are unsteady (Peduzzi et al. 1995)."""
SURE_BELOW = 0.05


def say_difference(found: Comparison) -> str:
    """Say whether the curves differ."""
    endpoint = found.endpoint.words
    if found.log_rank is None:
        return f"{endpoint}: no event was seen, so nothing can be tested"
    told = f"{p_value(found.log_rank.p_value)} with nothing held fixed"
    if found.log_rank.p_value < SURE_BELOW:
        return f"{endpoint} differs between the groups beyond chance, log-rank {told}"
    return (
        f"{endpoint}: no difference beyond chance was found, log-rank {told}. That does not show "
        "that there is none"
    )


def say_held(fixed: Sequence[str], covariates: Sequence[str]) -> str:
    """Say what the adjusted hazard ratios hold fixed."""
    parts = []
    if fixed:
        parts.append(f"compared within {_listed([name.lower() for name in fixed])}")
    if covariates:
        parts.append(f"adjusted for {_listed([name.lower() for name in covariates])}")
    return "; ".join(parts)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def say_hazard(line: HazardLine, reference: str, endpoint_events: str) -> str:
    """Say one hazard ratio."""
    if math.isnan(line.ratio):
        return f"{line.name}: cannot be told apart from what is held fixed"
    if line.ratio == 0 or math.isinf(line.ratio):
        return (
            f"{line.name}: among those who can be compared only one side has {endpoint_events}, so "
            "there is no ratio to tell"
        )
    return (
        f"{line.name} against {reference}: hazard ratio "
        f"{ratio(line.ratio, line.lower, line.upper)}, {p_value(line.p_value)}; "
        f"{count(line.patients, 'patient')}, {line.events:,} {endpoint_events}"
    )


def say_model(found: GroupHazards, names: Sequence[str]) -> tuple[str, ...]:
    """Say what a model rests on, and what it cannot tell, one sentence each."""
    told = [
        f"{count(found.num_patients, 'patient')} and {count(found.num_events, 'event')} in the "
        "model."
    ]
    if found.num_variables:
        told = [
            f"{told[0][:-1]}, {found.events_per_variable:,.0f} events per estimated ratio. All "
            f"groups alike: {p_value(found.p_value)} (likelihood ratio)."
        ]
    if found.events_per_variable < FEWEST_EVENTS_EACH:
        told.append(
            f"Fewer than {FEWEST_EVENTS_EACH} events per estimated ratio: the estimates are "
            "unsteady. Hold less fixed."
        )
    if found.num_unknown:
        told.append(f"{count(found.num_unknown, 'patient')} left out: a covariate is not known.")
    alone = found.num_patients - found.num_compared
    if alone:
        told.append(
            f"{count(alone, 'patient')} in strata with one group only: they tell nothing of the "
            "difference."
        )
    if found.without_events:
        told.append(
            f"No event, and so no ratio: {', '.join(names[g] for g in found.without_events)}."
        )
    return tuple(told)


def say_proportionality(hazards: GroupHazards, found: Comparison) -> str:
    """Say whether hazard ratios stay the same over time, and what follows if not."""
    changing = [line for line in hazards.groups if line.change_p_value < CHANGES_BELOW]
    known = [line.change_p_value for line in hazards.groups if not math.isnan(line.change_p_value)]
    if not known:
        return ""
    if not changing:
        return (
            f"No sign that a hazard ratio changes over time (smallest {p_value(min(known))} by "
            "Schoenfeld residuals). With few events the check misses much."
        )
    told = "; ".join(
        f"{line.name} {'rises' if line.rises else 'falls'}, {p_value(line.change_p_value)}"
        for line in changing
    )
    return (
        f"Hazard ratios change over time ({told}, by Schoenfeld residuals). A ratio is then an "
        f"average over the follow-up: early and late differ. {_instead(found)}"
    )


def _instead(found: Comparison) -> str:
    if not found.means:
        return "Read the curves instead."
    told = "; ".join(
        f"{curve.name} {mean.months:.1f} ({mean.lower:.1f} to {mean.upper:.1f})"
        for curve, mean in zip(found.curves, found.means, strict=True)
    )
    return (
        f"Read the curves, and the mean time without the event within the first "
        f"{months(found.means[0].horizon)}, which assumes nothing of the kind: {told}."
    )
