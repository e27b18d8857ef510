"""How far a 2-D map can be trusted to show who is near whom in the full space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engine.neighbors import BLOCK_ROWS, Rows, without_self
from engine.progress import Progress, no_progress

Z_95 = 1.959963984540054
MAX_RANKED = 5000
"""Tumors whose ranks are counted; more of them would narrow the interval and cost time."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its 95% interval.

    Args:
        value: The estimate, higher is better.
        low: Lower end of the interval.
        high: Upper end of the interval.
        num_tumors: Tumors that the value is the mean of.
    """

    value: float
    low: float
    high: float
    num_tumors: int


def trustworthiness(
    vectors: NDArray[np.float32],
    map_neighbors: Rows,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Estimate:
    """Measure how few strangers the map puts among the neighbors of a tumor.

    Args:
        vectors: Full-space vectors, (N, D), float32, no two the same.
        map_neighbors: Rows of the K nearest on the map, (N, K), itself left out; K < N / 2.
        seed: Seed of the sample where N is above `MAX_RANKED`.
        progress: Told the number of tumors ranked.

    Returns:
        1 where each neighbor on the map is among the K nearest in the full space.

    References:
        Venna and Kaski 2001, Neighborhood preservation in nonlinear projection methods,
        doi:10.1007/3-540-44668-0_68, equation 1.
    """
    return _rank_agreement(vectors, map_neighbors, seed, progress)


def continuity(
    coordinates: NDArray[np.float32],
    full_neighbors: Rows,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Estimate:
    """Measure how few neighbors of the full space the map tears away from a tumor.

    Args:
        coordinates: Positions on the map, (N, 2), float32.
        full_neighbors: Rows of the K nearest in the full space, (N, K), itself left out; K < N / 2.
        seed: Seed of the sample where N is above `MAX_RANKED`.
        progress: Told the number of tumors ranked.

    Returns:
        1 where each neighbor in the full space is among the K nearest on the map.

    References:
        Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68, equation 2.
    """
    return _rank_agreement(coordinates, full_neighbors, seed, progress)


def knn_preservation(full_neighbors: Rows, map_neighbors: Rows) -> Estimate:
    """Measure the share of the K nearest in the full space that are the K nearest on the map.

    Args:
        full_neighbors: Rows of the K nearest in the full space, (N, K).
        map_neighbors: Rows of the K nearest on the map, (N, K).

    Returns:
        Mean share over all tumors, 0..1. It is low for every 2-D map of many dimensions: two
        maps of the same tumors may be compared by it, one map may not be judged by it.
    """
    same = full_neighbors[:, :, None] == map_neighbors[:, None, :]
    return _mean(same.any(axis=2).mean(axis=1), population=len(same))


def label_knn_accuracy(labels: Sequence[str | None], neighbors: Rows) -> Estimate | None:
    """Measure how often the neighbors of a tumor tell its label.

    The neighbors that have a label vote; of labels with as many votes the one of the nearest
    neighbor wins. A tumor whose neighbors have no label counts as wrong.

    Args:
        labels: Label of each tumor, N entries, None where it has none.
        neighbors: Rows of the K nearest, itself left out, nearest first, (N, K).

    Returns:
        Share of the labeled tumors told right, with Wilson's interval; None without labels.
    """
    codes = _codes(labels)
    asked = np.flatnonzero(codes >= 0)
    if not len(asked):
        return None
    told = _vote(codes[neighbors[asked]])
    return _share(int((told == codes[asked]).sum()), len(asked))


def majority_share(labels: Sequence[str | None]) -> float | None:
    """Return the accuracy of always telling the most frequent label: the floor of any other."""
    codes = _codes(labels)
    known = codes[codes >= 0]
    return float(np.bincount(known).max() / len(known)) if len(known) else None


def map_neighbors(coordinates: NDArray[np.float32], num_neighbors: int) -> Rows:
    """Find the nearest on the map.

    Args:
        coordinates: Positions on the map, (N, 2), float32.
        num_neighbors: Neighbors of each tumor (K), below N.

    Returns:
        Rows of the K nearest, itself left out, nearest first, (N, K), int64.
    """
    found = cKDTree(coordinates).query(coordinates, k=num_neighbors + 1)[1]
    return without_self(np.asarray(found, dtype=np.int64))


def _rank_agreement(
    space: NDArray[np.float32], neighbors: Rows, seed: int, progress: Progress
) -> Estimate:
    """Penalize neighbors of the other space by their rank in this one, beyond K."""
    num_tumors, k = neighbors.shape
    sample = np.arange(num_tumors)
    if num_tumors > MAX_RANKED:
        chosen = np.random.default_rng(seed).choice(num_tumors, MAX_RANKED, replace=False)
        sample = np.sort(chosen)
    excess = np.empty(len(sample))
    for start in range(0, len(sample), BLOCK_ROWS):
        rows = sample[start : start + BLOCK_ROWS]
        ranks = _ranks(space, rows, neighbors[rows])
        excess[start : start + len(rows)] = np.maximum(ranks - k, 0).sum(axis=1)
        progress("Measuring the map", start + len(rows), len(sample))
    worst = k * (2 * num_tumors - 3 * k - 1) / 2
    return _mean(1 - excess / worst, population=num_tumors)


def _ranks(space: NDArray[np.float32], rows: Rows, neighbors: Rows) -> NDArray[np.int64]:
    """Rank each neighbor (B, K) among all other points by distance; the nearest has rank 1."""
    points = torch.from_numpy(space)
    # A product is five times faster at 128 dimensions and too coarse for close points of a map.
    mode = "use_mm_for_euclid_dist" if space.shape[1] > 3 else "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(points[rows], points, compute_mode=mode).numpy()
    distances[np.arange(len(rows)), rows] = np.inf
    limits = np.take_along_axis(distances, neighbors, axis=1)
    nearer = [np.count_nonzero(distances < limits[:, [j]], axis=1) for j in range(limits.shape[1])]
    return np.stack(nearer, axis=1) + 1


def _codes(labels: Sequence[str | None]) -> NDArray[np.int64]:
    known = {label: i for i, label in enumerate(sorted({x for x in labels if x is not None}))}
    return np.array([-1 if x is None else known[x] for x in labels], dtype=np.int64)


def _vote(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the winning code of each row, -1 where no neighbor has one."""
    same = (codes[:, :, None] == codes[:, None, :]) & (codes >= 0)[:, :, None]
    winner = same.sum(axis=2).argmax(axis=1)
    winners: NDArray[np.int64] = codes[np.arange(len(codes)), winner]
    return winners


def _mean(values: NDArray[np.float64], *, population: int) -> Estimate:
    """Mean of a sample without replacement; a whole population has no sampling error."""
    value = float(values.mean())
    unseen = 1 - len(values) / population
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    margin = Z_95 * spread * math.sqrt(unseen / len(values))
    return Estimate(value=value, low=value - margin, high=value + margin, num_tumors=len(values))


def _share(num_right: int, num_asked: int) -> Estimate:
    """Share with the interval of Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    value = num_right / num_asked
    widening = 1 + Z_95**2 / num_asked
    center = (value + Z_95**2 / (2 * num_asked)) / widening
    margin = Z_95 * math.sqrt(value * (1 - value) / num_asked + (Z_95 / (2 * num_asked)) ** 2)
    return Estimate(
        value=value,
        low=center - margin / widening,
        high=center + margin / widening,
        num_tumors=num_asked,
    )
