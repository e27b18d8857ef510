"""Fit the head of response to checkpoint blockade from few labels and many survival times.

Responses are few, and what counts as one differs between cohorts. Survival under the same treatment
tells of the same thing and is known for many more patients, so one ridge regression learns from all
of it, stratified by cohort, tumor type and drug. Burden alone is always a candidate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from engine.errors import TrainingError
from engine.heads import FROZEN, Head
from engine.progress import Progress, no_progress
from engine.random_effects import Pooled, compare_areas, pool
from engine.training.concordance import within_strata
from engine.training.cox import Floats, Followed, fit_cox
from engine.training.treated import NON_RESPONDER, RESPONDER, Times, TreatedTumors

ICB_RESPONSE = "icb_response"
RESPONSE, OVERALL, PROGRESSION = "response", "overall survival", "progression-free survival"
LEAST_SCALE = 1e-2
"""Spread in training below which a feature is taken to say nothing."""

CALIBRATION_STRENGTH = 100.0
"""Inverse penalty of the calibration; only keeps a stratum without responders finite."""

FEWEST_IN_A_CLASS = 5
"""Tumors that each class of a stratum must have to be judged by."""


@dataclass(frozen=True, kw_only=True)
class ResponseConfig:
    """How the response head is fitted.

    Args:
        reads: Fields of a `Readout` that are tried.
        penalties: Ridge penalties that are tried.
        sources: What is tried to learn from.
        burdens: Whether log burden is tried free of the penalty.
        num_folds: Folds of patients, beside leaving each cohort out.
        num_rounds: Draws of the folds.
        num_replicates: Refits to reweighted patients, for the intervals.
        seed: Seed of folds and weights.
    """

    reads: tuple[str, ...] = (FROZEN,)
    penalties: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)
    sources: tuple[tuple[str, ...], ...] = (
        (RESPONSE,),
        (RESPONSE, OVERALL),
        (RESPONSE, OVERALL, PROGRESSION),
    )
    burdens: tuple[bool, ...] = (False, True)
    num_folds: int = 5
    num_rounds: int = 3
    num_replicates: int = 50
    seed: int = 0


DEFAULTS = ResponseConfig()


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to fit the head.

    Args:
        reads: Field of a `Readout`.
        penalty: Ridge penalty.
        sources: What is learned from.
        is_burden_free: Whether log burden is free of the penalty.
        is_burden_alone: Whether nothing but burden is learned from.
    """

    reads: str
    penalty: float
    sources: tuple[str, ...]
    is_burden_free: bool
    is_burden_alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How a recipe does on patients, and on cohorts, that took no part in the fit.

    Args:
        recipe: The recipe.
        by_patient: AUROC beyond that of burden, pooled over strata, by folds of patients.
        by_cohort: The same with each cohort left out.
        survival: Concordance with overall survival beyond that of burden, within strata, by folds
            of patients.
    """

    recipe: Recipe
    by_patient: Pooled
    by_cohort: Pooled
    survival: float

    @property
    def merit(self) -> float:
        """What recipes are chosen by; higher is better, 0 is burden alone."""
        return (self.by_patient.mean + self.by_cohort.mean + self.survival) / 3


def fit_response(
    tumors: TreatedTumors, *, config: ResponseConfig = DEFAULTS, progress: Progress = no_progress
) -> tuple[Head, dict[str, Any]]:
    """Choose a recipe inside the training cohorts, and fit it to all of them.

    Args:
        tumors: Tumors of the training cohorts, one per patient.
        config: How to fit.
        progress: Told the number of recipes judged.

    Returns:
        The head, and for its card every recipe with what it reached.

    Raises:
        TrainingError: If fewer than two strata have five tumors of each class.
    """
    if len(_judged_strata(tumors)) < 2:
        raise TrainingError(
            f"Found {len(_judged_strata(tumors))} cohorts with {FEWEST_IN_A_CLASS} tumors of each "
            "response, expected two or more. Add cohorts that were treated."
        )
    recipes, judged = _recipes(config), []
    for i, recipe in enumerate(recipes):
        progress("Choosing a response head", i, len(recipes))
        judged.append(_judge(tumors, recipe, config))
    best = max(judged, key=lambda found: found.merit)
    head = _head(tumors, best.recipe, config)
    progress("Choosing a response head", len(recipes), len(recipes))
    return head, _card(tumors, judged, best)


def fit_recipe(tumors: TreatedTumors, recipe: Recipe, weights: Floats | None = None) -> Floats:
    """Fit one recipe.

    Args:
        tumors: Tumors to learn from.
        recipe: How.
        weights: Weight of each tumor, (N,); all ones by default.

    Returns:
        Weights of the features as they are and, last, the bias that makes the mean training tumor
        0, (F + 1,); higher speaks for response.
    """
    features = getattr(tumors.readout, recipe.reads).astype(np.float64)
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < LEAST_SCALE, np.inf, scale)
    penalty = np.full(features.shape[1], recipe.penalty)
    if recipe.is_burden_free:
        penalty[tumors.burden_column] = 0.0
    if recipe.is_burden_alone:
        others = np.arange(len(scale)) != tumors.burden_column
        scale = np.where(others, np.inf, scale)
    followed, rows = _followed(tumors, (features - center) / scale, recipe.sources)
    told = fit_cox(followed, penalty, weights=None if weights is None else weights[rows])
    raw = -told / scale
    return np.append(raw, -raw @ center)


def apply_recipe(tumors: TreatedTumors, recipe: Recipe, fitted: Floats) -> Floats:
    """Tell the score of tumors, (N,), by what `fit_recipe` returned."""
    features = getattr(tumors.readout, recipe.reads).astype(np.float64)
    scores: Floats = features @ fitted[:-1] + fitted[-1]
    return scores


def _followed(
    tumors: TreatedTumors, inputs: Floats, sources: Sequence[str]
) -> tuple[Followed, NDArray[np.int64]]:
    """Put all sources into one stratified regression; a non-response is an early end."""
    strata = np.unique(tumors.strata(by_drug=True), return_inverse=True)[1]
    parts = []
    for number, source in enumerate(sources):
        times = _times(tumors, source)
        rows = np.flatnonzero(times.months > 0)
        parts.append((rows, times.take(rows), strata[rows] + number * len(tumors)))
    rows = np.concatenate([rows for rows, _, _ in parts])
    followed = Followed(
        inputs=inputs[rows],
        months=np.concatenate([times.months for _, times, _ in parts]),
        died=np.concatenate([times.ended for _, times, _ in parts]),
        strata=np.concatenate([strata for _, _, strata in parts]),
    )
    return followed, rows


def _times(tumors: TreatedTumors, source: str) -> Times:
    if source == OVERALL:
        return tumors.overall
    if source == PROGRESSION:
        return tumors.progression
    months = np.where(tumors.responded, 2.0, 1.0)
    return Times(months=np.where(tumors.labeled, months, np.nan), ended=~tumors.responded)


def _recipes(config: ResponseConfig) -> list[Recipe]:
    alone = Recipe(
        reads=FROZEN,
        penalty=0.0,
        sources=(RESPONSE,),
        is_burden_free=True,
        is_burden_alone=True,
    )
    tried = product(config.reads, config.penalties, config.sources, config.burdens)
    return [alone] + [
        Recipe(reads=reads, penalty=penalty, sources=sources, is_burden_free=free)
        for reads, penalty, sources, free in tried
        if reads == FROZEN or not free
    ]


def _judge(tumors: TreatedTumors, recipe: Recipe, config: ResponseConfig) -> Judged:
    by_patient = _out_of_fold(tumors, recipe, config)
    by_cohort = _held_out(tumors, recipe, np.unique(tumors.cohorts, return_inverse=True)[1])
    return Judged(
        recipe=recipe,
        by_patient=_beyond_burden(tumors, by_patient),
        by_cohort=_beyond_burden(tumors, by_cohort),
        survival=_survival_beyond_burden(tumors, by_patient),
    )


def _out_of_fold(tumors: TreatedTumors, recipe: Recipe, config: ResponseConfig) -> Floats:
    """Score every tumor by fits that did not see its patient, averaged over the rounds."""
    owner = np.unique(np.array(tumors.patient_ids), return_inverse=True)[1]
    generator = np.random.default_rng(config.seed)
    rounds = [
        _held_out(tumors, recipe, generator.integers(0, config.num_folds, owner.max() + 1)[owner])
        for _ in range(config.num_rounds)
    ]
    scores: Floats = np.mean(rounds, axis=0)
    return scores


def _held_out(tumors: TreatedTumors, recipe: Recipe, parts: NDArray[np.int64]) -> Floats:
    """Score each part by a fit to the others, (N,)."""
    scores = np.zeros(len(tumors))
    for part in np.unique(parts):
        asked, others = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        fitted = fit_recipe(tumors.take(others), recipe)
        scores[asked] = apply_recipe(tumors.take(asked), recipe, fitted)
    return scores


def _judged_strata(tumors: TreatedTumors) -> list[NDArray[np.int64]]:
    """Find the labeled tumors of each stratum with enough of both classes."""
    strata, labeled, responded = tumors.strata(), tumors.labeled, tumors.responded
    members = [np.flatnonzero(labeled & (strata == name)) for name in np.unique(strata)]
    enough = FEWEST_IN_A_CLASS
    return [rows for rows in members if enough <= responded[rows].sum() <= len(rows) - enough]


def _beyond_burden(tumors: TreatedTumors, scores: Floats) -> Pooled:
    areas = [
        compare_areas(tumors.responded[rows], scores[rows], tumors.log_burden[rows])
        for rows in _judged_strata(tumors)
    ]
    return pool(
        [area.ours - area.theirs for area in areas], [area.difference_variance for area in areas]
    )


def _survival_beyond_burden(tumors: TreatedTumors, scores: Floats) -> float:
    followed, rows = _followed(tumors, tumors.log_burden[:, None], (OVERALL,))
    ours, theirs = -scores[rows], -tumors.log_burden[rows]
    return within_strata(followed, ours) - within_strata(followed, theirs)


def _head(tumors: TreatedTumors, recipe: Recipe, config: ResponseConfig) -> Head:
    """Fit to all, calibrated by scores of fits that did not see the patient; then refits."""
    scores = _out_of_fold(tumors, recipe, config)
    owner = np.unique(np.array(tumors.patient_ids), return_inverse=True)[1]
    generator = np.random.default_rng(config.seed)
    everybody = np.ones(len(tumors))
    weighed = [everybody] + [
        generator.exponential(size=int(owner.max()) + 1)[owner]
        for _ in range(config.num_replicates)
    ]
    fits = []
    for i, weights in enumerate(weighed):
        slope, intercepts = _calibration(tumors, scores, weights)
        # Cohorts differ in how many respond: each stratum counts once, and refits weigh them anew.
        shares = generator.exponential(size=len(intercepts)) if i else np.ones(len(intercepts))
        fitted = slope * fit_recipe(tumors, recipe, weights)
        fitted[-1] += shares @ intercepts / shares.sum()
        fits.append(np.stack([np.zeros_like(fitted), fitted]))
    return Head(
        task=ICB_RESPONSE,
        classes=(NON_RESPONDER, RESPONDER),
        reads=recipe.reads,
        weights=fits[0].astype(np.float32),
        replicates=np.array(fits[1:]).astype(np.float16),
    )


def _calibration(tumors: TreatedTumors, scores: Floats, weights: Floats) -> tuple[float, Floats]:
    """Find the slope of the scores, and the log odds at score 0 in each stratum."""
    members = _judged_strata(tumors)
    rows = np.concatenate(members)
    strata = np.repeat(np.eye(len(members)), [len(part) for part in members], axis=0)
    model = LogisticRegression(C=CALIBRATION_STRENGTH, fit_intercept=False, max_iter=1000)
    inputs = np.column_stack([scores[rows], strata])
    model.fit(inputs, tumors.responded[rows], sample_weight=weights[rows])
    slope, *intercepts = model.coef_[0]
    return max(float(slope), 0.0), np.array(intercepts)


def _card(tumors: TreatedTumors, judged: Sequence[Judged], best: Judged) -> dict[str, Any]:
    cohorts, labeled = np.array(tumors.cohorts), tumors.labeled
    return {
        "classes": [NON_RESPONDER, RESPONDER],
        "reads": best.recipe.reads,
        "attribute": "RESPONSE",
        "num_patients": len(set(tumors.patient_ids)),
        "num_labeled": int(labeled.sum()),
        "num_by_class": dict(sorted(Counter(r for r in tumors.responses if r).items())),
        "num_by_cohort": dict(sorted(Counter(cohorts[labeled].tolist()).items())),
        "num_followed_by_cohort": dict(sorted(Counter(cohorts.tolist()).items())),
        "recipe": asdict(best.recipe),
        "judged": [asdict(found) | {"merit": found.merit} for found in judged],
    }
