"""What is explained: one number per tumor, differentiable, with a name and a unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from engine.directions import Directions
from engine.errors import ExplanationError
from engine.few_features import BURDEN, COPY_LEVELS, MUTATED, TRUNCATED
from engine.finetune import Expert, OwnHead
from engine.heads import ADAPTED, FROZEN, Head
from engine.placement import Reference
from engine.survival import RiskHead

EMBEDDINGS = "embeddings"
FIELDS = (EMBEDDINGS, FROZEN, ADAPTED)
"""Fields of a `Readout`, in its order."""

RAW = (MUTATED, TRUNCATED, COPY_LEVELS, BURDEN)
"""What is read of a tumor without any encoder, as `engine.few_features.raw_blocks` tells it."""

TEMPERATURE = 0.02
"""Of the weights exp(cosine / temperature) that stand in for a hard choice of neighbors."""

AXES = ("x", "y")
Told = dict[str, Tensor]
"""Fields of a readout, and raw features, as tensors, (S, ...) each."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One number of a tumor that is to be explained.

    Args:
        name: What it is, for example "cancer type: LUAD".
        scale: In what it is counted, for example "log odds".
        reads: Which fields of a readout, and which raw features, it needs.
        score: Those fields, (S, ...) each, to the number of each tumor, (S,).
    """

    name: str
    scale: str
    reads: tuple[str, ...]
    score: Callable[[Told], Tensor]


def for_head(head: Head, class_name: str) -> Target:
    """Explain how likely a class is.

    Args:
        head: A calibrated linear head.
        class_name: One of its classes.

    Returns:
        The log odds of the class against all others together, log p / (1 - p).

    Raises:
        ExplanationError: If the head has no such class.
    """
    number = class_number(head.task, head.classes, class_name)
    weights = torch.from_numpy(np.array(head.weights))
    others = [i for i in range(len(head.classes)) if i != number]

    def score(told: Told) -> Tensor:
        vectors = told[head.reads]
        logits = _affine(vectors, weights)
        return logits[:, number] - logits[:, others].logsumexp(1)

    name = f"{head.task}: {class_name}"
    return Target(name=name, scale="log odds", reads=(head.reads,), score=score)


def for_own_head(head: OwnHead, directions: Directions, class_name: str) -> Target:
    """Explain how likely a class is to a head that was trained on few labels.

    Args:
        head: The head.
        directions: Directions of the encoder that it was trained on.
        class_name: One of its classes.

    Returns:
        The log odds of the class against all others together, log p / (1 - p).

    Raises:
        ExplanationError: If the head has no such class.
    """
    number = class_number(head.task, head.classes, class_name)
    others = [i for i in range(len(head.classes)) if i != number]
    experts = [(expert, *_as_tensors(expert)) for expert in head.experts]
    blocks = {name: torch.from_numpy(np.array(b)) for name, b in directions.blocks.items()}

    def score(told: Told) -> Tensor:
        inputs = torch.cat([told[FROZEN], told[EMBEDDINGS]], 1)
        read = told | {name: _affine(inputs, block) for name, block in blocks.items()}
        sums = torch.zeros_like(inputs[:, :1])
        for expert, weights, center, scale in experts:
            logits = _affine(torch.cat([read[name] for name in expert.blocks], 1), weights)
            sums = sums + 2 * torch.tanh((logits - center.to(logits)) / (2 * scale.to(logits)))
        told_logits = head.slope * sums + torch.from_numpy(np.array(head.bias)).to(sums)
        return told_logits[:, number] - told_logits[:, others].logsumexp(1)

    read_raw = tuple(name for name in RAW if any(name in e.blocks for e in head.experts))
    reads = (EMBEDDINGS, FROZEN, *read_raw)
    return Target(name=f"{head.task}: {class_name}", scale="log odds", reads=reads, score=score)


def _as_tensors(expert: Expert) -> tuple[Tensor, Tensor, Tensor]:
    weights, center, scale = (
        torch.from_numpy(np.array(a)) for a in (expert.weights, expert.center, expert.scale)
    )
    return weights, center, scale


def class_number(task: str, classes: tuple[str, ...], class_name: str) -> int:
    """Return the place of a class among those of a head.

    Raises:
        ExplanationError: If the head has no such class.
    """
    if class_name not in classes:
        raise ExplanationError(
            f"The class {class_name!r} was asked for, and the head {task} has "
            f"{', '.join(classes)}. Choose one of them."
        )
    return classes.index(class_name)


def for_risk(risk: RiskHead, row: int) -> Target:
    """Explain the hazard of death against the median of a tumor type.

    Args:
        risk: The survival head.
        row: Row of its `types`, as `RiskHead.type_of` tells it.

    Returns:
        The log hazard ratio; higher is a higher hazard.
    """
    projection, weights = (
        torch.from_numpy(np.array(a)) for a in (risk.projection, risk.weights[[row]])
    )

    def score(told: Told) -> Tensor:
        values = torch.cat([told[name] for name in risk.reads], 1)
        return _affine(_affine(values, projection), weights)[:, 0]

    name = f"overall survival within {risk.types[row]}"
    return Target(name=name, scale="log hazard ratio", reads=risk.reads, score=score)


def for_position(reference: Reference, axis: str, temperature: float = TEMPERATURE) -> Target:
    """Explain where a tumor lies on the map, by a smooth stand-in for placing it.

    The stand-in is the mean position of the reference tumors, weighted by exp(cosine /
    temperature). `engine.placement.place` puts a tumor on the medoid of 15 neighbors instead, so
    the two differ most where the neighbors lie apart.

    Args:
        reference: The map.
        axis: `x` or `y`.
        temperature: Smaller follows fewer neighbors.

    Returns:
        The coordinate, in the units of the map.

    Raises:
        ExplanationError: If the axis is another.
    """
    if axis not in AXES:
        raise ExplanationError(f"The axis {axis!r} was asked for. Choose x or y.")
    vectors = torch.from_numpy(reference.vectors)
    column = torch.from_numpy(np.array(reference.coordinates[:, AXES.index(axis)]))

    def score(told: Told) -> Tensor:
        asked = told[EMBEDDINGS]
        near = (asked @ vectors.to(asked).T / temperature).softmax(1)
        return near @ column.to(asked)

    return Target(name=f"map {axis}", scale="map units", reads=(EMBEDDINGS,), score=score)


def for_region(
    vectors: NDArray[np.float32], name: str, against: NDArray[np.float32] | None = None
) -> Target:
    """Explain how near a tumor is to a region of the map, in the full space.

    Args:
        vectors: Embeddings of the tumors of the region, (N, D), N at least 1.
        name: Name of the region, for the target's name.
        against: Embeddings of the tumors to compare with, (M, D); nobody when None.

    Returns:
        The cosine to the mean direction of the region, less that to the other one; higher is
        nearer to the region.

    Raises:
        ExplanationError: If a region is empty.
    """
    towards = _direction(vectors)
    if against is not None:
        towards = towards - _direction(against)

    def score(told: Told) -> Tensor:
        return told[EMBEDDINGS] @ towards.to(told[EMBEDDINGS])

    return Target(name=f"region: {name}", scale="cosine", reads=(EMBEDDINGS,), score=score)


def _direction(vectors: NDArray[np.float32]) -> Tensor:
    if not len(vectors):
        raise ExplanationError(
            "A region without tumors was found where at least one tumor was expected. Select more."
        )
    return normalize(torch.from_numpy(np.asarray(vectors, dtype=np.float32).mean(0)), dim=0)


def _affine(values: Tensor, weights: Tensor) -> Tensor:
    """Apply weights whose last column is the bias, (S, D) and (K, D + 1) to (S, K)."""
    weights = weights.to(values)
    return values @ weights[:, :-1].T + weights[:, -1]
