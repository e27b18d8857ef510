"""Evidence for the survival head: concordance within study and tumor type, beside baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.embed import Encoder
from engine.evaluation.baselines import BURDEN
from engine.evaluation.paired import estimate
from engine.evaluation.raw import raw_features
from engine.evaluation.rows import Row
from engine.progress import Progress, no_progress
from engine.survival import OS_RISK, RiskHead
from engine.training.concordance import members_of, outlived, within_strata
from engine.training.cox import Floats, Followed, fit_cox
from engine.training.outcomes import Described, choose_followed, read_followed, read_number
from engine.training.split import TEST, TRAIN, part_of
from engine.training.survival import FollowedTumors

AGE_SEX, RAW = "age and sex", "L2 Cox regression on genes"
CONCORDANCE = "concordance within type"
RAW_PRECISION = 10_000.0
"""Penalty of the baseline on raw features; 3,000 to 30,000 do alike on validation patients."""

MOST_RAW_FEATURES = 600
NUM_FIELDS, GENES_PER_COPY_NUMBER = 5, 8
"""Fields of each gene in the raw features, copy number last; neighbors share their copy number."""

NUM_DRAWS = 300
FEWEST_DEATHS = 20
"""Deaths among the measured patients that a tumor type must have for a row of its own."""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """Measured tumors and how each method ranks them.

    Args:
        tumors: The tumors; their readout is not looked at.
        scores: Told risk by method, (N,); ours under `ours`; higher is a higher hazard.
    """

    tumors: FollowedTumors
    scores: Mapping[str, Floats]

    def take(self, rows: NDArray[np.int64]) -> Ranked:
        """Select tumors."""
        scores = {name: told[rows] for name, told in self.scores.items()}
        return Ranked(tumors=self.tumors.take(rows), scores=scores)


def survival_rows(
    encoder: Encoder,
    risk: RiskHead,
    cohort: Described,
    *,
    part: str = TEST,
    progress: Progress = no_progress,
) -> tuple[list[Row], list[Row]]:
    """Measure the survival head, the baselines fitted on the same training patients.

    Args:
        encoder: The encoder.
        risk: The survival head.
        cohort: Studies with overall survival, those that the head was fitted on.
        part: Whose patients are measured.
        progress: Told how far the work is.

    Returns:
        One row per study; and one per study and tumor type with enough deaths.
    """
    tumors = read_followed(encoder, cohort, progress=progress)
    parts = part_of(tumors.patient_ids)
    train, measured = np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == part)
    measured = measured[_is_told(risk, tumors.take(measured))]
    scores = {"ours": _ours(risk, tumors.take(measured))}
    scores |= _baselines(tumors, cohort, train, measured)
    ranked = Ranked(tumors=tumors.take(measured), scores=scores)
    return measure_survival(ranked, part)


def measure_survival(ranked: Ranked, part: str) -> tuple[list[Row], list[Row]]:
    """Turn ranks into rows.

    Args:
        ranked: Tumors and scores.
        part: Whose patients they are.

    Returns:
        As `survival_rows` says.
    """
    cohorts = np.array(ranked.tumors.cohorts)
    types = np.array(ranked.tumors.type_codes)
    rows, slices = [], []
    for cohort in np.unique(cohorts):
        of_cohort = cohorts == cohort
        rows.append(_row(ranked.take(np.flatnonzero(of_cohort)), f"{part}, {cohort}", ""))
        for name in np.unique(types[of_cohort]):
            members = np.flatnonzero(of_cohort & (types == name))
            if ranked.tumors.died[members].sum() >= FEWEST_DEATHS:
                slices.append(_row(ranked.take(members), f"{part}, {cohort}", f"{name}; "))
    return rows, slices


def _is_told(risk: RiskHead, tumors: FollowedTumors) -> NDArray[np.bool_]:
    found = {name: risk.type_of(name) is not None for name in set(tumors.cancer_types)}
    return np.array([found[name] for name in tumors.cancer_types], dtype=bool)


def _ours(risk: RiskHead, tumors: FollowedTumors) -> Floats:
    found = {name: risk.type_of(name) for name in set(tumors.cancer_types)}
    rows = np.array([found[name] for name in tumors.cancer_types], dtype=np.int64)
    return risk.log_hazard_ratios(tumors.readout, rows).astype(np.float64)


def _baselines(
    tumors: FollowedTumors,
    cohort: Described,
    train: NDArray[np.int64],
    measured: NDArray[np.int64],
) -> dict[str, Floats]:
    rows = choose_followed(cohort)
    raw = raw_features(cohort.tokens.take(rows))
    burden = raw[:, -1].toarray().astype(np.float64)
    genes = raw[:, _columns(raw[train])].toarray()
    by_study = _by_study(tumors.cohorts)
    inputs = {
        AGE_SEX: (_age_and_sex(cohort, rows), 0.0),
        RAW: (np.column_stack([genes, burden * by_study]), RAW_PRECISION),
    }
    deaths = float(tumors.died[train].sum())
    turned = burden * by_study @ _directions(tumors.take(train), burden[train, 0])
    return {BURDEN: turned[measured]} | {
        name: _fitted_scores(tumors, features, train, measured, precision / deaths)
        for name, (features, precision) in inputs.items()
    }


def _by_study(cohorts: Sequence[str]) -> Floats:
    """Return 1 in the column of each tumor's study: burden counts what a study sequenced."""
    names = np.array(cohorts)
    columns: Floats = (names[:, None] == np.unique(names)).astype(np.float64)
    return columns


def _directions(train: FollowedTumors, scores: Floats) -> Floats:
    """Tell in each study whether higher scores die earlier (1) or later (-1)."""
    cohorts = np.array(train.cohorts)
    signs = []
    for name in np.unique(cohorts):
        rows = np.flatnonzero(cohorts == name)
        part = train.take(rows)
        followed = Followed(
            inputs=scores[rows, None], months=part.months, died=part.died, strata=part.strata
        )
        signs.append(1.0 if within_strata(followed, scores[rows]) >= 0.5 else -1.0)
    return np.array(signs)


def _columns(raw: sparse.csr_matrix) -> NDArray[np.int64]:
    """Choose the most frequent alterations, and the copy number of every few genes."""
    num_genes = raw.shape[1] // NUM_FIELDS
    num_states = (NUM_FIELDS - 1) * num_genes
    frequency = np.asarray((raw[:, :num_states] != 0).sum(axis=0)).ravel()
    frequent = np.argsort(-frequency, kind="stable")[:MOST_RAW_FEATURES]
    copy_number = np.arange(num_states, num_states + num_genes, GENES_PER_COPY_NUMBER)
    return np.concatenate([frequent, copy_number])


def _age_and_sex(cohort: Described, rows: NDArray[np.int64]) -> Floats:
    """Return age in years and whether male, (n, 2); what is unknown gets the mean."""
    nothing = [None] * len(cohort.tokens)
    ages, ages_then, sexes = (
        cohort.attributes.get(name, nothing) for name in ("AGE", "AGE_AT_SEQUENCING", "SEX")
    )
    years = [read_number(ages[i] or ages_then[i] or "") for i in rows]
    male = [{"m": 1.0, "f": 0.0}.get((sexes[i] or "")[:1].lower(), np.nan) for i in rows]
    columns = np.column_stack([years, male])
    is_known = np.isfinite(columns)
    means = columns.sum(axis=0, where=is_known) / np.maximum(is_known.sum(axis=0), 1)
    return np.where(is_known, columns, means)


def _fitted_scores(
    tumors: FollowedTumors,
    features: Floats,
    train: NDArray[np.int64],
    measured: NDArray[np.int64],
    penalty: float,
) -> Floats:
    center, scale = features[train].mean(axis=0), features[train].std(axis=0)
    scale = np.where(scale == 0, np.inf, scale)
    part = tumors.take(train)
    followed = Followed(
        inputs=(features[train] - center) / scale,
        months=part.months,
        died=part.died,
        strata=part.strata,
    )
    scores: Floats = (features[measured] - center) / scale @ fit_cox(followed, penalty)
    return scores


def _row(ranked: Ranked, part: str, prefix: str) -> Row:
    tumors = ranked.tumors
    drawn = _draws(tumors)
    values = {name: _concordances(tumors, told, drawn) for name, told in ranked.scores.items()}
    estimates = {name: estimate(told[0], told[1:]) for name, told in values.items()}
    ours = estimates.pop("ours")
    best = max(estimates, key=lambda name: estimates[name].value)
    gap = values["ours"] - values[best]
    deaths = int(tumors.died.sum())
    return Row(
        task=OS_RISK,
        view="as measured",
        part=part,
        metric=CONCORDANCE,
        ours=ours,
        baselines=estimates,
        best_baseline=best,
        difference=estimate(gap[0], gap[1:]),
        num_tumors=len(tumors.months),
        note=f"{prefix}{deaths} deaths, {len(np.unique(tumors.strata))} types",
    )


def _draws(tumors: FollowedTumors) -> Floats:
    """Return how often each tumor counts, (1 + draws, N): once, then patients drawn anew."""
    generator = np.random.default_rng(0)
    number = len(tumors.months)
    drawn = generator.multinomial(number, np.full(number, 1 / number), size=NUM_DRAWS)
    return np.vstack([np.ones(number), drawn])


def _concordances(tumors: FollowedTumors, scores: Floats, drawn: Floats) -> Floats:
    """Tell the concordance within study and type in each draw, (1 + draws,)."""
    ordered, comparable = np.zeros(len(drawn)), np.zeros(len(drawn))
    for rows in members_of(tumors.strata):
        longer = outlived(tumors.months[rows], tumors.died[rows])
        dead = rows[tumors.died[rows]]
        right = (scores[dead, None] > scores[rows]) + 0.5 * (scores[dead, None] == scores[rows])
        weights = drawn[:, rows]
        ordered += np.einsum("bd,bd->b", drawn[:, dead], weights @ (longer * right).T)
        comparable += np.einsum("bd,bd->b", drawn[:, dead], weights @ longer.T)
    return ordered / np.maximum(comparable, 1e-12)
