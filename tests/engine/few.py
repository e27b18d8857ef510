"""Labeled blocks with a known answer, for tests of heads for few labels."""

from __future__ import annotations

import numpy as np

from engine.few_features import BURDEN, COPY_LEVELS, MUTATED, TRUNCATED, Floats
from engine.head_tasks import CANCER_TYPE
from engine.training.few_labels import FewLabels
from engine.training.fit_directions import EMBEDDING

CLASSES = ("NR", "R")


def blocks(truth: np.ndarray, seed: int, *, signal: float = 1.0) -> dict[str, Floats]:
    """The first gene and the first number of the embedding know the class; burden does not."""
    generator = np.random.default_rng(seed)
    number = len(truth)
    genes = (generator.random((number, 6)) < 0.2).astype(np.float32)
    genes[:, 0] = generator.random(number) < 0.1 + 0.8 * signal * truth
    embedding = generator.normal(size=(number, 4)).astype(np.float32)
    embedding[:, 0] += 2 * signal * truth
    return {
        MUTATED: genes,
        TRUNCATED: genes * (generator.random((number, 6)) < 0.5).astype(np.float32),
        COPY_LEVELS: generator.integers(-2, 3, (number, 6)).astype(np.float32),
        BURDEN: generator.normal(size=(number, 1)).astype(np.float32),
        EMBEDDING: embedding / 2,
        CANCER_TYPE: generator.normal(size=(number, 3)).astype(np.float32) / 2,
    }


def labels(num_tumors: int = 60, seed: int = 0, *, signal: float = 1.0) -> FewLabels:
    """Two tumors per patient, both of one class."""
    truth = np.arange(num_tumors) // 2 % 2
    return FewLabels(
        blocks=blocks(truth, seed, signal=signal),
        truth=truth,
        patients=np.array([f"P{i // 2}" for i in range(num_tumors)]),
    )
