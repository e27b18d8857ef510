"""What heads tell of the tumors of a map, as something to color by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashboard.class_names import class_name
from dashboard.outcomes import OwnHeadSummary
from dashboard.predictions import NOT_INTERPRETED, QUESTIONS, STRANGENESS
from dashboard.queries import OOD, Choice, MapData, Objects

if TYPE_CHECKING:
    from cache.reader import Reader

PREDICTED = "predicted:"
"""Prefix of the keys of predicted classes, before the name of the task."""

OOD_TITLE = "Out-of-distribution score"
OOD_UNIT = "share of reference tumors that are less strange"


def list_predicted(reader: Reader, own: Sequence[OwnHeadSummary]) -> tuple[Choice, ...]:
    """Return the questions that heads have answered: the user's own first, then the shipped ones.

    Args:
        reader: The store.
        own: The heads that the user trained.
    """
    layouts = reader.layouts().to_pylist()
    if not layouts:
        return ()
    tasks = reader.predicted_tasks(layouts[-1]["model_digest"])
    mine = [
        Choice(key=PREDICTED + head.task, title=own_title(head), description=head.verdict)
        for head in own
        if head.task in tasks
    ]
    shipped = [
        Choice(key=PREDICTED + task, title=f"Predicted: {title}")
        for task, title in QUESTIONS.items()
        if task in tasks
    ]
    strange = [Choice(key=OOD, title=OOD_TITLE, unit=OOD_UNIT)] * (STRANGENESS in tasks)
    return (*mine, *shipped, *strange)


def own_title(head: OwnHeadSummary) -> str:
    """Name a head of the user's own with what is behind it."""
    auroc = head.auroc["value"]
    return f"Your head: {head.task} (n = {head.num_tumors}, cross-validated AUROC {auroc:.2f})"


def predicted_classes(reader: Reader, data: MapData, key: str) -> Objects:
    """Return the likeliest class of each tumor.

    Args:
        reader: The store.
        data: The map, N tumors.
        key: Key of a `Choice` of `list_predicted`.

    Returns:
        (N,) classes in words; None where the question does not concern the tumor, or its answer
        must not be interpreted.
    """
    task = key.removeprefix(PREDICTED)
    table = reader.likeliest(data.model_digest, task)
    classes, flags = data.align(table, "class"), data.align(table, "flag")
    classes[np.isin(flags.astype(str), NOT_INTERPRETED)] = None
    words = {code: class_name(task, code) for code in set(classes) - {None}}
    named: Objects = np.array([words.get(code) for code in classes], dtype=object)
    return named
