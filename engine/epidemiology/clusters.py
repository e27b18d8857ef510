"""Clusters of tumors found without labels, how stable they are, and what names them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances_argmin

from engine.epidemiology.counts import Features
from engine.epidemiology.naming import top_markers, top_missing
from engine.epidemiology.region import DEFAULTS as REGION_DEFAULTS
from engine.epidemiology.region import Contrast, RegionConfig, contrast
from engine.progress import Progress, no_progress

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NOISE = -1
"""Label of a tumor that is in no cluster."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """How clusters are looked for.

    Args:
        most_tumors: Tumors that are clustered; others join the cluster of the nearest of them.
            The time grows with the square.
        num_components: Principal components of the space that are kept.
        least_share: Share of the tumors that a cluster must have.
        least_tumors: Tumors of those clustered that it must have.
        min_samples: Neighbors that make a place dense; more leaves more tumors out.
        num_rounds: Fresh draws of tumors, for the stability.
        seed: Seed of the draws.
    """

    most_tumors: int = 8_000
    num_components: int = 16
    least_share: float = 0.004
    least_tumors: int = 10
    min_samples: int = 5
    num_rounds: int = 10
    seed: int = 0


DEFAULTS = ClusterConfig()


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Clusters of N tumors, the largest first.

    Attributes:
        labels: Cluster of each tumor, (N,), int64, `NOISE` where it is in none.
        stability: How much of each cluster is found again in fresh draws of the tumors, (C,):
            mean Jaccard overlap with the most alike cluster, 0..1. Below about 0.6 it is not a
            thing, above 0.85 it is stable.
        share_in_clusters: Share of the tumors that is in a cluster. Where it is small the space
            is a continuum, and clusters are its densest places only.
    """

    labels: Codes
    stability: Floats
    share_in_clusters: float

    def __len__(self) -> int:
        """Return C."""
        return len(self.stability)


def find_clusters(
    vectors: NDArray[np.floating],
    *,
    config: ClusterConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> Clusters:
    """Look for dense places, by HDBSCAN.

    Args:
        vectors: Places of N tumors, (N, D): embeddings, or coordinates of a map (on a map that
            was laid out to look clustered, clusters are partly the doing of the layout).
        config: How.
        progress: Told the number of draws done; may raise to stop.

    Returns:
        Clusters with their stability. The same vectors and seed give the same clusters.

    References:
        Campello et al. 2013, doi:10.1007/978-3-642-37456-2_14; Hennig 2007, Cluster-wise
        assessment of cluster stability, doi:10.1016/j.csda.2006.11.025.
    """
    space = _reduce(np.asarray(vectors, dtype=np.float32), config)
    generator = np.random.default_rng(config.seed)
    labels = _by_size(_cluster(space, config, generator, resample=False))
    overlaps = np.zeros((config.num_rounds, int(labels.max(initial=NOISE)) + 1))
    progress("Finding clusters", 1, config.num_rounds + 1)
    for step in range(config.num_rounds):
        again = _cluster(space, config, generator, resample=True)
        overlaps[step] = best_overlaps(labels, again)
        progress("Finding clusters", step + 2, config.num_rounds + 1)
    return Clusters(
        labels=labels,
        stability=overlaps.mean(axis=0)
        if config.num_rounds
        else np.full(overlaps.shape[1], np.nan),
        share_in_clusters=float((labels != NOISE).mean()),
    )


def _reduce(vectors: NDArray[np.float32], config: ClusterConfig) -> NDArray[np.float32]:
    if vectors.shape[1] <= config.num_components or len(vectors) <= config.num_components:
        return vectors
    reduced = PCA(config.num_components, svd_solver="covariance_eigh").fit_transform(vectors)
    return np.ascontiguousarray(reduced, dtype=np.float32)


def _cluster(
    space: NDArray[np.float32],
    config: ClusterConfig,
    generator: np.random.Generator,
    *,
    resample: bool,
) -> Codes:
    """Cluster some tumors and give the others the label of the nearest of them, (N,)."""
    number = min(len(space), config.most_tumors)
    if resample and number == len(space):
        drawn = np.unique(generator.integers(0, number, number))
    else:
        drawn = np.sort(generator.choice(len(space), number, replace=False))
    least = max(config.least_tumors, round(config.least_share * len(drawn)))
    if len(drawn) < 2 * least:
        return np.full(len(space), NOISE, dtype=np.int64)
    model = HDBSCAN(
        min_cluster_size=least,
        min_samples=config.min_samples,
        cluster_selection_method="leaf",
        copy=True,
    )
    found = model.fit_predict(space[drawn]).astype(np.int64)
    if len(drawn) == len(space):
        return np.asarray(found)
    return np.asarray(found[pairwise_distances_argmin(space, space[drawn])])


def _by_size(labels: Codes) -> Codes:
    """Number clusters anew, the largest first."""
    sizes = np.bincount(labels[labels != NOISE])
    place = np.empty(len(sizes) + 1, dtype=np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    place[NOISE] = NOISE
    renumbered: Codes = place[labels]
    return renumbered


def best_overlaps(labels: Codes, again: Codes) -> Floats:
    """Tell how alike each cluster and the most alike one of another clustering are.

    Args:
        labels: Cluster of each tumor, (N,), `NOISE` for none.
        again: The same of the other clustering.

    Returns:
        Largest Jaccard overlap of each cluster of `labels`, (C,), 0..1.
    """
    num, others = int(labels.max(initial=NOISE)) + 1, int(again.max(initial=NOISE)) + 1
    both = (labels != NOISE) & (again != NOISE)
    shared = np.bincount(labels[both] * others + again[both], minlength=num * others)
    sizes = np.bincount(labels[labels != NOISE], minlength=num)
    other_sizes = np.bincount(again[again != NOISE], minlength=others)
    if not others:
        return np.zeros(num)
    table = shared.reshape(num, others)
    overlap: Floats = (table / (sizes[:, None] + other_sizes - table)).max(axis=1)
    return overlap


@dataclass(frozen=True, kw_only=True)
class NamedCluster:
    """A cluster with what sets it apart from all other tumors.

    Attributes:
        label: Its number.
        name: Its top markers, for example "STK11 mutation, KEAP1 mutation"; "TP53 mutation rare"
            where only that was found, "no distinctive alteration" where nothing was.
        num_tumors: Its size.
        stability: As in `Clusters`.
        contrast: The cluster against all other tumors.
    """

    label: int
    name: str
    num_tumors: int
    stability: float
    contrast: Contrast


def name_clusters(
    clusters: Clusters,
    features: Features,
    strata: Codes,
    *,
    config: RegionConfig = REGION_DEFAULTS,
    progress: Progress = no_progress,
) -> tuple[NamedCluster, ...]:
    """Name clusters by their top markers.

    Args:
        clusters: Clusters of N tumors.
        features: Features of the same tumors.
        strata: What is held fixed, (N,), for example the panel.
        config: What is tested.
        progress: Told the number of clusters done; may raise to stop.
    """
    named = []
    for label in range(len(clusters)):
        inside = clusters.labels == label
        found = contrast(features, inside, ~inside, strata, config=config)
        named.append(
            NamedCluster(
                label=label,
                name=name_of(found),
                num_tumors=int(inside.sum()),
                stability=float(clusters.stability[label]),
                contrast=found,
            )
        )
        progress("Naming clusters", label + 1, len(clusters))
    return tuple(named)


def name_of(found: Contrast) -> str:
    """Name a region by its top markers, or by what is missing in it."""
    labels = [marker.feature.label for marker in top_markers(found)]
    missing = top_missing(found)
    if not labels and missing is not None:
        return f"{missing.feature.label} rare"
    return ", ".join(labels) or "no distinctive alteration"
