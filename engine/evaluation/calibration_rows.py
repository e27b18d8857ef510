"""Evidence on honesty: how many tumors the conformal sets of each head cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.conformal import COVERAGE, ConformalSets
from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.flags import named_row, share_row
from engine.evaluation.rows import Row
from engine.heads import Head
from engine.reliability import reliability
from engine.training.split import TEST

TOLERATED = 0.02


def calibration_rows(
    encoder: Encoder,
    heads: Iterable[Head],
    sets: ConformalSets,
    cohort: EvaluationCohort,
    *,
    part: str = TEST,
) -> list[Row]:
    """Measure how often the set of a head holds the true class.

    Args:
        encoder: The encoder.
        heads: Its heads.
        sets: Their conformal sets.
        cohort: Tumors and labels.
        part: Whose patients are measured.

    Returns:
        One row per head that has sets. The note tells the mean size of a set, and the accuracy:
        a head that is right more often than 95% covers more than 95%.
    """
    rows = []
    for head in heads:
        if head.task not in sets.thresholds:
            continue
        chosen, truth, told = predictions_of(encoder, head, cohort, part)
        members = sets.sets(head.task, told)
        covered = members[np.arange(len(truth)), truth]
        right = float((told.argmax(axis=1) == truth).mean())
        note = f"mean set {members.sum(axis=1).mean():.2f} classes, accuracy {right:.3f}"
        named = named_row(
            head.task,
            "95% set of classes",
            "coverage",
            part=part,
            reach=COVERAGE - TOLERATED,
            note=note,
        )
        rows.append(share_row(named, covered, [cohort.patient_ids[i] for i in chosen]))
    return rows


def reliability_tables(
    encoder: Encoder, heads: Iterable[Head], cohort: EvaluationCohort, *, part: str = TEST
) -> dict[str, list[dict[str, Any]]]:
    """Tabulate stated against observed frequency of each head, for a plot.

    Returns:
        By task, its `engine.reliability.ReliabilityBin`s as JSON values.
    """
    tables = {}
    for head in heads:
        _, truth, told = predictions_of(encoder, head, cohort, part)
        if len(truth):
            tables[head.task] = [asdict(found) for found in reliability(told, truth)]
    return tables


def predictions_of(
    encoder: Encoder, head: Head, cohort: EvaluationCohort, part: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Predict the labeled tumors of a part.

    Returns:
        Tumors of the cohort, (n,); column of the true class, (n,); probabilities, (n, C).
    """
    rows = cohort.labeled(head.task)
    known = np.array([cohort.labels[head.task][i] in head.classes for i in rows], dtype=bool)
    rows = rows[known & (cohort.parts[rows] == part)]
    truth = np.array(
        [head.classes.index(str(cohort.labels[head.task][i])) for i in rows], dtype=np.int64
    )
    readout = encoder.read(cohort.tokens.take(rows))
    return rows, truth, head.probabilities(getattr(readout, head.reads))
