"""Which alterations go with an outcome: cohort by cohort, pooled, and seen again elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.epidemiology.associations import find_q_values
from engine.epidemiology.counts import Feature, Features
from engine.epidemiology.effects import (
    Effect,
    Effects,
    Outcome,
    concatenate,
    effect_of,
    find_effects,
)
from engine.epidemiology.meta import PooledEffects, pool_effects
from engine.epidemiology.strata import combine
from engine.progress import Progress, no_progress

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

CHUNK = 512
"""Features that are laid out at once."""


@dataclass(frozen=True, kw_only=True)
class BiomarkerConfig:
    """What is tested, and when a finding counts as seen again.

    Args:
        least_carriers: Patients of known outcome, in all cohorts, that must carry a feature, and
            that must not; for pairs, in each of the four combinations.
        found_below: False discovery rate below which one cohort alone finds a feature.
        seen_below: P-value below which another cohort sees it again, on the same side of 1.
        most_singles: Features whose pairs are tested, the most frequent; one of each gene.
    """

    least_carriers: int = 8
    found_below: float = 0.1
    seen_below: float = 0.05
    most_singles: int = 40


DEFAULTS = BiomarkerConfig()


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The mean of the cohorts' effects, by random effects.

    Attributes:
        ratio: Odds or hazard ratio; NaN where no cohort has an estimate.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        p_value: Two-sided.
        inconsistency: I2, 0..1.
        num_cohorts: Cohorts pooled.
    """

    ratio: float
    lower: float
    upper: float
    p_value: float
    inconsistency: float
    num_cohorts: int


@dataclass(frozen=True, kw_only=True)
class Replication:
    """Where a finding was made and where it was seen again.

    Attributes:
        found_in: Cohorts that find it by themselves, all features considered, on the side of the
            clearest of them.
        seen_in: Other cohorts that see it on the same side.
        opposed_in: Cohorts that find or see it on the other side.
        unclear_in: Other cohorts with an estimate, that see nothing.
    """

    found_in: tuple[str, ...]
    seen_in: tuple[str, ...]
    opposed_in: tuple[str, ...]
    unclear_in: tuple[str, ...]

    @property
    def is_replicated(self) -> bool:
        """Whether a finding of one cohort was seen again in another, and opposed in none."""
        again = len(self.found_in) > 1 or bool(self.found_in and self.seen_in)
        return again and not self.opposed_in


@dataclass(frozen=True, kw_only=True)
class Biomarker:
    """One feature and the outcome.

    Attributes:
        feature: The feature.
        overall: Effect within cohort and stratum, all cohorts together; what is tested.
        q_value: Its false discovery rate among the features tested.
        pooled: Mean of the cohorts' effects; says how far they agree.
        by_cohort: Effect in each cohort that has an estimate, for the forest plot.
        replication: Where it was found and seen again.
    """

    feature: Feature
    overall: Effect
    q_value: float
    pooled: Pool
    by_cohort: tuple[tuple[str, Effect], ...]
    replication: Replication


@dataclass(frozen=True, kw_only=True)
class Biomarkers:
    """All features tested, the one with most evidence first.

    Attributes:
        outcome: Name of the outcome.
        kind: `odds ratio` or `hazard ratio`.
        num_patients: Patients of known outcome.
        cohorts: Patients of known outcome by cohort.
        markers: The features.
    """

    outcome: str
    kind: str
    num_patients: int
    cohorts: tuple[tuple[str, int], ...]
    markers: tuple[Biomarker, ...]


def find_biomarkers(
    features: Features,
    outcome: Outcome,
    cohorts: Sequence[str],
    strata: Codes,
    *,
    config: BiomarkerConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> Biomarkers:
    """Test each feature for an outcome.

    Args:
        features: Features of N tumors, one tumor per patient.
        outcome: What happened to the N patients.
        cohorts: Cohort of each; one for a whole map. Cohorts are never compared with each other.
        strata: Stratum of each within a cohort, (N,), for example cancer type and bins of burden.
        config: What is tested.
        progress: Told the number of features done; may raise to stop.

    Returns:
        Effects. What differs between cohorts or strata alone is none.
    """
    rows = np.flatnonzero(outcome.known)
    features, outcome = features.take(rows), outcome.take(rows)
    names = np.asarray(cohorts, dtype=object)[rows]
    columns = _frequent(features, config.least_carriers)
    chosen = features.choose(columns)
    overall, parts = _effects(chosen, outcome, names, strata[rows], progress)
    return Biomarkers(
        outcome=outcome.name,
        kind=outcome.kind,
        num_patients=len(rows),
        cohorts=tuple((name, int((names == name).sum())) for name in parts),
        markers=summarize(chosen.features, overall, parts, config),
    )


def _frequent(features: Features, least: int) -> Codes:
    positive, known = features.count(np.zeros(features.num_tumors, dtype=np.int64), 1)
    columns: Codes = np.flatnonzero((positive[0] >= least) & (known[0] - positive[0] >= least))
    return columns


def _effects(
    features: Features,
    outcome: Outcome,
    cohorts: NDArray[np.object_],
    strata: Codes,
    told: Progress,
) -> tuple[Effects, dict[str, Effects]]:
    """Estimate the effects in all cohorts together and in each."""
    total = len(features.features)
    done: list[tuple[Effects, dict[str, Effects]]] = []
    for start in range(0, max(total, 1), CHUNK):
        has, known = features.choose(np.arange(start, min(start + CHUNK, total))).dense()
        done.append(estimate(has, known, outcome, cohorts, strata))
        told("Testing features", min(start + CHUNK, total), total)
    parts = {name: concatenate([part[name] for _, part in done]) for name in done[0][1]}
    return concatenate([overall for overall, _ in done]), parts


def estimate(
    has: Mask, known: Mask, outcome: Outcome, cohorts: NDArray[np.object_], strata: Codes
) -> tuple[Effects, dict[str, Effects]]:
    """Estimate the effects of laid-out features in all cohorts together and in each.

    Args:
        has: Who has each feature, (N, F), bool.
        known: Of whom it is known, (N, F), bool.
        outcome: What happened.
        cohorts: Cohort of each, (N,).
        strata: Stratum of each within its cohort, (N,).

    Returns:
        Effects within cohort and stratum, and effects by cohort, sorted by name.
    """
    overall = find_effects(has, known, outcome, combine(cohorts, strata))
    parts = {}
    for name in sorted(set(cohorts.tolist())):
        rows = np.flatnonzero(cohorts == name)
        parts[name] = find_effects(has[rows], known[rows], outcome.take(rows), strata[rows])
    return overall, parts


def summarize(
    features: Sequence[Feature],
    overall: Effects,
    parts: dict[str, Effects],
    config: BiomarkerConfig,
) -> tuple[Biomarker, ...]:
    """Rank features by evidence, with their pooled effects and replication."""
    q_values = find_q_values(overall.p_value, overall.z != 0)
    pooled = pool(parts)
    seen = _sightings(parts, config)
    order = np.argsort(-np.abs(overall.z), kind="stable")
    return tuple(
        Biomarker(
            feature=features[i],
            overall=effect_of(overall, i),
            q_value=float(q_values[i]),
            pooled=pool_of(pooled, i),
            by_cohort=forest(parts, i),
            replication=_replication(seen, i),
        )
        for i in order.tolist()
    )


def forest(parts: dict[str, Effects], column: int) -> tuple[tuple[str, Effect], ...]:
    """List the effects of the cohorts that have an estimate, by name."""
    return tuple(
        (name, effect_of(part, column))
        for name, part in parts.items()
        if not np.isnan(part.ratio[column])
    )


def pool(parts: dict[str, Effects]) -> PooledEffects:
    """Pool the effects of cohorts; one with an infinite estimate or error is left out."""
    logs = np.stack([part.log_ratio for part in parts.values()])
    errors = np.stack([part.standard_error for part in parts.values()])
    return pool_effects(logs, errors**2)


def pool_of(pooled: PooledEffects, column: int) -> Pool:
    """Pick one pooled effect, as a ratio."""
    return Pool(
        ratio=float(np.exp(pooled.mean[column])),
        lower=float(np.exp(pooled.lower[column])),
        upper=float(np.exp(pooled.upper[column])),
        p_value=float(pooled.p_value[column]),
        inconsistency=float(pooled.inconsistency[column]),
        num_cohorts=int(pooled.num_cohorts[column]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sighting:
    """What one cohort sees of each feature, (F,)."""

    is_found: Mask
    is_seen: Mask
    z: Floats


def _sightings(parts: dict[str, Effects], config: BiomarkerConfig) -> dict[str, _Sighting]:
    seen = {}
    for name, part in parts.items():
        fewest = np.minimum(part.carriers, part.known - part.carriers)
        q_values = find_q_values(part.p_value, fewest >= config.least_carriers)
        seen[name] = _Sighting(
            is_found=np.nan_to_num(q_values, nan=1.0) < config.found_below,
            is_seen=part.p_value < config.seen_below,
            z=np.where(np.isnan(part.ratio), np.nan, part.z),
        )
    return seen


def _replication(seen: dict[str, _Sighting], column: int) -> Replication:
    """Sort the cohorts by what they see; the side is that of the clearest finding."""
    z = {n: part.z[column] for n, part in seen.items() if not np.isnan(part.z[column])}
    found = [n for n in z if seen[n].is_found[column]]
    side = np.sign(z[max(found, key=lambda n: abs(z[n]))]) if found else 0.0
    clear = [n for n in z if found and (n in found or seen[n].is_seen[column])]
    like = [n for n in clear if np.sign(z[n]) == side]
    return Replication(
        found_in=tuple(n for n in like if n in found),
        seen_in=tuple(n for n in like if n not in found),
        opposed_in=tuple(n for n in clear if n not in like),
        unclear_in=tuple(n for n in z if n not in clear),
    )
