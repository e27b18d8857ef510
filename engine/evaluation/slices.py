"""The cancer-type heads by group of patients: where they do worse must be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import METRICS, compare
from engine.evaluation.rows import Estimate, Row
from engine.evaluation.subtypes import AS_MEASURED
from engine.head_tasks import CANCER_TYPE, ONCOTREE_TYPE
from engine.heads import Head
from engine.progress import Progress
from engine.training.split import TEST

FEWEST = 20
"""Test tumors that a group must have to get a row."""
ATTRIBUTES = (
    "SEX",
    "AGE",
    "AGE_AT_SEQUENCING",
    "MUTATION_SOURCE",
    "RACE",
    "GENE_PANEL",
    "SAMPLE_TYPE",
)
"""Clinical attributes that patients are grouped by."""

Groupings = Mapping[str, Callable[[EvaluationCohort, int], str | None]]

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
        By grouping (cancer type, sex, age, ancestry, panel and so on) a row per group.
    """
    by_task = {head.task: head for head in heads}
    slices: dict[str, tuple[Row, ...]] = {}
    for i, (task, groupings) in enumerate(GROUPINGS.items()):
        progress("Measuring groups of patients", i, len(GROUPINGS))
        if task in by_task:
            slices |= _slices_of(encoder, by_task[task], cohort, groupings, part)
    progress("Measuring groups of patients", len(GROUPINGS), len(GROUPINGS))
    return {name: found for name, found in slices.items() if found}


def _slices_of(
    encoder: Encoder, head: Head, cohort: EvaluationCohort, groupings: Groupings, part: str
) -> dict[str, tuple[Row, ...]]:
    rows = cohort.labeled(head.task)
    known = np.array([cohort.labels[head.task][i] in head.classes for i in rows], dtype=bool)
    rows = rows[known & (cohort.parts[rows] == part)]
    readout = encoder.read(cohort.tokens.take(rows))
    told = head.probabilities(getattr(readout, head.reads))
    truth = np.array([head.classes.index(str(cohort.labels[head.task][i])) for i in rows])
    patients = np.array([cohort.patient_ids[i] for i in rows])
    return {
        name: _by_group(
            np.array([group_of(cohort, row) or "" for row in rows]), told, truth, patients, part
        )
        for name, group_of in groupings.items()
    }


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


def _age_group(name: str) -> Callable[[EvaluationCohort, int], str | None]:
    def value(cohort: EvaluationCohort, row: int) -> str | None:
        stated = _attribute(name)(cohort, row)
        try:
            years = float(str(stated).removesuffix("+"))
        except ValueError:
            return None
        return next((name for low, high, name in AGES if low <= years < high), None)

    return value


def _label(task: str) -> Callable[[EvaluationCohort, int], str | None]:
    return lambda cohort, row: cohort.labels[task][row]


GROUPINGS: dict[str, Groupings] = {
    CANCER_TYPE: {
        "cancer type": _label(CANCER_TYPE),
        "sex": _attribute("SEX"),
        "age": _age_group("AGE"),
        "source of the mutations": _attribute("MUTATION_SOURCE"),
    },
    ONCOTREE_TYPE: {
        "OncoTree type": _label(ONCOTREE_TYPE),
        "sex (MSK)": _attribute("SEX"),
        "age (MSK)": _age_group("AGE_AT_SEQUENCING"),
        "ancestry (MSK)": _attribute("RACE"),
        "panel (MSK)": _attribute("GENE_PANEL"),
        "primary or metastasis (MSK)": _attribute("SAMPLE_TYPE"),
    },
}
"""By task, what its patients are grouped by; ancestry as the hospital's records state it."""
