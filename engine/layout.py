"""Draw the map: one point per tumor, the same for the same tumors, and keep it where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from engine import map_quality, umap_bridge
from engine.errors import LayoutError
from engine.map_quality import Estimate
from engine.neighbors import NUM_NEIGHBORS, Distances, NeighborSearch, Rows
from engine.placement import OodReference, check_vectors
from engine.progress import Progress, no_progress
from engine.refit import Positions, align, former_positions, median_movement, start_from
from engine.twins import Twins, find_twins

MAP_SPAN = 15.0
"""Longer side of a fresh map; near UMAP's own units, so that a refit starts at their scale."""

FEWEST_DRAWN = 3
"""Fewer different vectors than these are set out in a row instead."""

JITTER = 1e-3
"""Noise on first positions, in map units: points on one spot would never part."""


@dataclass(frozen=True, kw_only=True)
class LayoutConfig:
    """How a map is drawn.

    Args:
        n_neighbors: Neighbors that pull at a tumor, itself counted, as UMAP does.
        min_dist: How close neighbors may come, in UMAP's units.
        n_epochs: Passes over the neighbor pairs in a fresh fit.
        learning_rate: Length of the first steps of a fresh fit.
        n_refit_epochs: Passes in a refit.
        refit_learning_rate: Length of the first steps of a refit; small keeps tumors in place.
        seed: Seed of everything random.
    """

    n_neighbors: int = 15
    min_dist: float = 0.1
    n_epochs: int = 300
    learning_rate: float = 0.5
    n_refit_epochs: int = 50
    refit_learning_rate: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be drawn with."""
        rules = (
            ("n_neighbors", self.n_neighbors >= 2, "2 or more"),
            ("min_dist", 0 <= self.min_dist < 1, "0 or more and below 1"),
            ("n_epochs", self.n_epochs >= 1, "1 or more"),
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("n_refit_epochs", self.n_refit_epochs >= 1, "1 or more"),
            ("refit_learning_rate", self.refit_learning_rate > 0, "above 0"),
            ("seed", self.seed >= 0, "0 or more"),
        )
        for name, holds, expected in rules:
            if not holds:
                raise LayoutError(
                    f"The layout setting {name} is {getattr(self, name)}, expected {expected}. "
                    "Change it in the configuration."
                )

    def to_json(self) -> str:
        """Write everything as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LayoutConfig:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class LayoutQuality:
    """How far a map can be trusted. Twins count once, except in the label accuracies.

    Args:
        num_tumors: Tumors on the map.
        num_unique: Points of the map: tumors with different vectors.
        num_neighbors: Neighbors looked at (K), 15 where there are enough points.
        trustworthiness: See `map_quality.trustworthiness`; None below three points.
        continuity: See `map_quality.continuity`; None below three points.
        knn_preservation: See `map_quality.knn_preservation`; None below three points.
        label_knn_accuracy: Accuracy of the label by neighbors on the map; None without labels.
        label_knn_accuracy_full: The same by neighbors in the full space: what the map loses.
        label_majority_share: Accuracy of always telling the most frequent label: their floor.
        median_movement: Median way of the tumors of the former map, as a share of its span; None
            for a fresh map.
    """

    num_tumors: int
    num_unique: int
    num_neighbors: int
    trustworthiness: Estimate | None
    continuity: Estimate | None
    knn_preservation: Estimate | None
    label_knn_accuracy: Estimate | None
    label_knn_accuracy_full: Estimate | None
    label_majority_share: float | None
    median_movement: float | None

    def to_json(self) -> str:
        """Write everything as one JSON object; an estimate is an object within."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LayoutQuality:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        for name, value in fields.items():
            if isinstance(value, dict):
                fields[name] = Estimate(**value)
        return cls(**fields)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A finished map.

    Args:
        coordinates: Position of each tumor, (N, 2), float32.
        quality: How far it can be trusted.
        ood: What is strange on it.
    """

    coordinates: NDArray[np.float32]
    quality: LayoutQuality
    ood: OodReference


@dataclass(frozen=True)
class _Points:
    """The different vectors of a cohort and their exact neighbors."""

    vectors: NDArray[np.float32]  # (U, D), in order of their bytes
    twins: Twins
    distances: Distances  # (U, K), K is NUM_NEIGHBORS, fewer where there are not so many others
    rows: Rows  # (U, K)

    def nearest_tumors(self) -> tuple[Distances, Rows]:
        """Nearest other tumors of each tumor, 15 or all the others: (N, K) and (N, K)."""
        num_neighbors = min(NUM_NEIGHBORS, len(self.twins.group_of) - 1)
        return self.twins.nearest_others(self.rows, self.distances, num_neighbors)


def fit_layout(
    vectors: NDArray[np.float32],
    *,
    config: LayoutConfig = LayoutConfig(),
    previous: NDArray[np.float32] | None = None,
    labels: Sequence[str | None] | None = None,
    progress: Progress = no_progress,
) -> Layout:
    """Draw a map of tumors, or draw it again with more tumors.

    Tumors with the same vector share one point. The order of the tumors changes nothing, and the
    same tumors give the same map on one machine. A refit starts from the former positions, new
    tumors at the medoid of their nearest former ones, and is turned, scaled and shifted back onto
    them afterwards.

    Args:
        vectors: Vectors of the tumors, (N, D), float32, each of length 1.
        config: How to draw.
        previous: Former positions, (N, 2), NaN for new tumors; None draws a fresh map.
        labels: One label per tumor, None where it has none; measures the map, never draws it.
        progress: Told about each stage.

    Returns:
        The map, its quality and its measure of strangeness.

    Raises:
        LayoutError: If there is no tumor, a vector is not finite, or the tables differ in length.
    """
    vectors = check_vectors(vectors)
    _check_tables(len(vectors), previous, labels)
    points = _find_points(vectors, config, progress)
    former = None if previous is None else former_positions(previous, points.twins)
    drawn = _draw(points, former, config, progress)
    movement = None if former is None else median_movement(drawn, former)
    return Layout(
        coordinates=drawn[points.twins.group_of],
        quality=_measure(points, drawn, labels, movement=movement, progress=progress),
        ood=OodReference.from_distances(points.nearest_tumors()[0]),
    )


def _check_tables(
    num_tumors: int,
    previous: NDArray[np.float32] | None,
    labels: Sequence[str | None] | None,
) -> None:
    if not num_tumors:
        raise LayoutError(
            "Found no tumor, expected at least one. Import a study and run `tumorxy embed` first."
        )
    if previous is not None and previous.shape != (num_tumors, 2):
        raise LayoutError(
            f"Found former positions of shape {previous.shape}, expected ({num_tumors}, 2): one "
            "row per tumor, NaN for a new one."
        )
    if labels is not None and len(labels) != num_tumors:
        raise LayoutError(
            f"Found {len(labels)} labels for {num_tumors} tumors, expected one per tumor, None "
            "where it has none."
        )


def _find_points(vectors: NDArray[np.float32], config: LayoutConfig, progress: Progress) -> _Points:
    twins = find_twins(vectors)
    unique = vectors[twins.first]
    num_neighbors = min(max(NUM_NEIGHBORS, config.n_neighbors - 1), len(unique) - 1)
    distances, rows = NeighborSearch(unique).query(
        unique, num_neighbors, exclude_self=True, progress=progress
    )
    return _Points(vectors=unique, twins=twins, distances=distances, rows=rows)


def _draw(
    points: _Points, former: Positions | None, config: LayoutConfig, progress: Progress
) -> Positions:
    num_points = len(points.vectors)
    if num_points < FEWEST_DRAWN:
        return _set_out_in_a_row(num_points)
    start = _fresh_start(points, config) if former is None else _refit_start(points, former, config)
    num_pulling = min(config.n_neighbors, num_points) - 1
    graph = umap_bridge.neighbor_graph(
        points.rows[:, :num_pulling], points.distances[:, :num_pulling]
    )
    drawn = umap_bridge.draw(graph, start, min_dist=config.min_dist, progress=progress)
    return _to_standard_span(drawn) if former is None else align(drawn, former)


def _set_out_in_a_row(num_points: int) -> Positions:
    positions = np.zeros((num_points, 2), dtype=np.float32)
    if num_points > 1:
        positions[:, 0] = np.linspace(-MAP_SPAN / 2, MAP_SPAN / 2, num_points)
    return positions


def _fresh_start(points: _Points, config: LayoutConfig) -> umap_bridge.Start:
    """Start from the two main axes: as good as UMAP's spectral start, and it never fails."""
    axes = PCA(n_components=2, svd_solver="covariance_eigh").fit_transform(points.vectors)
    return umap_bridge.Start(
        coordinates=_jitter(_to_standard_span(axes), config.seed),
        n_epochs=config.n_epochs,
        learning_rate=config.learning_rate,
        seed=config.seed,
    )


def _refit_start(points: _Points, former: Positions, config: LayoutConfig) -> umap_bridge.Start:
    return umap_bridge.Start(
        coordinates=_jitter(start_from(former, points.vectors), config.seed),
        n_epochs=config.n_refit_epochs,
        learning_rate=config.refit_learning_rate,
        seed=config.seed,
    )


def _jitter(positions: Positions, seed: int) -> Positions:
    noise = np.random.default_rng(seed).normal(scale=JITTER, size=positions.shape)
    return (positions + noise).astype(np.float32)


def _to_standard_span(positions: Positions) -> Positions:
    low, high = positions.min(axis=0), positions.max(axis=0)
    scaled: Positions = (positions - (low + high) / 2) * (MAP_SPAN / (high - low).max())
    return scaled.astype(np.float32)


def _measure(
    points: _Points,
    drawn: Positions,
    labels: Sequence[str | None] | None,
    *,
    movement: float | None,
    progress: Progress,
) -> LayoutQuality:
    k = min(NUM_NEIGHBORS, (len(drawn) - 1) // 2)
    trust, keep, same = None, None, None
    if k:
        full, near = points.rows[:, :k], map_quality.map_neighbors(drawn, k)
        trust = map_quality.trustworthiness(points.vectors, near, progress=progress)
        keep = map_quality.continuity(drawn, full, progress=progress)
        same = map_quality.knn_preservation(full, near)
    told, told_full = _tell_labels(points, drawn, labels)
    return LayoutQuality(
        num_tumors=len(points.twins.group_of),
        num_unique=len(drawn),
        num_neighbors=k,
        trustworthiness=trust,
        continuity=keep,
        knn_preservation=same,
        label_knn_accuracy=told,
        label_knn_accuracy_full=told_full,
        label_majority_share=None if labels is None else map_quality.majority_share(labels),
        median_movement=movement,
    )


def _tell_labels(
    points: _Points, drawn: Positions, labels: Sequence[str | None] | None
) -> tuple[Estimate | None, Estimate | None]:
    """Tell labels by neighbors on the map and in the full space, twins as tumors of their own."""
    full = points.nearest_tumors()[1]
    if labels is None or not full.shape[1]:
        return None, None
    near = map_quality.map_neighbors(drawn[points.twins.group_of], full.shape[1])
    return (
        map_quality.label_knn_accuracy(labels, near),
        map_quality.label_knn_accuracy(labels, full),
    )
