"""Evidence for response to checkpoint blockade: external cohorts, burden alone as the bar."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.embed import Encoder
from engine.evaluation.baselines import BURDEN, FREQUENCY, Problem, predict_baselines
from engine.evaluation.paired import METRICS, compare
from engine.evaluation.raw import raw_features
from engine.evaluation.rows import LOWER, Estimate, Row
from engine.heads import Head
from engine.progress import Progress, no_progress
from engine.random_effects import Pooled, area, pool
from engine.training.outcomes import Described, choose_treated, read_treated
from engine.training.response import ICB_RESPONSE
from engine.training.split import VALIDATION, part_of
from engine.training.treated import TreatedTumors, join_treated

EXTERNAL_STUDIES = ("riaz_2017", "hugo_2016", "snyder_2017", "jung_2019", "rizvi_2018")
"""Cohorts that no head was fitted on; of rizvi_2018, the patients who are in no training cohort."""

POOLED = "external cohorts, pooled (random effects)"
GLOBAL_ID = re.compile(r"P-\d{7}")
"""Patient ids that mean the same patient in every study; all others hold within their study."""

NUM_DRAWS = 500
FEWEST_IN_A_CLASS = 2

Scores = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is measured: labeled tumors of external cohorts, and scores of each method.

    Args:
        cohorts: Cohort of each tumor, (N,).
        patients: Patient of each tumor, unique over cohorts.
        responded: Whether it responded, (N,).
        scores: Probability of response by method, (N,); ours under `ours`.
    """

    cohorts: NDArray[np.str_]
    patients: Sequence[str]
    responded: NDArray[np.bool_]
    scores: Scores


def response_rows(
    encoder: Encoder,
    head: Head,
    trained: Sequence[Described],
    external: Sequence[Described],
    *,
    seen: Collection[str] = (),
    progress: Progress = no_progress,
) -> list[Row]:
    """Measure the response head on external cohorts, the baselines fitted on the same patients.

    Args:
        encoder: The encoder.
        head: The response head.
        trained: Cohorts that the head was fitted on.
        external: Cohorts that it was not fitted on.
        seen: Patients whose tumors the encoder was trained on.
        progress: Told how far the work is.

    Returns:
        AUROC in each cohort, pooled AUROC of each method, the pooled difference to burden alone,
        and the calibration error over all tumors.
    """
    learned, asked = (
        join_treated([read_treated(encoder, cohort, progress=progress) for cohort in cohorts])
        for cohorts in (trained, external)
    )
    rows = unseen(asked, {*learned.patient_ids, *seen})
    known = np.flatnonzero(learned.labeled)
    raw = _raw(external)[rows]
    baselines = _baselines(_raw(trained)[known], learned.take(known), raw)
    tumors = asked.take(rows)
    ours = head.probabilities(getattr(tumors.readout, head.reads))[:, 1].astype(np.float64)
    told = Told(
        cohorts=np.array(tumors.cohorts),
        patients=_qualified(tumors),
        responded=tumors.responded,
        scores={"ours": ours} | baselines,
    )
    return measure_response(told)


def unseen(asked: TreatedTumors, patients: Collection[str]) -> NDArray[np.int64]:
    """Find the labeled tumors of patients whom no training cohort holds.

    Args:
        asked: Tumors.
        patients: Patients of training cohorts; only identifiers that hospitals share between
            cohorts say that two patients are one.

    Returns:
        Rows of `asked`, (n,).
    """
    seen = {patient for patient in patients if GLOBAL_ID.fullmatch(patient)}
    is_new = np.array([patient not in seen for patient in asked.patient_ids], dtype=bool)
    rows: NDArray[np.int64] = np.flatnonzero(asked.labeled & is_new)
    return rows


def measure_response(told: Told) -> list[Row]:
    """Turn scores into rows.

    Args:
        told: Tumors and scores; cohorts with fewer than two of a class enter calibration only.

    Returns:
        As `response_rows` says.
    """
    members = [np.flatnonzero(told.cohorts == name) for name in np.unique(told.cohorts)]
    members = [rows for rows in members if _is_enough(told.responded[rows])]
    cohorts = [_cohort(told, rows) for rows in members]
    return [
        *(_cohort_row(told, rows) for rows in members),
        _pooled_row(cohorts),
        _difference_row(cohorts),
        _calibration_row(told),
    ]


@dataclass(frozen=True, kw_only=True)
class _Cohort:
    """Areas under the ROC curve of each method on a cohort: first as it is, then drawn anew."""

    rows: NDArray[np.int64]
    areas: Mapping[str, NDArray[np.float64]]


def _is_enough(responded: NDArray[np.bool_]) -> bool:
    number = int(responded.sum())
    return FEWEST_IN_A_CLASS <= number <= len(responded) - FEWEST_IN_A_CLASS


def _raw(cohorts: Sequence[Described]) -> sparse.csr_matrix:
    parts = [raw_features(cohort.tokens.take(choose_treated(cohort))) for cohort in cohorts]
    return sparse.vstack(parts, format="csr")


def _baselines(
    features: sparse.csr_matrix, learned: TreatedTumors, asked: sparse.csr_matrix
) -> dict[str, NDArray[np.float64]]:
    """Fit the baselines on the labeled training patients, their penalties on a part of them."""
    is_validation = part_of(_qualified(learned)) == VALIDATION
    truth = learned.responded.astype(np.int64)
    problem = Problem(
        train=features[~is_validation],
        validation=features[is_validation],
        test=asked,
        train_truth=truth[~is_validation],
        validation_truth=truth[is_validation],
    )
    told = {name: probabilities[:, 1] for name, probabilities in predict_baselines(problem).items()}
    # Burden needs no fit to be a bar: more mutations speak for response.
    burden = asked[:, -1].toarray()[:, 0].astype(np.float64)
    return {name: told[name] for name in told if name != FREQUENCY} | {BURDEN: burden}


def _qualified(tumors: TreatedTumors) -> list[str]:
    return [f"{c}/{p}" for c, p in zip(tumors.cohorts, tumors.patient_ids, strict=True)]


def _cohort_row(told: Told, rows: NDArray[np.int64]) -> Row:
    predictions = {
        name: np.column_stack([1 - scores[rows], scores[rows]])
        for name, scores in told.scores.items()
    }
    row = Row(
        task=ICB_RESPONSE,
        view="as measured",
        part=str(told.cohorts[rows[0]]),
        metric="AUROC",
        ours=Estimate(value=0.0),
        num_tumors=len(rows),
        note=f"{int(told.responded[rows].sum())} responders",
    )
    truth = told.responded[rows].astype(np.int64)
    return compare(row, METRICS["AUROC"], predictions, truth, [told.patients[i] for i in rows])


def _pooled_row(cohorts: Sequence[_Cohort]) -> Row:
    pooled = {name: _pool(cohorts, name) for name in cohorts[0].areas}
    ours = pooled.pop("ours")
    best = max(pooled, key=lambda name: pooled[name].mean)
    return Row(
        task=ICB_RESPONSE,
        view="as measured",
        part=POOLED,
        metric="AUROC",
        ours=_estimate(ours),
        baselines={name: _estimate(found) for name, found in pooled.items()},
        best_baseline=best,
        difference=_estimate(_pool(cohorts, "ours", best)),
        num_tumors=sum(len(cohort.rows) for cohort in cohorts),
        note=f"{len(cohorts)} cohorts",
    )


def _difference_row(cohorts: Sequence[_Cohort]) -> Row:
    difference = _pool(cohorts, "ours", BURDEN)
    verdict = "above burden alone" if difference.lower > 0 else "not shown to be above burden alone"
    return Row(
        task=ICB_RESPONSE,
        view="as measured",
        part=POOLED,
        metric="AUROC beyond burden alone",
        ours=_estimate(difference),
        num_tumors=sum(len(cohort.rows) for cohort in cohorts),
        note=f"{verdict}; variance between cohorts {difference.between_variance:.4f}",
    )


def _calibration_row(told: Told) -> Row:
    ours = told.scores["ours"]
    row = Row(
        task=ICB_RESPONSE,
        view="as measured",
        part="external cohorts, all tumors",
        metric="ECE",
        ours=Estimate(value=0.0),
        num_tumors=len(ours),
        reach=0.05,
        better=LOWER,
    )
    truth = told.responded.astype(np.int64)
    predictions = {"ours": np.column_stack([1 - ours, ours])}
    return compare(row, METRICS["ECE"], predictions, truth, told.patients)


def _cohort(told: Told, rows: NDArray[np.int64]) -> _Cohort:
    """Measure every method on a cohort, and on draws of its patients with two of each class."""
    generator = np.random.default_rng(0)
    drawn: list[NDArray[np.int64]] = []
    while len(drawn) < NUM_DRAWS:
        picked = rows[generator.integers(len(rows), size=len(rows))]
        if _is_enough(told.responded[picked]):
            drawn.append(picked)
    return _Cohort(
        rows=rows,
        areas={
            name: np.array([area(told.responded[part], scores[part]) for part in (rows, *drawn)])
            for name, scores in told.scores.items()
        },
    )


def _pool(cohorts: Sequence[_Cohort], name: str, other: str | None = None) -> Pooled:
    """Pool the AUROC of a method, or its difference to another's; variances by bootstrap."""
    figures = [cohort.areas[name] - (cohort.areas[other] if other else 0.0) for cohort in cohorts]
    return pool([told[0] for told in figures], [told[1:].var(ddof=1) for told in figures])


def _estimate(pooled: Pooled) -> Estimate:
    return Estimate(value=pooled.mean, low=pooled.lower, high=pooled.upper)
