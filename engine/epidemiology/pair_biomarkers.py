"""Pairs of alterations and an outcome: is the pair more than the two by themselves?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from engine.epidemiology.associations import find_q_values
from engine.epidemiology.biomarkers import (
    DEFAULTS,
    BiomarkerConfig,
    Pool,
    estimate,
    forest,
    pool,
    pool_of,
)
from engine.epidemiology.counts import Feature, Features
from engine.epidemiology.effects import Effect, Effects, Outcome, concatenate, effect_of
from engine.progress import Progress, no_progress

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

CHUNK = 256
"""Pairs that are laid out at once."""


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """How many times the effect of one alteration changes when the other is there.

    Attributes:
        ratio: Ratio of odds or hazard ratios; 1 where the two act independently.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        p_value: Two-sided.
        q_value: False discovery rate among the pairs tested.
    """

    ratio: float
    lower: float
    upper: float
    p_value: float
    q_value: float


@dataclass(frozen=True, kw_only=True)
class PairBiomarker:
    """Two features and the outcome; effects are against patients with neither.

    Attributes:
        first: One feature.
        second: The other.
        both: Effect of having both.
        first_only: Effect of the first where the second is absent.
        second_only: Effect of the second where the first is absent.
        interaction: Effect of the first with the second over its effect without.
        pooled: Mean of the cohorts' effects of having both.
        by_cohort: Effect of having both in each cohort that has an estimate.
    """

    first: Feature
    second: Feature
    both: Effect
    first_only: Effect
    second_only: Effect
    interaction: Interaction
    pooled: Pool
    by_cohort: tuple[tuple[str, Effect], ...]


def find_pair_biomarkers(  # noqa: PLR0913 - the cohort, its outcome, what is held fixed, which
    features: Features,
    outcome: Outcome,
    cohorts: Sequence[str],
    strata: Codes,
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
    config: BiomarkerConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> tuple[PairBiomarker, ...]:
    """Test whether two features together do what neither does alone.

    Args:
        features: Features of N tumors, one tumor per patient.
        outcome: What happened to the N patients.
        cohorts: Cohort of each.
        strata: Stratum of each within a cohort, (N,).
        pairs: Columns of the features of each pair; the pairs of the most frequent features by
            default. Pairs named here are told even where patients are few.
        config: What is tested.
        progress: Told the number of pairs done; may raise to stop.

    Returns:
        Pairs, the one with most evidence of an interaction first. Few patients have both: only a
        strong interaction can be found, and none found is not none there.
    """
    rows = np.flatnonzero(outcome.known)
    features, outcome = features.take(rows), outcome.take(rows)
    names = np.asarray(cohorts, dtype=object)[rows]
    chosen, wanted = _wanted(features, pairs, config)
    has, known = chosen.dense()
    if pairs is None:
        wanted = wanted[_is_frequent(has, known, wanted, config.least_carriers)]
    done = []
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        done.append(_estimate(has, known, part, outcome, names, strata[rows]))
        progress("Testing pairs", min(start + CHUNK, len(wanted)), len(wanted))
    return _summarize(chosen.features, wanted, done) if done else ()


def _wanted(
    features: Features, pairs: Sequence[tuple[int, int]] | None, config: BiomarkerConfig
) -> tuple[Features, Codes]:
    """Choose features, and pairs of their new columns, (M, 2)."""
    if pairs is not None:
        columns, places = np.unique(np.array(pairs, dtype=np.int64), return_inverse=True)
        return features.choose(columns), places.reshape(-1, 2)
    positive, _ = features.count(np.zeros(features.num_tumors, dtype=np.int64), 1)
    chosen: dict[str, int] = {}
    for column in np.argsort(-positive[0], kind="stable"):
        if len(chosen) < config.most_singles and positive[0][column] >= 2 * config.least_carriers:
            chosen.setdefault(features.features[column].name, int(column))
    every = np.stack(np.triu_indices(len(chosen), k=1), axis=1)
    return features.choose(np.array(list(chosen.values()), dtype=np.int64)), every


def _is_frequent(has: Mask, known: Mask, pairs: Codes, least: int) -> Mask:
    """Tell which pairs have enough patients with both, either one and neither."""
    yes, no = has.astype(np.float32), (known & ~has).astype(np.float32)
    a, b = pairs[:, 0], pairs[:, 1]
    counts = ((left.T @ right)[a, b] for left in (yes, no) for right in (yes, no))
    enough: Mask = np.min(np.stack(list(counts)), axis=0) >= least
    return enough


@dataclass(frozen=True, kw_only=True, eq=False)
class _Estimated:
    """Effects of M pairs; the contrasts are named by what is compared."""

    both: Effects
    by_cohort: dict[str, Effects]
    first_only: Effects
    second_only: Effects
    first_with_second: Effects


def _estimate(
    has: Mask,
    known: Mask,
    pairs: Codes,
    outcome: Outcome,
    cohorts: NDArray[np.object_],
    strata: Codes,
) -> _Estimated:
    profiled = known[:, pairs[:, 0]] & known[:, pairs[:, 1]]
    first, second = has[:, pairs[:, 0]] & profiled, has[:, pairs[:, 1]] & profiled
    neither = profiled & ~first & ~second

    def compare(carriers: Mask, others: Mask) -> tuple[Effects, dict[str, Effects]]:
        return estimate(carriers, carriers | others, outcome, cohorts, strata)

    both, by_cohort = compare(first & second, neither)
    return _Estimated(
        both=both,
        by_cohort=by_cohort,
        first_only=compare(first & ~second, neither)[0],
        second_only=compare(second & ~first, neither)[0],
        first_with_second=compare(first & second, second & ~first)[0],
    )


def _summarize(
    features: Sequence[Feature], pairs: Codes, done: Sequence[_Estimated]
) -> tuple[PairBiomarker, ...]:
    joined = {
        name: concatenate([getattr(part, name) for part in done])
        for name in ("both", "first_only", "second_only", "first_with_second")
    }
    cohorts = {
        name: concatenate([part.by_cohort[name] for part in done]) for name in done[0].by_cohort
    }
    pooled = pool(cohorts)
    logs, errors, q_values = _interactions(joined["first_with_second"], joined["first_only"])
    with np.errstate(divide="ignore", invalid="ignore"):
        order = np.argsort(-np.nan_to_num(np.abs(logs / errors), nan=-1.0), kind="stable")
    return tuple(
        PairBiomarker(
            first=features[pairs[i, 0]],
            second=features[pairs[i, 1]],
            both=effect_of(joined["both"], i),
            first_only=effect_of(joined["first_only"], i),
            second_only=effect_of(joined["second_only"], i),
            interaction=_interaction(logs[i], errors[i], q_values[i]),
            pooled=pool_of(pooled, i),
            by_cohort=forest(cohorts, i),
        )
        for i in order.tolist()
    )


def _interactions(with_other: Effects, without: Effects) -> tuple[Floats, Floats, Floats]:
    """Return the log ratios of ratios, their standard errors and q-values; NaN where unknown."""
    with np.errstate(invalid="ignore"):
        logs = with_other.log_ratio - without.log_ratio
        errors = np.hypot(with_other.standard_error, without.standard_error)
    usable = np.isfinite(logs) & np.isfinite(errors) & (errors > 0)
    logs, errors = np.where(usable, logs, np.nan), np.where(usable, errors, np.nan)
    p_values = 2 * norm.sf(np.abs(logs / errors))
    return logs, errors, find_q_values(p_values, usable)


def _interaction(log_ratio: float, error: float, q_value: float) -> Interaction:
    reach = norm.ppf(0.975) * error
    return Interaction(
        ratio=float(np.exp(log_ratio)),
        lower=float(np.exp(log_ratio - reach)),
        upper=float(np.exp(log_ratio + reach)),
        p_value=float(2 * norm.sf(abs(log_ratio) / error)),
        q_value=float(q_value),
    )
