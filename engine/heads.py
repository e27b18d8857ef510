"""Calibrated linear heads on the frozen embedding: cancer type and molecular classes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save_file

from engine.errors import WeightsError
from engine.head_tasks import CANCER_TYPE, TASKS, Task, applies
from engine.progress import Progress, no_progress

HEADS, HEADS_CARD = "heads.safetensors", "heads.json"

OK, UNCERTAIN = "ok", "uncertain"
OUT_OF_DISTRIBUTION, NOT_APPLICABLE = "out_of_distribution", "not_applicable"
FLAG_RULES = {
    NOT_APPLICABLE: "The question does not concern tumors of this type; nothing is predicted.",
    OUT_OF_DISTRIBUTION: "The tumor is unlike the reference tumors; do not interpret the numbers.",
    UNCERTAIN: "The 95% interval of the likeliest class reaches below one half.",
    OK: "None of these.",
}
NO_CLASS = ""
"""Class in the one row of a task that does not apply."""

PREDICTIONS = pa.schema(
    [
        ("row", pa.int64()),  # of `vectors`
        ("task", pa.string()),
        ("class", pa.string()),
        ("probability", pa.float32()),  # null where the task does not apply, as the interval
        ("lower", pa.float32()),
        ("upper", pa.float32()),
        ("flag", pa.string()),
    ]
)

BLOCK_TUMORS = 2048
"""Tumors predicted at once: 50 replicates of 33 classes take 14 MB."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """One calibrated multinomial logistic regression.

    Args:
        task: Name of its task.
        classes: Names of the classes, C.
        weights: Weights and, last, the bias of each class, divided by the temperature,
            (C, D + 1), float32.
        replicates: The same of B refits to reweighted patients, (B, C, D + 1), float16.
    """

    task: str
    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    replicates: NDArray[np.float16]

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Tell the probability of each class.

        Args:
            vectors: Embeddings, (N, D), float32.

        Returns:
            Probabilities, (N, C), each row of sum 1.
        """
        return _softmax(_with_one(vectors) @ self.weights.T)

    def interval(
        self, vectors: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Tell how far the probabilities would move with other training patients.

        Args:
            vectors: Embeddings, (N, D), float32.
            probabilities: As told by `probabilities`, (N, C); never outside the interval.

        Returns:
            Lower and upper end of the 95% interval, (N, C) each.
        """
        refits = _softmax(_with_one(vectors) @ self.replicates.astype(np.float32).mT)
        lower, upper = np.quantile(refits, [0.025, 0.975], axis=0).astype(np.float32)
        return np.minimum(lower, probabilities), np.maximum(upper, probabilities)


@dataclass(frozen=True, kw_only=True)
class Heads:
    """All heads of one encoder.

    Args:
        heads: One per task, cancer type first where there is one.
        card: What they were fitted on and how well they do, JSON values.
    """

    heads: tuple[Head, ...]
    card: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path) -> Heads:
        """Read the heads of a model folder and verify every byte of them.

        Args:
            directory: Folder that `save` wrote to.

        Returns:
            The heads.

        Raises:
            WeightsError: If a file is missing or differs from its digest.
        """
        try:
            card = json.loads((directory / HEADS_CARD).read_text(encoding="utf-8"))
            content = (directory / HEADS).read_bytes()
            expected, tasks = card["sha256"], card["tasks"]
            found = hashlib.sha256(content).hexdigest()
            if found != expected:
                raise WeightsError(
                    f"{HEADS} has the digest {found[:8]}, its card says {expected[:8]}: the file "
                    "is damaged or was changed. Reinstall TumorXY or fit the heads again."
                )
            arrays = parse_safetensors(content)
            heads = tuple(_head(name, facts["classes"], arrays) for name, facts in tasks.items())
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                f"The heads in {directory.name} cannot be read ({type(error).__name__}). "
                "Reinstall TumorXY or fit the heads again."
            ) from error
        return cls(heads=heads, card=card)

    def save(self, directory: Path) -> None:
        """Write the heads beside the weights of the encoder.

        Args:
            directory: Folder of the model; made if absent.
        """
        directory.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, NDArray[Any]] = {}
        for head in self.heads:
            # safetensors writes the memory as it lies, whatever the strides say.
            arrays[f"{head.task}.weights"] = np.ascontiguousarray(head.weights)
            arrays[f"{head.task}.replicates"] = np.ascontiguousarray(head.replicates)
        save_file(arrays, directory / HEADS)
        digest = hashlib.sha256((directory / HEADS).read_bytes()).hexdigest()
        text = json.dumps(self.card | {"sha256": digest}, indent=1)
        (directory / HEADS_CARD).write_text(text + "\n", encoding="utf-8")

    def predict(
        self,
        vectors: NDArray[np.float32],
        cancer_types: Sequence[str | None],
        ood: NDArray[np.bool_],
        *,
        progress: Progress = no_progress,
    ) -> pa.Table:
        """Predict every task for every tumor.

        A task that concerns some cancer types applies where the stated type is one of them, and
        where no type is stated, if the predicted probability of those types is one half or more.

        Args:
            vectors: Embeddings, (N, D), float32.
            cancer_types: Stated type of each tumor, name or code, None where not known.
            ood: Whether each tumor is out of distribution, (N,).
            progress: Told the number of tumors done.

        Returns:
            `PREDICTIONS`: for each tumor one row per class of a task that applies, and one row
            with the class `NO_CLASS` per task that does not. `FLAG_RULES` explains the flags.

        Raises:
            WeightsError: If the vectors are not as wide as those that the heads were fitted on.
        """
        self._check_width(vectors)
        tables = [PREDICTIONS.empty_table()]
        for start in range(0, len(vectors), BLOCK_TUMORS):
            stop = min(start + BLOCK_TUMORS, len(vectors))
            block = slice(start, stop)
            tables += self._predict_block(vectors[block], cancer_types[block], ood[block], start)
            progress("Predicting classes", stop, len(vectors))
        return pa.concat_tables(tables).combine_chunks().sort_by("row")

    def _check_width(self, vectors: NDArray[np.float32]) -> None:
        for head in self.heads:
            if vectors.ndim != 2 or vectors.shape[1] + 1 != head.weights.shape[1]:
                raise WeightsError(
                    f"Found vectors of shape {vectors.shape}, expected (N, "
                    f"{head.weights.shape[1] - 1}) as the heads were fitted on. Use the heads that "
                    "belong to the encoder."
                )

    def _predict_block(
        self,
        vectors: NDArray[np.float32],
        cancer_types: Sequence[str | None],
        ood: NDArray[np.bool_],
        first_row: int,
    ) -> list[pa.Table]:
        by_name = {head.task: head for head in self.heads}
        told = by_name[CANCER_TYPE].probabilities(vectors) if CANCER_TYPE in by_name else None
        codes = by_name[CANCER_TYPE].classes if CANCER_TYPE in by_name else ()
        tables = []
        for task in TASKS:
            if task.name in by_name:
                concerned = applies(task, cancer_types, codes, told)
                rows = np.flatnonzero(concerned)
                head = by_name[task.name]
                tables.append(_long_table(head, vectors[rows], ood[rows], rows + first_row))
                tables.append(_not_applicable(task, np.flatnonzero(~concerned) + first_row))
        return tables


def _head(task: str, classes: Sequence[str], arrays: dict[str, NDArray[Any]]) -> Head:
    return Head(
        task=task,
        classes=tuple(classes),
        weights=arrays[f"{task}.weights"],
        replicates=arrays[f"{task}.replicates"],
    )


def _long_table(
    head: Head, vectors: NDArray[np.float32], ood: NDArray[np.bool_], rows: NDArray[np.int64]
) -> pa.Table:
    probabilities = head.probabilities(vectors)
    lower, upper = head.interval(vectors, probabilities)
    likeliest = probabilities.argmax(axis=1)[:, None]
    doubtful = np.take_along_axis(lower, likeliest, axis=1)[:, 0] < 0.5
    flags = np.where(ood, OUT_OF_DISTRIBUTION, np.where(doubtful, UNCERTAIN, OK))
    num_classes = len(head.classes)
    columns = {
        "row": np.repeat(rows, num_classes),
        "task": [head.task] * (len(rows) * num_classes),
        "class": list(head.classes) * len(rows),
        "probability": probabilities.ravel(),
        "lower": lower.ravel(),
        "upper": upper.ravel(),
        "flag": np.repeat(flags, num_classes).tolist(),
    }
    return pa.table(columns, schema=PREDICTIONS)


def _not_applicable(task: Task, rows: NDArray[np.int64]) -> pa.Table:
    nothing = pa.nulls(len(rows), pa.float32())
    columns = {
        "row": rows,
        "task": [task.name] * len(rows),
        "class": [NO_CLASS] * len(rows),
        "probability": nothing,
        "lower": nothing,
        "upper": nothing,
        "flag": [NOT_APPLICABLE] * len(rows),
    }
    return pa.table(columns, schema=PREDICTIONS)


def _with_one(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Append the constant that the bias is the weight of."""
    return np.column_stack([vectors, np.ones(len(vectors), dtype=np.float32)])


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
