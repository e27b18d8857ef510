"""Put tumors on a finished map without moving anybody, and tell how far to trust the point."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.errors import LayoutError
from engine.neighbors import Distances, NeighborSearch, Rows
from engine.progress import Progress, no_progress
from engine.twins import Twins, find_twins

OOD_QUANTILE = 0.95
OOD_RULE = (
    "A tumor is out of distribution when its mean distance to the 15 nearest reference tumors is "
    "above the 95th percentile of the same distance measured for each reference tumor among the "
    "other reference tumors."
)
NUM_QUANTILES = 1001

TWIN_DISTANCE = 1e-5
"""Vectors of length 1 nearer than this are one tumor computed twice."""

LENGTH_TOLERANCE = 1e-3

BLOCK_POINTS = 256
"""Placed tumors whose map neighbors are looked up at once: 90 MB at 44,000 reference tumors."""


@dataclass(frozen=True, kw_only=True)
class OodReference:
    """How far reference tumors lie from each other: the measure of what is strange.

    Args:
        quantiles: Mean distance of a reference tumor to its nearest other reference tumors at
            1,001 evenly spaced shares from 0 to 1, ascending.
        num_neighbors: Neighbors averaged: 15, fewer where the reference has fewer than 16 tumors.
    """

    quantiles: tuple[float, ...]
    num_neighbors: int

    @classmethod
    def from_distances(cls, distances: Distances) -> OodReference:
        """Summarize the leave-one-out distances of the reference.

        Args:
            distances: Distances of each reference tumor to its K nearest others, (N, K); without
                any other tumor (N, 0), and then every new vector is strange.

        Returns:
            The reference.
        """
        num_tumors, num_neighbors = distances.shape
        means = distances.mean(axis=1) if num_neighbors else np.zeros(num_tumors)
        quantiles = np.quantile(means, np.linspace(0, 1, NUM_QUANTILES))
        return cls(quantiles=tuple(quantiles.tolist()), num_neighbors=max(num_neighbors, 1))

    @property
    def threshold(self) -> float:
        """Largest mean distance that is not out of distribution."""
        return self.quantiles[round(OOD_QUANTILE * (NUM_QUANTILES - 1))]

    def score(self, mean_distances: Distances) -> NDArray[np.float64]:
        """Tell the share of reference tumors that are less strange.

        Args:
            mean_distances: Mean distance of each tumor to its nearest reference tumors, (M,).

        Returns:
            Percentiles, 0..1, in steps of 0.001, (M,); higher is stranger.
        """
        below = np.searchsorted(self.quantiles, mean_distances, side="left")
        return np.minimum(below / (NUM_QUANTILES - 1), 1.0)

    def to_json(self) -> str:
        """Write everything as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> OodReference:
        """Read what `to_json` wrote."""
        stored = json.loads(text)
        return cls(quantiles=tuple(stored["quantiles"]), num_neighbors=stored["num_neighbors"])


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A finished map that tumors can be put on.

    Args:
        vectors: Vectors of its tumors, (N, D), float32.
        coordinates: Their positions, (N, 2), float32.
        ood: What is strange on it.
    """

    vectors: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    ood: OodReference

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        object.__setattr__(self, "vectors", check_vectors(self.vectors))
        if self.coordinates.shape != (len(self.vectors), 2):
            raise LayoutError(
                f"The map has coordinates of shape {self.coordinates.shape}, expected "
                f"({len(self.vectors)}, 2). Run `tumorxy layout` to draw it again."
            )
        if not np.isfinite(self.coordinates).all():
            raise LayoutError(
                "The map has tumors without a position. Run `tumorxy layout` to draw it again."
            )

    @cached_property
    def twins(self) -> Twins:
        """Tumors with the same vector."""
        return find_twins(self.vectors)

    @cached_property
    def search(self) -> NeighborSearch:
        """Exact search among the vectors, one of each group of twins."""
        return NeighborSearch(self.vectors[self.twins.first])


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where tumors lie on a finished map; K is 15, fewer on a map of fewer than 16 tumors.

    Args:
        coordinates: Position of each tumor, (M, 2), float32.
        neighbors: Rows of its K nearest reference tumors in the full space, (M, K), int64.
        distances: Distance to each of them, ascending, (M, K), float64.
        agreement: Share of them that are also among the K nearest on the map, 0..1, (M,); low
            means that the map shows the tumor among others than those it resembles.
        ood_score: Share of reference tumors that lie nearer to their neighbors, 0..1, (M,);
            higher is stranger.
        out_of_distribution: True where `OOD_RULE` holds, (M,).
    """

    coordinates: NDArray[np.float32]
    neighbors: Rows
    distances: Distances
    agreement: NDArray[np.float64]
    ood_score: NDArray[np.float64]
    out_of_distribution: NDArray[np.bool_]


def place(
    vectors: NDArray[np.float32], reference: Reference, *, progress: Progress = no_progress
) -> Placement:
    """Put tumors on a finished map.

    A tumor goes to the medoid of the map positions of its nearest reference tumors: the one of
    these positions that is nearest to all the others. A tumor whose vector is on the map goes to
    that very point. Each answer is the same whoever else is placed with it.

    Args:
        vectors: Vectors of the tumors, (M, D), float32, each of length 1.
        reference: The map.
        progress: Told the number of tumors done.

    Returns:
        Positions, neighbors and trust.

    Raises:
        LayoutError: If the vectors are not finite, not of length 1, or not as wide as the map's.
    """
    vectors = check_vectors(vectors, width=reference.vectors.shape[1])
    num_neighbors = min(reference.ood.num_neighbors, len(reference.vectors))
    num_groups = min(num_neighbors, len(reference.twins.first))
    near, groups = reference.search.query(vectors, num_groups, progress=progress)
    distances, rows = reference.twins.expand(groups, near, num_neighbors)
    positions = medoids(reference.coordinates[rows])
    is_twin = distances[:, 0] <= TWIN_DISTANCE
    positions[is_twin] = reference.coordinates[rows[is_twin, 0]]
    mean_distances = distances.mean(axis=1)
    return Placement(
        coordinates=positions,
        neighbors=rows,
        distances=distances,
        agreement=_agreement(positions, rows, reference.coordinates, progress),
        ood_score=reference.ood.score(mean_distances),
        out_of_distribution=mean_distances > reference.ood.threshold,
    )


def medoids(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Choose, of each set of positions, the one with the least sum of distances to the others.

    Args:
        positions: Sets of positions, nearest neighbor first, (M, K, 2).

    Returns:
        One position per set, (M, 2); of equally good ones that of the nearest neighbor.
    """
    gaps = positions[:, :, None, :] - positions[:, None, :, :]
    sums = np.sqrt((gaps**2).sum(axis=3)).sum(axis=2)
    chosen: NDArray[np.float32] = positions[np.arange(len(positions)), sums.argmin(axis=1)]
    return chosen


def check_vectors(vectors: NDArray[np.float32], *, width: int | None = None) -> NDArray[np.float32]:
    """Refuse what is no table of vectors of length 1.

    Args:
        vectors: Vectors, (N, D).
        width: Expected D; any of 2 and above where None.

    Returns:
        The vectors, float32, C order, with one kind of zero: twins are told by their bytes.

    Raises:
        LayoutError: If the shape is another, a value is missing or infinite, or a length is not 1.
    """
    checked = np.ascontiguousarray(vectors, dtype=np.float32) + np.float32(0)
    if checked.ndim != 2 or checked.shape[1] < 2:
        raise LayoutError(
            f"Found vectors of shape {checked.shape}, expected one row of at least 2 numbers per "
            "tumor. Run `tumorxy embed` to compute them."
        )
    if width is not None and checked.shape[1] != width:
        raise LayoutError(
            f"Found vectors of {checked.shape[1]} numbers, expected {width} as on the map: another "
            "model made them. Run `tumorxy embed` and `tumorxy layout` with one model."
        )
    strange = np.flatnonzero(~np.isfinite(checked).all(axis=1))
    if len(strange):
        raise LayoutError(
            f"Found {len(strange)} of {len(checked)} vectors with missing or infinite values "
            f"(the first in row {strange[0]}), expected numbers. Run `tumorxy embed` to compute "
            "them again."
        )
    lengths = np.linalg.norm(checked, axis=1)
    if (abs(lengths - 1) > LENGTH_TOLERANCE).any():
        raise LayoutError(
            f"Found vectors of length {lengths.min():.4g} to {lengths.max():.4g}, expected length "
            "1. Run `tumorxy embed` to compute them again."
        )
    return checked


def _agreement(
    placed: NDArray[np.float32],
    neighbors: Rows,
    coordinates: NDArray[np.float32],
    progress: Progress,
) -> NDArray[np.float64]:
    """Share of the neighbors that lie within the distance of the K-th nearest on the map."""
    shares = np.empty(len(placed))
    num_neighbors = neighbors.shape[1]
    for start in range(0, len(placed), BLOCK_POINTS):
        block = slice(start, start + BLOCK_POINTS)
        away = coordinates - placed[block, None, :]
        lengths = away[:, :, 0] ** 2 + away[:, :, 1] ** 2
        reach = np.partition(lengths, num_neighbors - 1, axis=1)[:, [num_neighbors - 1]]
        within = np.take_along_axis(lengths, neighbors[block], axis=1) <= reach
        shares[block] = within.mean(axis=1)
        progress("Placing tumors", min(start + BLOCK_POINTS, len(placed)), len(placed))
    return shares
