"""Evidence for the subtype heads: each task through each view, beside the simple baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from engine.embed import Encoder
from engine.evaluation.baselines import Problem, predict_baselines
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import METRICS, compare
from engine.evaluation.raw import View, raw_features
from engine.evaluation.rows import LOWER, Estimate, Row
from engine.genes import GeneTable
from engine.heads import Head
from engine.progress import Progress
from engine.training.split import TEST, TRAIN, VALIDATION
from engine.training.views import through_panel, without_copy_number

AS_MEASURED, MUTATIONS_ONLY, IMPACT = "as measured", "mutations only", "through IMPACT-468"
PANEL = "IMPACT468"
FEWEST_OF_A_TYPE = 50
"""Tumors with copy number that a cancer type of TCGA must have to be told apart."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One task seen one way.

    Args:
        task: Name of the task.
        view: How the tumors are seen.
        metrics: Names of `METRICS` with the figures aimed at, None where none was stated.
        classes: Only tumors of these classes; all when empty.
        with_copy_number: Only tumors whose copy number was measured gene by gene.
        cancer_type: Only tumors of this type, a class of the task `cancer_type`.
        name: How the row is called, where it is not the task.
    """

    task: str
    view: str
    metrics: tuple[tuple[str, float | None], ...]
    classes: tuple[str, ...] = ()
    with_copy_number: bool = False
    cancer_type: str | None = None
    name: str | None = None


QUESTIONS = (
    Question(
        task="cancer_type",
        view=AS_MEASURED,
        metrics=(("accuracy", 0.80), ("top-3 accuracy", 0.94)),
        with_copy_number=True,
    ),
    Question(
        task="cancer_type",
        view=MUTATIONS_ONLY,
        metrics=(("accuracy", 0.53), ("top-3 accuracy", None)),
        with_copy_number=True,
    ),
    Question(task="cancer_type", view=IMPACT, metrics=(("accuracy", 0.79),), with_copy_number=True),
    Question(
        task="oncotree_type",
        view=AS_MEASURED,
        metrics=(("accuracy", 0.67), ("top-3 accuracy", None)),
    ),
    Question(task="pam50", view=AS_MEASURED, metrics=(("AUROC", 0.90),), with_copy_number=True),
    Question(task="pam50", view=MUTATIONS_ONLY, metrics=(("AUROC", 0.80),), with_copy_number=True),
    Question(
        task="breast_basal_luminal",
        view=AS_MEASURED,
        metrics=(("AUROC", 0.995),),
        with_copy_number=True,
    ),
    Question(
        task="breast_basal_luminal",
        view=MUTATIONS_ONLY,
        metrics=(("AUROC", 0.92),),
        with_copy_number=True,
    ),
    Question(
        task="pam50",
        name="luminal A against B",
        view=AS_MEASURED,
        metrics=(("AUROC", 0.74),),
        classes=("LumA", "LumB"),
        with_copy_number=True,
    ),
    Question(
        task="bladder_basal_luminal",
        view=AS_MEASURED,
        metrics=(("AUROC", 0.88),),
        with_copy_number=True,
    ),
    Question(
        task="bladder_basal_luminal",
        view=MUTATIONS_ONLY,
        metrics=(("AUROC", 0.70),),
        with_copy_number=True,
    ),
    Question(
        task="hpv",
        name="hpv, head and neck",
        view=AS_MEASURED,
        metrics=(("AUROC", 0.965),),
        cancer_type="HNSC",
    ),
    Question(
        task="hpv",
        name="hpv, head and neck",
        view=MUTATIONS_ONLY,
        metrics=(("AUROC", 0.93),),
        cancer_type="HNSC",
    ),
    Question(
        task="msi",
        view=AS_MEASURED,
        metrics=(("AUROC", 0.985), ("average precision", 0.90)),
    ),
    Question(task="immune_class", view=AS_MEASURED, metrics=(("AUROC", None),)),
)


def subtype_rows(
    encoder: Encoder,
    heads: Iterable[Head],
    cohort: EvaluationCohort,
    progress: Progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Answer every question with the shipped heads and with the baselines.

    Args:
        encoder: The encoder.
        heads: Its heads.
        cohort: Tumors and labels.
        progress: Told the number of questions done.
        part: Whose patients are measured.

    Returns:
        One row per question and metric, then one per head on its calibration.
    """
    by_task = {head.task: head for head in heads}
    asked = [question for question in QUESTIONS if question.task in by_task]
    rows = []
    for i, question in enumerate(asked):
        progress("Measuring subtypes", i, len(asked))
        rows += _answer(encoder, by_task[question.task], cohort, question, part)
    labeled = [head for head in by_task.values() if head.task in cohort.labels]
    rows += [_calibration(encoder, head, cohort, part) for head in labeled]
    progress("Measuring subtypes", len(asked), len(asked))
    return rows


def views(genes: tuple[str, ...]) -> dict[str, View | None]:
    """Return what each view hides.

    Args:
        genes: Genes of the vocabulary.
    """
    members = GeneTable.load().panels()[PANEL]
    mask = torch.tensor([gene in members for gene in genes])
    return {
        AS_MEASURED: None,
        MUTATIONS_ONLY: without_copy_number,
        IMPACT: lambda batch: through_panel(batch, mask),
    }


def _answer(
    encoder: Encoder, head: Head, cohort: EvaluationCohort, question: Question, part: str
) -> list[Row]:
    rows = chosen_rows(cohort, question)
    view = views(encoder.vocabulary.genes)[question.view]
    labels = [str(cohort.labels[question.task][i]) for i in rows]
    classes = sorted(set(labels))
    truth = np.searchsorted(classes, labels)
    parts = cohort.parts[rows]
    measured = rows[parts == part]
    told = _told(encoder, head, cohort, measured, view)
    raw = raw_features(cohort.tokens.take(rows), view)
    problem = _problem(raw, truth, parts, part)
    predictions = {"ours": among(told, head.classes, classes)} | predict_baselines(problem)
    patients = [cohort.patient_ids[i] for i in measured]
    note = f"{len(classes)} classes"
    return [
        compare(row, METRICS[row.metric], predictions, truth[parts == part], patients)
        for row in _empty_rows(question, part, note)
    ]


def _empty_rows(question: Question, part: str, note: str) -> list[Row]:
    """Begin a row for each metric of a question."""
    return [
        Row(
            task=question.name or question.task,
            view=question.view,
            part=part,
            metric=metric,
            ours=Estimate(value=0.0),
            num_tumors=0,
            reach=reach,
            note=note,
        )
        for metric, reach in question.metrics
    ]


def _problem(
    raw: npt.NDArray[np.float32],
    truth: npt.NDArray[np.int64],
    parts: npt.NDArray[np.str_],
    part: str,
) -> Problem:
    return Problem(
        train=raw[parts == TRAIN],
        validation=raw[parts == VALIDATION],
        test=raw[parts == part],
        train_truth=truth[parts == TRAIN],
        validation_truth=truth[parts == VALIDATION],
    )


def chosen_rows(cohort: EvaluationCohort, question: Question) -> npt.NDArray[np.int64]:
    """Return the tumors that a question is about."""
    rows = cohort.labeled(question.task)
    labels = np.array([cohort.labels[question.task][i] for i in rows])
    kept = np.ones(len(rows), dtype=bool)
    if question.with_copy_number:
        kept &= cohort.tokens.graded[rows]
    if question.classes:
        kept &= np.isin(labels, question.classes)
    if question.cancer_type:
        codes = np.array([cohort.labels["cancer_type"][i] for i in rows])
        kept &= codes == question.cancer_type
    if question.task == "cancer_type":
        counts = Counter(labels[kept].tolist())
        kept &= np.array([counts[label] >= FEWEST_OF_A_TYPE for label in labels])
    return rows[kept]


def among(
    probabilities: npt.NDArray[np.float32], known: tuple[str, ...], classes: list[str]
) -> npt.NDArray[np.float64]:
    """Condition probabilities on the classes that a question is about.

    Args:
        probabilities: (N, C) by `known`.
        known: Classes of the head.
        classes: Classes of the question, a part of them.

    Returns:
        (N, len(classes)), each row of sum 1.
    """
    columns = [known.index(name) for name in classes]
    part = np.maximum(probabilities[:, columns].astype(np.float64), 1e-12)
    shares: npt.NDArray[np.float64] = part / part.sum(axis=1, keepdims=True)
    return shares


def _calibration(encoder: Encoder, head: Head, cohort: EvaluationCohort, part: str) -> Row:
    rows = cohort.labeled(head.task)
    known = np.array([cohort.labels[head.task][i] in head.classes for i in rows])
    rows = rows[known & (cohort.parts[rows] == part)]
    truth = np.array([head.classes.index(str(cohort.labels[head.task][i])) for i in rows])
    row = Row(
        task=head.task,
        view=AS_MEASURED,
        part=part,
        metric="ECE",
        ours=Estimate(value=0.0),
        num_tumors=len(rows),
        reach=0.05,
        better=LOWER,
    )
    told = {"ours": _told(encoder, head, cohort, rows, None)}
    return compare(row, METRICS["ECE"], told, truth, [cohort.patient_ids[i] for i in rows])


def _told(
    encoder: Encoder,
    head: Head,
    cohort: EvaluationCohort,
    rows: npt.NDArray[np.int64],
    view: View | None,
) -> npt.NDArray[np.float32]:
    readout = encoder.read(cohort.tokens.take(rows), view=view)
    return head.probabilities(getattr(readout, head.reads))
