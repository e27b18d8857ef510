"""The cancer-type head by group of patients: where it does worse must be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import METRICS, compare
from engine.evaluation.rows import Estimate, Row
from engine.evaluation.subtypes import AS_MEASURED
from engine.head_tasks import CANCER_TYPE
from engine.heads import Head
from engine.progress import Progress
from engine.training.split import TEST

FEWEST = 20
"""Test tumors that a group must have to get a row."""
ATTRIBUTES = ("SEX", "AGE", "MUTATION_SOURCE")
"""Clinical attributes that patients are grouped by."""

AGES = ((0, 50, "under 50"), (50, 65, "50 to 64"), (65, 200, "65 and over"))


def slice_rows(
    encoder: Encoder,
    heads: Iterable[Head],
    cohort: EvaluationCohort,
    progress: Progress,
    *,
    part: str = TEST,
) -> dict[str, tuple[Row, ...]]:
    """Measure the accuracy of the cancer type by group.

    Args:
        encoder: The encoder.
        heads: Its heads.
        cohort: Tumors and labels.
        progress: Told the number of groupings done.
        part: Whose patients are measured.

    Returns:
        By grouping (cancer type, sex, age, panel, source of the mutations) a row per group.
    """
    head = next((head for head in heads if head.task == CANCER_TYPE), None)
    if head is None:
        return {}
    rows = cohort.labeled(CANCER_TYPE)
    rows = rows[cohort.parts[rows] == part]
    readout = encoder.read(cohort.tokens.take(rows))
    told = head.probabilities(getattr(readout, head.reads))
    labels = [str(cohort.labels[CANCER_TYPE][i]) for i in rows]
    truth = np.array([head.classes.index(label) for label in labels])
    patients = np.array([cohort.patient_ids[i] for i in rows])
    slices = {}
    for i, (name, group_of) in enumerate(GROUPINGS.items()):
        progress("Measuring groups of patients", i, len(GROUPINGS))
        groups = np.array([group_of(cohort, row) or "" for row in rows])
        slices[name] = _by_group(groups, told, truth, patients, part)
    progress("Measuring groups of patients", len(GROUPINGS), len(GROUPINGS))
    return {name: found for name, found in slices.items() if found}


def _by_group(
    groups: npt.NDArray[np.str_],
    told: npt.NDArray[np.float32],
    truth: npt.NDArray[np.int64],
    patients: npt.NDArray[np.str_],
    part: str,
) -> tuple[Row, ...]:
    found = []
    for group in sorted({str(name) for name in groups} - {""}):
        chosen = groups == group
        if chosen.sum() >= FEWEST:
            row = Row(
                task=group,
                view=AS_MEASURED,
                part=part,
                metric="accuracy",
                ours=Estimate(value=0.0),
                num_tumors=0,
            )
            ours = {"ours": told[chosen]}
            accuracy = METRICS["accuracy"]
            found.append(compare(row, accuracy, ours, truth[chosen], patients[chosen].tolist()))
    return tuple(found)


def _attribute(name: str) -> Callable[[EvaluationCohort, int], str | None]:
    def value(cohort: EvaluationCohort, row: int) -> str | None:
        column = cohort.attributes.get(name)
        return column[row] if column is not None else None

    return value


def _age_group(cohort: EvaluationCohort, row: int) -> str | None:
    stated = _attribute("AGE")(cohort, row)
    try:
        years = float(str(stated).removesuffix("+"))
    except ValueError:
        return None
    return next((name for low, high, name in AGES if low <= years < high), None)


def _cancer_type(cohort: EvaluationCohort, row: int) -> str | None:
    return cohort.labels[CANCER_TYPE][row]


GROUPINGS: dict[str, Callable[[EvaluationCohort, int], str | None]] = {
    "cancer type": _cancer_type,
    "sex": _attribute("SEX"),
    "age": _age_group,
    "source of the mutations": _attribute("MUTATION_SOURCE"),
}
