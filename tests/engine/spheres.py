"""Seeded Gaussian clusters on the sphere, with a label per cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clusters(
    num_tumors: int, *, num_clusters: int = 5, width: int = 16, spread: float = 0.15, seed: int = 0
) -> tuple[NDArray[np.float32], list[str | None]]:
    """Vectors (N, D) of length 1 and the cluster of each."""
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(num_clusters, width))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    chosen = generator.integers(num_clusters, size=num_tumors)
    noise = generator.normal(scale=spread, size=(num_tumors, width))
    return unit(centers[chosen] + noise), [f"type {c}" for c in chosen]
