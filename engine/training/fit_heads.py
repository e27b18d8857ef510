"""Fit the heads: training patients for the weights, validation to choose and to calibrate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import TrainingError
from engine.head_tasks import TASKS, Task
from engine.heads import ADAPTED, FLAG_RULES, FROZEN, Head, Heads
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.training.head_metrics import measure
from engine.training.logistic import Calibrated, HeadsConfig, Labeled, fit_calibrated
from engine.training.split import TEST, TRAIN, VALIDATION, part_of

FEWEST_TRAINED = 10
"""Training tumors that each class of a task must have."""

DEFAULTS = HeadsConfig()


@dataclass(frozen=True, kw_only=True)
class LabeledTumors:
    """What heads are fitted on.

    Args:
        readout: N tumors as the encoder tells them.
        views: The same tumors with less known of them, for example through a panel. Heads are
            fitted and calibrated on all of it, and reported on `readout`.
        patient_ids: Patient of each tumor; they decide its part and are resampled.
        cohorts: Cohort of each tumor, for the account of who is behind a head.
        labels: By task, the class of each tumor, None where unknown; see `task_labels`.
    """

    readout: Readout
    patient_ids: Sequence[str]
    cohorts: Sequence[str]
    labels: Mapping[str, Sequence[str | None]]
    views: tuple[Readout, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        columns = {"patients": self.patient_ids, "cohorts": self.cohorts, **self.labels}
        for name, column in columns.items():
            if len(column) != len(self.readout):
                raise TrainingError(
                    f"Found {len(column)} values of {name} for {len(self.readout)} tumors, "
                    "expected one per tumor. Read the labels again."
                )


@dataclass(frozen=True)
class _TaskData:
    """The tumors that have a label of one task."""

    tumors: Labeled
    views: tuple[NDArray[np.float64], ...]  # (N, D) each
    classes: tuple[str, ...]
    cohorts: NDArray[np.str_]
    parts: NDArray[np.str_]

    def part(self, name: str) -> Labeled:
        """Return the tumors of a part, as they are."""
        rows = self.parts == name
        tumors = self.tumors
        return Labeled(tumors.vectors[rows], tumors.truth[rows], tumors.patients[rows])

    def seen(self, name: str) -> Labeled:
        """Return the tumors of a part, as they are and through every view."""
        rows, times = self.parts == name, 1 + len(self.views)
        vectors = np.concatenate([v[rows] for v in (self.tumors.vectors, *self.views)])
        truth = np.tile(self.tumors.truth[rows], times)
        return Labeled(vectors, truth, np.tile(self.tumors.patients[rows], times))


def fit_heads(
    tumors: LabeledTumors,
    *,
    config: HeadsConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> Heads:
    """Fit a calibrated linear head for each task that has labels.

    Args:
        tumors: Readouts and labels.
        config: How to fit.
        progress: Told the number of heads done.

    Returns:
        The heads, with a card that says what is behind each and how well it does on validation
        patients; the test part is left for `engine.evaluation`.

    Raises:
        TrainingError: If a task has too few tumors of a class, or none to validate or test on.
    """
    chosen = [task for task in TASKS if task.name in tumors.labels]
    parts = part_of(tumors.patient_ids)
    heads, cards = [], {}
    for i, task in enumerate(chosen):
        progress("Fitting heads", i, len(chosen))
        data = _select(task, tumors, parts)
        fitted = fit_calibrated(data.seen(TRAIN), data.seen(VALIDATION), config)
        head = _head(task, data, fitted, _reads(tumors.readout))
        heads.append(head)
        cards[task.name] = _card(task, data, fitted, head.reads) | {
            "test": _report(head, data, config.seed)
        }
    progress("Fitting heads", len(chosen), len(chosen))
    card = {"config": asdict(config), "flags": FLAG_RULES}
    return Heads(heads=tuple(heads), card=card | {"tasks": cards})


def _head(task: Task, data: _TaskData, fitted: Calibrated, reads: str) -> Head:
    return Head(
        task=task.name,
        classes=data.classes,
        reads=reads,
        weights=fitted.weights,
        replicates=fitted.replicates,
    )


def _select(task: Task, tumors: LabeledTumors, parts: NDArray[np.str_]) -> _TaskData:
    labels = tumors.labels[task.name]
    rows = np.array([i for i, label in enumerate(labels) if label is not None], dtype=np.int64)
    names = [label for label in labels if label is not None]
    _check_enough(task, names, parts[rows])
    classes, truth = np.unique(np.array(names), return_inverse=True)
    patients = np.array(tumors.patient_ids)[rows]
    reads = _reads(tumors.readout)
    vectors, *views = (
        getattr(readout, reads)[rows].astype(np.float64)
        for readout in (tumors.readout, *tumors.views)
    )
    return _TaskData(
        Labeled(vectors, truth, patients),
        tuple(views),
        tuple(classes.tolist()),
        np.array(tumors.cohorts)[rows],
        parts[rows],
    )


def _reads(readout: Readout) -> str:
    """Read the adapted encoder where there is one."""
    return ADAPTED if readout.adapted.shape[1] else FROZEN


def fittable_tasks(
    labels: Mapping[str, Sequence[str | None]], patient_ids: Sequence[str]
) -> tuple[str, ...]:
    """Name the tasks that have labels enough to fit, choose and report on.

    Args:
        labels: By task, the class of each tumor, None where unknown.
        patient_ids: Patient of each tumor.

    Returns:
        Names of tasks that `fit_heads` accepts.
    """
    parts = part_of(patient_ids)
    return tuple(
        name for name, column in labels.items() if _shortfall(*_known(column, parts)) is None
    )


def _known(
    column: Sequence[str | None], parts: NDArray[np.str_]
) -> tuple[list[str], NDArray[np.str_]]:
    rows = [i for i, label in enumerate(column) if label is not None]
    return [label for label in column if label is not None], parts[rows]


def _check_enough(task: Task, names: Sequence[str], parts: NDArray[np.str_]) -> None:
    shortfall = _shortfall(names, parts)
    if shortfall is not None:
        raise TrainingError(
            f"The task {task.name} has {shortfall}. Add labeled studies, or leave the task out."
        )


def _shortfall(names: Sequence[str], parts: NDArray[np.str_]) -> str | None:
    """Say what a task lacks; None when it has enough."""
    trained = Counter(name for name, part in zip(names, parts, strict=True) if part == TRAIN)
    counts = {name: trained[name] for name in sorted(set(names))}
    if len(counts) < 2 or min(counts.values()) < FEWEST_TRAINED:
        found = ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
        return (
            f"these labeled training tumors: {found}; expected two classes or more with at least "
            f"{FEWEST_TRAINED} each"
        )
    missing = [part for part in (VALIDATION, TEST) if part not in parts]
    return f"no labeled {missing[0]} patient, expected at least one" if missing else None


def _card(task: Task, data: _TaskData, fitted: Calibrated, reads: str) -> dict[str, Any]:
    names = np.array(data.classes)[data.tumors.truth].tolist()
    return {
        "classes": list(data.classes),
        "reads": reads,
        "attribute": task.attribute,
        "concerns": sorted(task.codes) or "all cancer types",
        "num_tumors": dict(sorted(Counter(data.parts.tolist()).items())),
        "num_patients": len(set(data.tumors.patients.tolist())),
        "num_by_class": dict(sorted(Counter(names).items())),
        "num_by_cohort": dict(sorted(Counter(data.cohorts.tolist()).items())),
        "strength": fitted.strength,
        "temperature": fitted.temperature,
    }


def _report(head: Head, data: _TaskData, seed: int) -> dict[str, Any]:
    held_out = data.part(VALIDATION)
    probabilities = head.probabilities(held_out.vectors.astype(np.float32))
    return {"validation": measure(probabilities, held_out.truth, held_out.patients.tolist(), seed)}
