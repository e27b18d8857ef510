"""Heads of a user's own: few labels, two linear experts, stored under the home.

One expert reads genes as they are, the other what the encoder tells. Each is a logistic regression;
their logits are brought to one scale and bounded before they are added, so that neither a
hypermutated tumor nor one sure expert decides alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save_file
from scipy.special import softmax

from engine.errors import WeightsError
from engine.few_features import Floats, join_blocks
from engine.head_tasks import NOT_STATED, TASKS
from engine.heads import Circumstances, class_table, not_applicable
from engine.oncotree import type_names

HEAD, CARD = "head.safetensors", "card.json"
TASK_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
"""Lower-case letters, digits and `_`; it becomes a folder and a value of the column `task`."""
TAKEN = frozenset({task.name for task in TASKS} | {"os_risk", "icb_response"})
"""Tasks of the shipped heads."""


@dataclass(frozen=True, kw_only=True)
class Expert:
    """One logistic regression on some blocks of features.

    Args:
        name: What it is called.
        blocks: The blocks that it reads, in order; K columns in all.
        weights: Weights and, last, the bias of each class, (C, K + 1), float32.
        center: Median of the cross-validated logits of each class, (C,), float32.
        scale: Their spread, (C,), float32.
        replicates: The weights of B refits to reweighted patients, (B, C, K + 1), float16.
    """

    name: str
    blocks: tuple[str, ...]
    weights: Floats
    center: Floats
    scale: Floats
    replicates: NDArray[np.float16]

    def told(self, inputs: Floats, weights: Floats) -> Floats:
        """Tell the bounded logits of tumors by its own weights or a refit of them, (N, C)."""
        return bounded(affine(inputs, weights), self.center, self.scale)


@dataclass(frozen=True, kw_only=True)
class OwnHead:
    """A head that a user trained.

    Args:
        task: Its name.
        classes: Names of the classes, C.
        types: Names of the tumor types among its labels, lower case; empty when none was stated.
        experts: What is added.
        slope: What the sum of the experts is multiplied by, which calibrates it.
        bias: What is added for each class then, (C,), float32.
        card: What is behind it and how well it does, JSON values.
    """

    task: str
    classes: tuple[str, ...]
    types: frozenset[str]
    experts: tuple[Expert, ...]
    slope: float
    bias: Floats
    card: dict[str, Any] = field(default_factory=dict)

    def probabilities(self, blocks: dict[str, Floats]) -> Floats:
        """Tell the probability of each class.

        Args:
            blocks: Features of N tumors, as `engine.few_features.read_blocks` tells them.

        Returns:
            Probabilities, (N, C), each row of sum 1.
        """
        sums = [
            expert.told(join_blocks(blocks, expert.blocks), expert.weights)
            for expert in self.experts
        ]
        return self._calibrated(np.sum(sums, axis=0))

    def interval(self, blocks: dict[str, Floats], told: Floats) -> tuple[Floats, Floats]:
        """Tell how far the probabilities would move with other patients behind the head.

        Args:
            blocks: Features of N tumors.
            told: Their probabilities, (N, C); never outside the interval.

        Returns:
            Lower and upper end of the 95% interval, (N, C) each.
        """
        inputs = [join_blocks(blocks, expert.blocks) for expert in self.experts]
        refits = []
        for number in range(len(self.experts[0].replicates)):
            sums = [
                expert.told(values, expert.replicates[number].astype(np.float32))
                for values, expert in zip(inputs, self.experts, strict=True)
            ]
            refits.append(self._calibrated(np.sum(sums, axis=0)))
        lower, upper = np.quantile(refits, [0.025, 0.975], axis=0).astype(np.float32)
        return np.minimum(lower, told), np.maximum(upper, told)

    def predict(self, blocks: dict[str, Floats], known: Circumstances) -> pa.Table:
        """Predict every tumor.

        The head applies where the stated type is one of those behind it, and where none is stated.

        Args:
            blocks: Features of N tumors.
            known: What else is known of them.

        Returns:
            Rows of `engine.heads.PREDICTIONS`.
        """
        concerned = np.array([self._concerns(stated) for stated in known.cancer_types], dtype=bool)
        rows, others = np.flatnonzero(concerned), np.flatnonzero(~concerned)
        asked = {name: block[rows] for name, block in blocks.items()}
        parts = [self._answers(asked, known.take(rows), rows), not_applicable(self.task, others)]
        return pa.concat_tables(parts).sort_by("row")

    def save(self, directory: Path) -> str:
        """Write the head as a folder of its own, and take the place of an earlier one.

        Args:
            directory: Folder of the head.

        Returns:
            Its digest, 64 hex characters.
        """
        fresh = directory.with_name(f".{directory.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        save_file(self._arrays(), fresh / HEAD)
        facts = {
            "task": self.task,
            "classes": list(self.classes),
            "types": sorted(self.types),
            "experts": {expert.name: list(expert.blocks) for expert in self.experts},
            "slope": self.slope,
            "sha256": hashlib.sha256((fresh / HEAD).read_bytes()).hexdigest(),
        }
        text = json.dumps(self.card | facts, indent=1, allow_nan=False) + "\n"
        (fresh / CARD).write_text(text, encoding="utf-8")
        shutil.rmtree(directory, ignore_errors=True)
        fresh.rename(directory)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def load(cls, directory: Path) -> OwnHead:
        """Read a head and verify its weights.

        Args:
            directory: Folder that `save` wrote.

        Raises:
            WeightsError: If a file is missing, damaged or not what the card says.
        """
        try:
            card = json.loads((directory / CARD).read_text(encoding="utf-8"))
            content = (directory / HEAD).read_bytes()
            intact = hashlib.sha256(content).hexdigest() == card["sha256"]
            head = _head(card, parse_safetensors(content)) if intact else None
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                f"Your head {directory.name} cannot be read ({type(error).__name__}). Train it "
                "again with `tumorxy finetune`, or remove it."
            ) from error
        if head is None:
            raise WeightsError(
                f"The weights of your head {directory.name} differ from the digest on its card: "
                "the file is damaged or was changed. Train it again with `tumorxy finetune`, or "
                "remove it."
            )
        return head

    def _arrays(self) -> dict[str, NDArray[Any]]:
        names = ("weights", "center", "scale", "replicates")
        arrays = {
            f"{expert.name}.{name}": np.ascontiguousarray(getattr(expert, name))
            for expert in self.experts
            for name in names
        }
        return arrays | {"bias": self.bias}

    def _calibrated(self, sums: Floats) -> Floats:
        shares: Floats = softmax(self.slope * sums + self.bias, axis=1).astype(np.float32)
        return shares

    def _concerns(self, stated: str | None) -> bool:
        if not self.types or stated is None or stated.strip().lower() in NOT_STATED:
            return True
        return bool(own_types(stated) & self.types)

    def _answers(
        self, blocks: dict[str, Floats], known: Circumstances, rows: NDArray[np.int64]
    ) -> pa.Table:
        told = self.probabilities(blocks)
        return class_table(
            self.task, self.classes, (told, *self.interval(blocks, told)), known, rows
        )


def affine(inputs: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Turn inputs, (N, K), by weights and, last, constants, (C, K + 1), into logits, (N, C)."""
    logits: NDArray[Any] = inputs @ weights[:, :-1].T + weights[:, -1]
    return logits


def bounded(logits: NDArray[Any], center: NDArray[Any], scale: NDArray[Any]) -> NDArray[Any]:
    """Bring the logits of an expert, (N, C), to one scale, between -2 and 2."""
    told: NDArray[Any] = 2 * np.tanh((logits - center) / (2 * scale))
    return told


def own_types(stated: str) -> frozenset[str]:
    """Name a stated tumor type as `type_names` does, lower case."""
    return frozenset(name.lower() for name in type_names(stated))


def _head(card: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> OwnHead:
    experts = tuple(
        Expert(
            name=name,
            blocks=tuple(blocks),
            weights=arrays[f"{name}.weights"],
            center=arrays[f"{name}.center"],
            scale=arrays[f"{name}.scale"],
            replicates=arrays[f"{name}.replicates"],
        )
        for name, blocks in card["experts"].items()
    )
    return OwnHead(
        task=card["task"],
        classes=tuple(card["classes"]),
        types=frozenset(card["types"]),
        experts=experts,
        slope=float(card["slope"]),
        bias=arrays["bias"],
        card=card,
    )
