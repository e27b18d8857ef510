"""What was found of an outcome, in sentences and tables. Pure."""

from __future__ import annotations

import pandas as pd

from dashboard.biomarkers import Answer
from dashboard.formatting import q_value, ratio
from dashboard.model_effects import ModelEffect
from engine.epidemiology.biomarkers import Biomarker, Biomarkers
from engine.epidemiology.pair_biomarkers import PairBiomarker

FOUND_BELOW = 0.1
"""False discovery rate below which an association is called one."""


def say(singles: Biomarkers) -> str:
    """Say in plain sentences what was found, and when nothing was."""
    tested = len(singles.markers)
    if not tested:
        return (
            "No gene is altered in enough of these patients to be tested. Choose more cohorts, or "
            "another kind of alteration."
        )
    hits = [m for m in singles.markers if m.q_value < FOUND_BELOW]
    opening = f"{singles.num_patients:,} patients, {tested:,} genes tested."
    if not hits:
        return (
            f"{opening} None goes with this outcome at a false discovery rate below "
            f"{FOUND_BELOW:.0%}. That is not evidence of no effect: read the intervals."
        )
    named = ", ".join(_say_hit(marker, singles.kind) for marker in hits[:3])
    again = sum(m.replication.is_replicated for m in hits)
    word = (
        f"{again} of them were found in one cohort and seen again in another"
        if len(singles.cohorts) > 1
        else "there is one cohort only, so nothing can be seen again"
    )
    return (
        f"{opening} {len(hits):,} go with it at a false discovery rate below {FOUND_BELOW:.0%}: "
        f"{named}{', …' if len(hits) > 3 else ''}; {word}."
    )


def _say_hit(marker: Biomarker, kind: str) -> str:
    effect = marker.overall
    return f"{marker.feature.name} ({kind} {ratio(effect.ratio)}, {q_value(marker.q_value)})"


def say_pairs(pairs: tuple[PairBiomarker, ...]) -> str:
    """Say whether two alterations together do what neither does alone."""
    if not pairs:
        return (
            "No two genes are altered together, apart and not at all in at least 8 patients each, "
            "so no pair can be tested."
        )
    hits = [pair for pair in pairs if pair.interaction.q_value < FOUND_BELOW]
    if not hits:
        return (
            f"{len(pairs):,} pairs tested. None does more or less together than the two do apart, "
            f"at a false discovery rate below {FOUND_BELOW:.0%}. Few patients have both, so only a "
            "strong interaction could have been found; read the intervals."
        )
    first = hits[0]
    return (
        f"{len(pairs):,} pairs tested, {len(hits):,} with an interaction at a false discovery rate "
        f"below {FOUND_BELOW:.0%}; first {first.first.name} and {first.second.name}, ratio "
        f"{ratio(first.interaction.ratio)} ({q_value(first.interaction.q_value)})."
    )


def single_table(found: Answer) -> pd.DataFrame:
    """List single features, the one with most evidence first."""
    markers = found.singles.markers if found.singles else ()
    effects = found.effects or (None,) * len(markers)
    rows = zip(markers, effects, strict=True)
    return pd.DataFrame([_single_row(marker, model) for marker, model in rows])


def _single_row(marker: Biomarker, model: ModelEffect | None) -> dict[str, object]:
    effect, seen = marker.overall, marker.replication
    row: dict[str, object] = {
        "Gene": marker.feature.name,
        "Altered": effect.carriers,
        "n": effect.known,
        "Ratio": effect.ratio,
        "Lower": effect.lower,
        "Upper": effect.upper,
        "q": marker.q_value,
        "Replication": say_replication(marker),
    }
    if model is not None:
        row["Model effect"] = 100 * model.difference
    return row | {
        "Pooled": marker.pooled.ratio,
        "Pooled lower": marker.pooled.lower,
        "Pooled upper": marker.pooled.upper,
        "I2": 100 * marker.pooled.inconsistency,
        "Cohorts": marker.pooled.num_cohorts,
        "Events": effect.events,
        "Found in": ", ".join(seen.found_in),
        "Seen in": ", ".join(seen.seen_in),
        "Opposed in": ", ".join(seen.opposed_in),
    }


def say_replication(marker: Biomarker) -> str:
    """Say in a word or two whether a finding was seen again."""
    seen = marker.replication
    if len(marker.by_cohort) < 2:
        return "one cohort"
    if not seen.found_in:
        return "in no cohort alone"
    if seen.opposed_in:
        return "opposed"
    return "seen again" if seen.is_replicated else "not seen again"


def pair_table(found: Answer) -> pd.DataFrame:
    """List pairs, the one with most evidence of an interaction first."""
    table = pd.DataFrame(
        [
            {
                "Pair": f"{pair.first.name} + {pair.second.name}",
                "Both": pair.both.carriers,
                "Ratio both": pair.both.ratio,
                "Lower": pair.both.lower,
                "Upper": pair.both.upper,
                "Ratio first only": pair.first_only.ratio,
                "Ratio second only": pair.second_only.ratio,
                "Interaction": pair.interaction.ratio,
                "Interaction lower": pair.interaction.lower,
                "Interaction upper": pair.interaction.upper,
                "q": pair.interaction.q_value,
            }
            for pair in found.pairs
        ]
    )
    if found.effects:
        table["Model effect"] = [100 * effect.difference for effect in found.effects]
    return table
