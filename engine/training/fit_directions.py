"""Fit the directions that few labels are read along: cancer types, and the embedding itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from engine.directions import Directions, inputs_of
from engine.head_tasks import CANCER_TYPE
from engine.readout import Readout
from engine.training.fit_heads import LabeledTumors
from engine.training.split import TRAIN, part_of

TAUGHT_BY = (CANCER_TYPE,)
"""Tasks whose labels teach directions: cancer types alone, so that no molecular label is spent.

The types of OncoTree as a further block changed no figure on validation patients.
"""

EMBEDDING = "embedding"
UNKNOWN = ""
STRENGTH = 1e-3
"""Inverse penalty, on standardized inputs; chosen on validation patients."""
MAX_ITERATIONS = 150

Floats = NDArray[np.float64]


def fit_directions(tumors: LabeledTumors) -> Directions:
    """Fit the directions on the training patients.

    Args:
        tumors: Readouts, views and labels; tasks that are missing teach nothing.

    Returns:
        One block for the embedding and one per task of `TAUGHT_BY` that has labels.
    """
    trained = part_of(tumors.patient_ids) == TRAIN
    types = _types(tumors)
    if (types[trained] != UNKNOWN).any():
        trained &= types != UNKNOWN
    blocks = {EMBEDDING: _embedding_block(tumors.readout)}
    for task in TAUGHT_BY:
        labels = tumors.labels.get(task)
        if labels is not None:
            rows = trained & np.array([label is not None for label in labels])
            blocks[task] = _taught(tumors, labels, rows)
    inputs = inputs_of(tumors.readout)[trained].astype(np.float64)
    scaled = {name: _scaled(block, inputs, types[trained]) for name, block in blocks.items()}
    return Directions(blocks=scaled)


def _types(tumors: LabeledTumors) -> NDArray[np.str_]:
    """Name the type of each tumor by whatever task tells it."""
    columns = [tumors.labels[task] for task in TAUGHT_BY if task in tumors.labels]
    rows = zip(*columns, strict=True) if columns else [()] * len(tumors.readout)
    return np.array([next((label for label in row if label is not None), UNKNOWN) for row in rows])


def _embedding_block(readout: Readout) -> Floats:
    width, features = readout.embeddings.shape[1], readout.frozen.shape[1]
    block = np.zeros((width, features + width + 1))
    block[:, features:-1] = np.eye(width)
    return block


def _taught(tumors: LabeledTumors, labels: Sequence[str | None], rows: NDArray[np.bool_]) -> Floats:
    """Fit one multinomial regression on the tumors and their views; centered over classes."""
    truth = np.array([label for label, chosen in zip(labels, rows, strict=True) if chosen])
    readouts = (tumors.readout, *tumors.views)
    inputs = np.concatenate([inputs_of(told)[rows] for told in readouts])
    center, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS)
    model.fit((inputs - center) / scale, np.tile(truth, len(readouts)))
    weights = model.coef_ / scale
    block = np.column_stack([weights, model.intercept_ - weights @ center])
    centered: Floats = block - block.mean(axis=0) if len(block) > 1 else block
    return centered


def _scaled(block: Floats, inputs: Floats, types: NDArray[np.str_]) -> NDArray[np.float32]:
    """Give a block mean 0 and variance 1 within types over the training tumors."""
    told = inputs @ block[:, :-1].T + block[:, -1]
    constant = block[:, -1] - told.mean(axis=0)
    spread = sum(((told[types == t] - told[types == t].mean(0)) ** 2).sum() for t in set(types))
    norm = np.sqrt(max(spread / len(told), np.finfo(np.float32).tiny))
    scaled: NDArray[np.float32] = (np.column_stack([block[:, :-1], constant]) / norm).astype("f4")
    return scaled
