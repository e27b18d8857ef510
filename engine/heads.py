"""Calibrated linear heads on what the encoder reads: cancer type and molecular classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
from engine.head_tasks import ASKED, CANCER_TYPE, applies
from engine.progress import Progress, no_progress
from engine.readout import Readout

HEADS, HEADS_CARD = "heads.safetensors", "heads.json"

OK, UNCERTAIN = "ok", "uncertain"
OUT_OF_DISTRIBUTION, NOT_APPLICABLE = "out_of_distribution", "not_applicable"
PANEL_TOO_SMALL = "panel_too_small"
FEWEST_GENES = 50
"""Genes of the vocabulary that must have been looked at for mutations."""

FLAG_RULES = {
    NOT_APPLICABLE: "The question does not concern tumors of this type; nothing is predicted.",
    PANEL_TOO_SMALL: f"Fewer than {FEWEST_GENES} of the genes that the encoder knows were "
    "sequenced; do not interpret the numbers.",
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


ADAPTED, FROZEN = "adapted", "frozen"
"""Fields of a `Readout` that a head may read."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What must be known of N tumors to say which predictions may be interpreted.

    Args:
        cancer_types: Stated type of each tumor, name or code, None where not known.
        out_of_distribution: Whether each tumor is unlike the reference, (N,).
        num_genes: Genes of the vocabulary looked at for mutations, (N,).
    """

    cancer_types: Sequence[str | None]
    out_of_distribution: NDArray[np.bool_]
    num_genes: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> Circumstances:
        """Select tumors, (n,) rows in the wanted order."""
        return Circumstances(
            cancer_types=[self.cancer_types[i] for i in rows],
            out_of_distribution=self.out_of_distribution[rows],
            num_genes=self.num_genes[rows],
        )


@dataclass(frozen=True, kw_only=True)
class Head:
    """One calibrated multinomial logistic regression on D numbers per tumor.

    Args:
        task: Name of its task.
        classes: Names of the classes, C.
        reads: Which field of a `Readout` it reads.
        weights: Weights and, last, the bias of each class, divided by the temperature,
            (C, D + 1), float32.
        replicates: The same of B refits to reweighted patients, (B, C, D + 1), float16.
    """

    task: str
    classes: tuple[str, ...]
    reads: str
    weights: NDArray[np.float32]
    replicates: NDArray[np.float16]

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Tell the probability of each class.

        Args:
            vectors: What the head reads, (N, D), float32.

        Returns:
            Probabilities, (N, C), each row of sum 1.
        """
        return _softmax(_with_one(vectors) @ self.weights.T)

    def interval(
        self, vectors: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Tell how far the probabilities would move with other training patients.

        Args:
            vectors: What the head reads, (N, D), float32.
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
    def parse(cls, contents: Mapping[str, bytes]) -> Heads | None:
        """Read the heads of a model.

        Args:
            contents: Verified files of the model, by name.

        Returns:
            The heads; None where the model has none.

        Raises:
            WeightsError: If a file is missing or says something else than it should.
        """
        if HEADS not in contents:
            return None
        try:
            card = json.loads(contents[HEADS_CARD])
            arrays = parse_safetensors(contents[HEADS])
            heads = tuple(_head(name, facts, arrays) for name, facts in card["tasks"].items())
        except (ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                f"The heads of the model cannot be read ({type(error).__name__}). Reinstall "
                "TumorXY or fit the heads again."
            ) from error
        return cls(heads=heads, card=card)

    def save(self, directory: Path) -> None:
        """Write the heads beside the weights; `engine.weights.seal` comes after.

        Args:
            directory: Folder of the model.
        """
        arrays: dict[str, NDArray[Any]] = {}
        for head in self.heads:
            # safetensors writes the memory as it lies, whatever the strides say.
            arrays[f"{head.task}.weights"] = np.ascontiguousarray(head.weights)
            arrays[f"{head.task}.replicates"] = np.ascontiguousarray(head.replicates)
        save_file(arrays, directory / HEADS)
        text = json.dumps(self.card, indent=1)
        (directory / HEADS_CARD).write_text(text + "\n", encoding="utf-8")

    def predict(
        self, readout: Readout, known: Circumstances, *, progress: Progress = no_progress
    ) -> pa.Table:
        """Predict every task for every tumor.

        A task that concerns some cancer types applies where the stated type is one of them, and
        where no type is stated, if the predicted probability of those types is one half or more.

        Args:
            readout: N tumors as the encoder tells them.
            known: What else is known of them.
            progress: Told the number of tumors done.

        Returns:
            `PREDICTIONS`: for each tumor one row per class of a task that applies, and one row
            with the class `NO_CLASS` per task that does not. `FLAG_RULES` explains the flags.

        Raises:
            WeightsError: If the readout is not as wide as the one that the heads were fitted on.
        """
        self._check_width(readout)
        tables = [PREDICTIONS.empty_table()]
        for start in range(0, len(readout), BLOCK_TUMORS):
            rows = np.arange(start, min(start + BLOCK_TUMORS, len(readout)))
            tables += self._predict_block(readout.take(rows), known.take(rows), start)
            progress("Predicting classes", start + len(rows), len(readout))
        return pa.concat_tables(tables).combine_chunks().sort_by("row")

    def cancer_types(self, readout: Readout) -> tuple[tuple[str, ...], NDArray[np.float32] | None]:
        """Tell the codes of the cancer types, C, and their probabilities, (N, C).

        Without a head for the cancer type there are no codes, and None.
        """
        typed = next((head for head in self.heads if head.task == CANCER_TYPE), None)
        if typed is None:
            return (), None
        return typed.classes, typed.probabilities(getattr(readout, typed.reads))

    def _check_width(self, readout: Readout) -> None:
        for head in self.heads:
            found, expected = getattr(readout, head.reads).shape, head.weights.shape[1] - 1
            if found[1] != expected:
                raise WeightsError(
                    f"The head {head.task} found {head.reads} features of shape {found}, expected "
                    f"(N, {expected}) as it was fitted on. Use the heads that belong to the "
                    "encoder."
                )

    def _predict_block(
        self, readout: Readout, known: Circumstances, first_row: int
    ) -> list[pa.Table]:
        by_name = {head.task: head for head in self.heads}
        codes, told = self.cancer_types(readout)
        tables = []
        for task in ASKED:
            if task.name in by_name:
                concerned = applies(task, known.cancer_types, codes, told)
                rows, others = np.flatnonzero(concerned), np.flatnonzero(~concerned)
                asked, about = readout.take(rows), known.take(rows)
                tables.append(_long_table(by_name[task.name], asked, about, rows + first_row))
                tables.append(not_applicable(task.name, others + first_row))
        return tables


def _head(task: str, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Head:
    return Head(
        task=task,
        classes=tuple(facts["classes"]),
        reads=facts["reads"],
        weights=arrays[f"{task}.weights"],
        replicates=arrays[f"{task}.replicates"],
    )


def _long_table(
    head: Head, readout: Readout, known: Circumstances, rows: NDArray[np.int64]
) -> pa.Table:
    vectors = getattr(readout, head.reads)
    told = head.probabilities(vectors)
    lower, upper = head.interval(vectors, told)
    return class_table(head.task, head.classes, (told, lower, upper), known, rows)


def class_table(
    task: str,
    classes: tuple[str, ...],
    told: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    known: Circumstances,
    rows: NDArray[np.int64],
) -> pa.Table:
    """Lay out what a head tells of tumors that its question concerns.

    Args:
        task: Name of the task.
        classes: Names of its classes, C.
        told: Probabilities, lower and upper ends of their intervals, (N, C) each.
        known: What else is known of the N tumors.
        rows: Number of each tumor in the table, (N,).

    Returns:
        Rows of `PREDICTIONS`, C for each tumor.
    """
    probabilities, lower, upper = told
    likeliest = probabilities.argmax(axis=1)[:, None]
    flags = flags_of(known, np.take_along_axis(lower, likeliest, axis=1)[:, 0] < 0.5)
    columns = {
        "row": np.repeat(rows, len(classes)),
        "task": [task] * (len(rows) * len(classes)),
        "class": list(classes) * len(rows),
        "probability": probabilities.ravel(),
        "lower": lower.ravel(),
        "upper": upper.ravel(),
        "flag": np.repeat(flags, len(classes)).tolist(),
    }
    return pa.table(columns, schema=PREDICTIONS)


def flags_of(known: Circumstances, doubtful: NDArray[np.bool_]) -> NDArray[np.str_]:
    """Flag tumors that a question concerns, (N,), by the first of `FLAG_RULES` that holds."""
    return np.select(
        [known.num_genes < FEWEST_GENES, known.out_of_distribution, doubtful],
        [PANEL_TOO_SMALL, OUT_OF_DISTRIBUTION, UNCERTAIN],
        OK,
    )


def not_applicable(task: str, rows: NDArray[np.int64]) -> pa.Table:
    """Lay out a task that does not concern tumors: one row of `PREDICTIONS` for each."""
    nothing = pa.nulls(len(rows), pa.float32())
    columns = {
        "row": rows,
        "task": [task] * len(rows),
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
