"""Keep a map where it was when tumors are added: start from it, then turn it back onto it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.neighbors import NUM_NEIGHBORS, NeighborSearch
from engine.placement import medoids
from engine.twins import Twins

FEWEST_KEPT = 3
"""Fewer different former positions than these give a map no orientation."""

Positions = NDArray[np.float32]


def former_positions(previous: Positions, twins: Twins) -> Positions | None:
    """Find the former position of each point.

    Args:
        previous: Former position of each tumor, (N, 2), NaN for a new one.
        twins: Tumors that share a point.

    Returns:
        Position of the first tumor of each point that had one, (U, 2), NaN for a new point; None
        where fewer than three different positions are known, so that the map is drawn afresh.
    """
    former = np.full((len(twins.first), 2), np.nan, dtype=np.float32)
    known = np.flatnonzero(np.isfinite(previous).all(axis=1))[::-1]
    former[twins.group_of[known]] = previous[known]
    num_different = len(np.unique(previous[known], axis=0))
    return former if num_different >= FEWEST_KEPT else None


def start_from(former: Positions, vectors: NDArray[np.float32]) -> Positions:
    """Put each new point at the medoid of its nearest former points.

    Args:
        former: Former positions, (U, 2), NaN for a new point.
        vectors: Their vectors, (U, D).

    Returns:
        First positions, (U, 2).
    """
    is_new = np.isnan(former[:, 0])
    start = former.copy()
    if is_new.any():
        num_neighbors = min(NUM_NEIGHBORS, int((~is_new).sum()))
        _, rows = NeighborSearch(vectors[~is_new]).query(vectors[is_new], num_neighbors)
        start[is_new] = medoids(former[~is_new][rows])
    return start


def align(drawn: Positions, former: Positions) -> Positions:
    """Turn, mirror, scale and shift a map so that it lies best on the former one.

    The scale makes the former points as spread as they were: the least-squares scale is smaller
    the more they moved, and refit after refit would shrink the map.

    Args:
        drawn: New positions, (U, 2).
        former: Former positions, (U, 2), NaN for a new point.

    Returns:
        Aligned positions, (U, 2), float32.

    References:
        Schönemann 1966, A generalized solution of the orthogonal Procrustes problem,
        doi:10.1007/BF02289451.
    """
    is_old = ~np.isnan(former[:, 0])
    new, old = drawn[is_old].astype(np.float64), former[is_old].astype(np.float64)
    new_center, old_center = new.mean(axis=0), old.mean(axis=0)
    new, old = new - new_center, old - old_center
    left, _, right = np.linalg.svd(new.T @ old)
    scale = np.linalg.norm(old) / np.linalg.norm(new)
    aligned: Positions = ((drawn - new_center) @ (left @ right) * scale + old_center).astype(
        np.float32
    )
    return aligned


def median_movement(drawn: Positions, former: Positions) -> float:
    """Measure how far the points of a former map moved.

    Args:
        drawn: New positions, aligned, (U, 2).
        former: Former positions, (U, 2), NaN for a new point.

    Returns:
        Median way as a share of the longer side of the former map.
    """
    ways = np.linalg.norm(drawn - former, axis=1)
    span = (np.nanmax(former, axis=0) - np.nanmin(former, axis=0)).max()
    return float(np.nanmedian(ways) / span)
