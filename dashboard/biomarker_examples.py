"""Alterations whose effect on checkpoint blockade is disputed: always told, found or not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.formatting import p_value, ratio
from engine.epidemiology.biomarkers import Biomarker, BiomarkerConfig, find_biomarkers
from engine.epidemiology.counts import Features, Group
from engine.epidemiology.effects import Effect, Outcome
from engine.epidemiology.pair_biomarkers import PairBiomarker, find_pair_biomarkers

SINGLES = ("KMT2A", "SMARCA4")
PAIRS = (("KRAS", "STK11"), ("STK11", "KEAP1"))
"""Reported to go with response, or with the lack of it, in at least one treated cohort."""

Example = Biomarker | PairBiomarker

EVERY = BiomarkerConfig(least_carriers=1)
NOTABLE = 0.05


def find_examples(
    features: Features, outcome: Outcome, cohorts: Sequence[str], strata: np.ndarray
) -> tuple[Example, ...]:
    """Estimate the effects of the examples, however few patients have them.

    Args:
        features: Mutated genes of N tumors, one tumor per patient.
        outcome: What happened to them.
        cohorts: Cohort of each.
        strata: Stratum of each within a cohort, (N,).
    """
    columns = {f.name: i for i, f in enumerate(features.features) if f.group == Group.MUTATION}
    singles = [columns[name] for name in SINGLES if name in columns]
    pairs = [(columns[a], columns[b]) for a, b in PAIRS if a in columns and b in columns]
    found: list[Example] = []
    if singles:
        alone = find_biomarkers(features.choose(singles), outcome, cohorts, strata, config=EVERY)
        by_name = {marker.feature.name: marker for marker in alone.markers}
        found += [by_name[name] for name in SINGLES if name in by_name]
    if pairs:
        found += find_pair_biomarkers(features, outcome, cohorts, strata, pairs=pairs)
    return tuple(found)


def effect_of(example: Example) -> Effect:
    """Return the effect of having an alteration, or both of a pair."""
    return example.overall if isinstance(example, Biomarker) else example.both


def name_of(example: Example) -> str:
    """Name an example."""
    if isinstance(example, Biomarker):
        return example.feature.name
    return " + ".join(sorted((example.first.name, example.second.name)))


def say_example(example: Example, kind: str) -> str:
    """Say what the chosen cohorts tell of an example, also when they tell nothing.

    Args:
        example: The example.
        kind: `odds ratio` or `hazard ratio`.
    """
    effect = effect_of(example)
    told = f"**{name_of(example)}**: altered in {effect.carriers:,} of {effect.known:,} patients"
    if not np.isfinite(effect.p_value):
        return f"{told}; too few of them can be compared."
    verdict = "goes with it" if effect.p_value < NOTABLE else "not told apart from no difference"
    numbers = ratio(effect.ratio, effect.lower, effect.upper)
    said = f"{told}, {kind} {numbers}, {p_value(effect.p_value)}: {verdict}"
    if isinstance(example, PairBiomarker) and np.isfinite(example.interaction.p_value):
        more = example.interaction
        word = "differs" if more.p_value < NOTABLE else "is not told apart"
        said += (
            f"; together it {word} from what the two do apart (ratio "
            f"{ratio(more.ratio, more.lower, more.upper)}, {p_value(more.p_value)})"
        )
    return f"{said}."
