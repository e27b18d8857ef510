"""Exact nearest neighbors, and tumors whose vectors are the same."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.progress import Progress, no_progress

NUM_NEIGHBORS = 15
"""Neighbors that placement, quality and the out-of-distribution score look at."""

BLOCK_ROWS = 1024
"""Queries per matrix product: the fastest of 512, 1024 and 2048 at 44,000 x 128 on two cores."""

NUM_SPARE = 17
"""Candidates beyond those asked for, kept so that rounding rarely decides who is among them."""

Distances = NDArray[np.float64]
Rows = NDArray[np.int64]


class NeighborSearch:
    """Exact Euclidean search among fixed points.

    Candidates come from a float32 matrix product; their distances are computed again in float64.
    A query whose candidates could miss a neighbor by rounding is searched in float64 as a whole,
    so an answer never depends on the other queries of the batch.

    Args:
        points: Points to search, (N, D), float32.
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        self.points = torch.from_numpy(np.ascontiguousarray(points, dtype=np.float32))
        self._half_norms = self.points.square().sum(1) / 2
        self._longest = float(self._half_norms.max()) * 2 if len(points) else 0.0

    def query(
        self,
        queries: NDArray[np.float32],
        num_neighbors: int,
        *,
        exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> tuple[Distances, Rows]:
        """Find the nearest points of each query.

        Args:
            queries: Query points, (M, D), float32.
            num_neighbors: Neighbors per query (K); at most the number of points to choose from.
            exclude_self: The queries are the points themselves, row for row, and no point is its
                own neighbor.
            progress: Told the number of queries answered.

        Returns:
            Distances (M, K), float64, ascending, and rows of `points` (M, K), int64. Equal
            distances are in order of row.
        """
        distances = np.empty((len(queries), num_neighbors))
        rows = np.empty((len(queries), num_neighbors), dtype=np.int64)
        asked = torch.from_numpy(np.ascontiguousarray(queries, dtype=np.float32))
        for start in range(0, len(queries), BLOCK_ROWS):
            block = asked[start : start + BLOCK_ROWS]
            first_self = start if exclude_self else None
            found = self._query_block(block, num_neighbors, first_self)
            stop = start + len(block)
            distances[start:stop], rows[start:stop] = found[0].numpy(), found[1].numpy()
            progress("Finding neighbors", stop, len(queries))
        return distances, rows

    def _query_block(
        self, block: torch.Tensor, num_neighbors: int, first_self: int | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        scores = torch.addmm(-self._half_norms, block, self.points.T)
        _hide_self(scores, first_self)
        available = len(self.points) - (first_self is not None)
        num_candidates = min(num_neighbors + NUM_SPARE, available)
        best, candidates = scores.topk(num_candidates, dim=1)
        candidates = candidates.sort(dim=1).values
        gaps = self.points[candidates].double() - block.double()[:, None, :]
        distances, rows = _nearest(gaps.square().sum(2).sqrt(), candidates, num_neighbors)
        if num_candidates < available:
            self._search_doubtful(block, best[:, -1], first_self, distances, rows)
        return distances, rows

    def _search_doubtful(
        self,
        block: torch.Tensor,
        last_scores: torch.Tensor,
        first_self: int | None,
        distances: torch.Tensor,
        rows: torch.Tensor,
    ) -> None:
        """Search again, in place, the queries that rounding could have given a wrong neighbor."""
        norms = block.double().square().sum(1)
        rounding = block.shape[1] * torch.finfo(torch.float32).eps * (norms + self._longest)
        excluded_beyond = (norms - 2 * last_scores.double() - rounding).clamp(min=0).sqrt()
        for i in torch.nonzero(distances[:, -1] >= excluded_beyond).flatten().tolist():
            exact = (self.points.double() - block[i].double()).square().sum(1).sqrt()[None]
            if first_self is not None:
                exact[0, first_self + i] = torch.inf
            everyone = torch.arange(len(self.points))[None]
            nearest = _nearest(exact, everyone, rows.shape[1])
            distances[i], rows[i] = nearest[0][0], nearest[1][0]


def without_self(rows: Rows) -> Rows:
    """Leave each row's own number out of the list of its nearest.

    Args:
        rows: Nearest rows of each row, (N, K + 1), nearest first; its own number may be missing
            where more than K + 1 rows are equally near.

    Returns:
        The list without its own number, or without its last where that was missing, (N, K).
    """
    own = rows == np.arange(len(rows))[:, None]
    own[~own.any(axis=1), -1] = True
    others: Rows = rows[~own].reshape(len(rows), rows.shape[1] - 1)
    return others


def _hide_self(scores: torch.Tensor, first_self: int | None) -> None:
    if first_self is not None:
        own = torch.arange(len(scores))
        scores[own, own + first_self] = -torch.inf


def _nearest(
    distances: torch.Tensor, candidates: torch.Tensor, num_neighbors: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take the nearest of candidates that are in order of row."""
    ordered, order = distances.sort(dim=1, stable=True)
    return ordered[:, :num_neighbors], candidates.gather(1, order[:, :num_neighbors])
