from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.predicted import list_predicted, predicted_classes

CLASSES = ["LUAD", "BRCA", "STAD", "LUAD"]
FLAGS = ["ok", "uncertain", "out_of_distribution", "panel_too_small"]


def a_reader(tasks: tuple[str, ...] = (), num_maps: int = 1) -> Any:
    return SimpleNamespace(
        layouts=lambda: pa.table({"model_digest": ["ab"] * num_maps}),
        predicted_tasks=lambda _digest: tasks,
        likeliest=lambda _digest, task: {"class": CLASSES, "flag": FLAGS, "task": task},
    )


def a_map() -> Any:
    """Five tumors, the last one without an answer."""

    def align(table: dict[str, list[str]], column: str) -> np.ndarray:
        return np.array([*table[column], None], dtype=object)

    return SimpleNamespace(model_digest="ab", align=align)


def test_classes_are_told_in_words_where_they_may_be_read() -> None:
    found = predicted_classes(a_reader(), a_map(), "predicted:cancer_type")
    assert found.tolist() == ["Lung adenocarcinoma", "Breast carcinoma", None, None, None]


def test_questions_that_were_answered_are_offered_in_their_order() -> None:
    reader = a_reader(tasks=("msi", "cancer_type", "os_risk", "strangeness"))
    assert [choice.title for choice in list_predicted(reader, ())] == [
        "Predicted: Cancer type (TCGA)",
        "Predicted: Microsatellites",
        "Out-of-distribution score",
    ]
    assert list_predicted(a_reader(num_maps=0), ()) == ()
