"""Features laid out by hand, and tumors with planted signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.epidemiology.counts import Block, Feature, Features

Mask = NDArray[np.bool_]


def features_of(
    has: NDArray[np.generic],
    known: Mask | None = None,
    names: Sequence[str] | None = None,
    group: str = "mutation",
) -> Features:
    """Make features of who has them and of whom they are known, (N, F)."""
    present = np.asarray(has, dtype=bool)
    asked = np.ones_like(present) if known is None else known
    row, masks = np.arange(len(present)), asked
    tumor, column = np.nonzero(present & asked)
    labels = names or [f"G{i}" for i in range(present.shape[1])]
    return Features(
        features=tuple(Feature(name, group) for name in labels),
        tumor=tumor.astype(np.int64),
        column=column.astype(np.int64),
        blocks=(Block(row=row, masks=masks),),
        num_tumors=len(present),
    )


def noise(num_tumors: int, num_features: int, share: float = 0.3, seed: int = 0) -> Mask:
    """Draw features that have nothing to do with anything."""
    drawn: Mask = np.random.default_rng(seed).random((num_tumors, num_features)) < share
    return drawn
