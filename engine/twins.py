"""Tumors whose vectors are the same, byte for byte: they share one point of the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.neighbors import Distances, Rows, without_self


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Groups of tumors with the same vector, in order of the vectors' bytes.

    The order of the groups does not depend on the order of the tumors.

    Args:
        first: One row of each group, (U,), int64.
        group_of: Group of each tumor, (N,), int64.
        members: Rows, group after group, ascending within a group, (N,), int64.
        starts: Where each group starts in `members`, (U + 1,), int64.
    """

    first: Rows
    group_of: Rows
    members: Rows
    starts: Rows

    @property
    def counts(self) -> Rows:
        """Number of tumors in each group, (U,), int64."""
        return np.diff(self.starts)

    def expand(
        self, groups: Rows, distances: Distances, num_neighbors: int
    ) -> tuple[Distances, Rows]:
        """Turn nearest groups into nearest tumors.

        Args:
            groups: Nearest groups of each query, nearest first, (M, L); together at least
                `num_neighbors` tumors.
            distances: Distance to each of them, (M, L).
            num_neighbors: Tumors per query (K).

        Returns:
            Distances (M, K) and rows (M, K); twins stand in order of row.
        """
        ends = np.cumsum(self.counts[groups], axis=1)
        places = np.arange(num_neighbors)
        entry = (ends[:, None, :] <= places[:, None]).sum(axis=2)
        before = np.take_along_axis(ends - self.counts[groups], entry, axis=1)
        chosen = np.take_along_axis(groups, entry, axis=1)
        rows = self.members[self.starts[chosen] + places - before]
        return np.take_along_axis(distances, entry, axis=1), rows

    def nearest_others(
        self, groups: Rows, distances: Distances, num_neighbors: int
    ) -> tuple[Distances, Rows]:
        """Find the nearest other tumors of each tumor, its twins first.

        Args:
            groups: Nearest other groups of each group, nearest first, (U, L).
            distances: Distance to each of them, (U, L).
            num_neighbors: Tumors per tumor (K), below N.

        Returns:
            Distances (N, K) and rows (N, K).
        """
        own = np.arange(len(groups))[:, None]
        with_own = np.hstack([own, groups])
        away = np.hstack([np.zeros((len(groups), 1)), distances])
        lengths, rows = self.expand(with_own, away, num_neighbors + 1)
        return lengths[self.group_of, 1:], without_self(rows[self.group_of])


def find_twins(vectors: NDArray[np.float32]) -> Twins:
    """Group the rows that are the same, byte for byte.

    Args:
        vectors: Vectors, (N, D), float32, C order.

    Returns:
        The groups.
    """
    width = vectors.shape[1] * vectors.itemsize
    keys = np.ascontiguousarray(vectors).view(np.dtype((np.void, width))).ravel()
    _, first, group_of, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return Twins(
        first=first,
        group_of=group_of,
        members=np.argsort(group_of, kind="stable"),
        starts=np.concatenate([[0], np.cumsum(counts)]),
    )
