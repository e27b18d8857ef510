"""Nearest tumors of one tumor of the map, without loading torch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

NUM_NEIGHBORS = 15
"""As in the engine: placement, agreement and the out-of-distribution score look at 15."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Space:
    """The tumors that a map was fitted to, in the full space and on the map.

    Attributes:
        vectors: (N, D) float32, unit length; rows follow the map.
        points: (N, 2) float32.
        fitted: (N,) bool; the others were placed later and are nobody's neighbor.
    """

    vectors: Floats
    points: Floats
    fitted: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Nearest:
    """The nearest tumors of one tumor.

    Attributes:
        rows: (K,) rows of the map, the nearest first.
        distances: (K,) Euclidean distances between unit vectors, 0..2.
        agreement: Share of them that are also among the K nearest on the map, 0..1.
    """

    rows: Rows
    distances: npt.NDArray[np.float64]
    agreement: float


def find_nearest(space: Space, row: int) -> Nearest:
    """Find the nearest tumors of a tumor of the map, itself left out.

    Args:
        space: N tumors.
        row: The tumor.

    Returns:
        The 15 nearest of those the map was fitted to, or fewer where the map has fewer. Equal
        distances are in order of row.
    """
    candidates = np.flatnonzero(space.fitted)
    candidates = candidates[candidates != row]
    if not candidates.size:
        return Nearest(rows=candidates, distances=np.empty(0), agreement=0.0)
    gaps = space.vectors[candidates] - space.vectors[row]
    distances = np.sqrt(np.square(gaps).sum(axis=1, dtype=np.float64))
    rows = candidates[np.argsort(distances, kind="stable")[:NUM_NEIGHBORS]]
    shifts = space.points[candidates] - space.points[row]
    flat = np.square(shifts).sum(axis=1, dtype=np.float64)
    # A tumor at the same distance as the last neighbor is as near on the map as that one.
    reach = np.sort(flat)[min(NUM_NEIGHBORS, len(flat)) - 1]
    near_on_map = candidates[flat <= reach]
    return Nearest(
        rows=rows,
        distances=np.sort(distances, kind="stable")[:NUM_NEIGHBORS],
        agreement=float(np.isin(rows, near_on_map).mean()),
    )


def rank_distance(distances: npt.NDArray[np.float64], ood: dict[str, Any]) -> float:
    """Tell how unlike the reference a tumor is.

    Args:
        distances: Distances to its nearest tumors.
        ood: The stored reference; `quantiles` of the mean distance among the reference, ascending.

    Returns:
        Share of the reference that is closer to its own neighbors, 0..1; higher is stranger. A
        tumor without any neighbor is as strange as can be.
    """
    if not distances.size:
        return 1.0
    quantiles = np.asarray(ood["quantiles"], dtype=np.float64)
    place = np.searchsorted(quantiles, distances.mean(), side="left")
    return float(min(place / (len(quantiles) - 1), 1.0))
