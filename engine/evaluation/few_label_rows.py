"""Evidence for few labels: 25, 50 and 94 labeled patients, ten draws, the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.directions import Directions
from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import compare
from engine.evaluation.rows import Estimate, Row
from engine.few_features import COPY_LEVELS, Floats, raw_blocks
from engine.head_tasks import CANCER_TYPE
from engine.progress import Progress
from engine.training.few_labels import FewLabels, predict_few
from engine.training.head_metrics import auroc
from engine.training.simple_models import SIMPLE
from engine.training.split import TEST, TRAIN
from engine.training.views import without_copy_number

SIZES = (25, 50, 94)
NUM_DRAWS = 10
FEWEST_OF_A_CLASS = 3
"""Labeled tumors of each class that a draw must hold."""
AHEAD = 0.03
"""How far above the best simple model of the same draws ours is meant to be."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FewQuestion:
    """A question that is answered from few labels.

    Args:
        task: Name of the task whose labels are used.
        types: TCGA codes of the cancer types concerned.
        with_copy_number: Whether copy number is seen.
    """

    task: str
    types: tuple[str, ...]
    with_copy_number: bool = False


QUESTIONS = (
    FewQuestion(task="breast_basal_luminal", types=("BRCA",)),
    FewQuestion(task="hpv", types=("HNSC",)),
    FewQuestion(task="bladder_basal_luminal", types=("BLCA",), with_copy_number=True),
    FewQuestion(task="msi", types=("COAD", "STAD", "UCEC")),
)


@dataclass(frozen=True, kw_only=True)
class _Material:
    """Labeled tumors of one question."""

    blocks: Mapping[str, Floats]
    truth: Rows
    patients: npt.NDArray[np.str_]
    pool: Rows  # tumors that labels are drawn from
    measured: Rows


def few_label_rows(
    encoder: Encoder,
    directions: Directions,
    cohort: EvaluationCohort,
    progress: Progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Answer each question from 25, 50 and 94 labels of training patients.

    Args:
        encoder: The encoder.
        directions: Its directions.
        cohort: Tumors and labels.
        progress: Told the number of questions done.
        part: Whose patients are measured; none of them is drawn.

    Returns:
        One row per question and size: mean AUROC of ten draws. The interval resamples the
        patients that are measured, not the draws.
    """
    asked = [question for question in QUESTIONS if question.task in cohort.labels]
    rows = []
    for i, question in enumerate(asked):
        progress("Measuring few labels", i, len(asked))
        material = _material(encoder, directions, cohort, question, part)
        rows += [
            _row(question, material, size, part) for size in SIZES if _suffices(material, size)
        ]
    progress("Measuring few labels", len(asked), len(asked))
    return rows


def draw(truth: Rows, pool: Rows, size: int, generator: np.random.Generator) -> Rows:
    """Draw labeled tumors at random, again until each class occurs often enough.

    Args:
        truth: Code of the class of every tumor.
        pool: Tumors to draw from.
        size: How many.
        generator: Source of randomness.

    Returns:
        Rows, (size,).
    """
    while True:
        chosen = generator.choice(pool, size, replace=False)
        if np.bincount(truth[chosen], minlength=2).min() >= FEWEST_OF_A_CLASS:
            return np.asarray(chosen)


def _suffices(material: _Material, size: int) -> bool:
    counts = np.bincount(material.truth[material.pool], minlength=2)
    return len(material.pool) >= size and counts.min() >= 2 * FEWEST_OF_A_CLASS


def _material(
    encoder: Encoder,
    directions: Directions,
    cohort: EvaluationCohort,
    question: FewQuestion,
    part: str,
) -> _Material:
    labeled = cohort.labeled(question.task)
    types = cohort.labels.get(CANCER_TYPE, [None] * len(cohort.tokens))
    concerned = np.array([types[i] in question.types for i in labeled], dtype=bool)
    rows = labeled[concerned]
    if question.with_copy_number:
        rows = rows[cohort.tokens.graded[rows]]
    labels = [str(cohort.labels[question.task][i]) for i in rows]
    truth = np.unique(labels, return_inverse=True)[1]
    parts = cohort.parts[rows]
    return _Material(
        blocks=_blocks(encoder, directions, cohort, rows, with_copy=question.with_copy_number),
        truth=truth.astype(np.int64),
        patients=np.array([cohort.patient_ids[i] for i in rows]),
        pool=np.flatnonzero(parts == TRAIN),
        measured=np.flatnonzero(parts == part),
    )


def _blocks(
    encoder: Encoder,
    directions: Directions,
    cohort: EvaluationCohort,
    rows: Rows,
    *,
    with_copy: bool,
) -> dict[str, Floats]:
    tokens = cohort.tokens.take(rows)
    raw = raw_blocks(tokens)
    if not with_copy:
        raw[COPY_LEVELS] = np.zeros_like(raw[COPY_LEVELS])
    readout = encoder.read(tokens, view=None if with_copy else without_copy_number)
    return raw | directions.apply(readout)


def _row(question: FewQuestion, material: _Material, size: int, part: str) -> Row:
    generator = np.random.default_rng(size)
    drawn = [draw(material.truth, material.pool, size, generator) for _ in range(NUM_DRAWS)]
    told = [_predict(material, rows) for rows in drawn]
    columns = {name: np.column_stack([t[name] for t in told]) for name in told[0]}
    empty = Row(
        task=question.task,
        view="as measured" if question.with_copy_number else "mutations only",
        part=part,
        metric=f"AUROC, {size} labels",
        ours=Estimate(value=0.0),
        num_tumors=0,
        note=f"mean of {NUM_DRAWS} draws of training patients; {', '.join(question.types)}",
    )
    truth, patients = material.truth[material.measured], material.patients[material.measured]
    row = compare(empty, _mean_auroc, columns, truth, patients.tolist())
    best = row.baselines[str(row.best_baseline)].value
    return replace(row, reach=min(best + AHEAD, 1.0))


def _predict(material: _Material, rows: Rows) -> dict[str, npt.NDArray[np.float64]]:
    """Predict the measured tumors from the labels of a draw: probability of the second class."""
    known = {name: block[rows] for name, block in material.blocks.items()}
    asked = {name: block[material.measured] for name, block in material.blocks.items()}
    truth = material.truth[rows]
    labels = FewLabels(blocks=known, truth=truth, patients=material.patients[rows])
    simple = {name: model(known, truth, asked)[:, 1] for name, model in SIMPLE.items()}
    return {"ours": predict_few(labels, asked)[:, 1]} | simple


def _mean_auroc(told: npt.NDArray[np.floating], truth: Rows) -> float:
    """Average the AUROC of the second class over draws, the columns."""
    return float(np.mean([auroc(np.column_stack([-p, p]), truth) for p in told.T]))
