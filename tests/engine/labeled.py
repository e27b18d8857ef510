"""A cohort whose labels are drawn from a known logistic model, so that fits can be judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from engine.heads import Circumstances
from engine.readout import Readout
from engine.training.fit_heads import LabeledTumors
from tests.engine.spheres import unit

WIDTH = 8
CODES = ("BLCA", "BRCA", "HNSC")
SHARPNESS = 6.0


def vectors(num_tumors: int, seed: int = 0) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).normal(size=(num_tumors, WIDTH)))


def readout(embedded: NDArray[np.float32]) -> Readout:
    """Let the vectors be what an encoder without an adapter tells."""
    nothing = np.empty((len(embedded), 0), dtype=np.float32)
    return Readout(embeddings=embedded, frozen=embedded, adapted=nothing)


def circumstances(
    cancer_types: Sequence[str | None],
    *,
    strange: Sequence[bool] | None = None,
    num_genes: int = 500,
) -> Circumstances:
    """Nobody is strange unless said, and everybody was sequenced widely."""
    number = len(cancer_types)
    return Circumstances(
        cancer_types=cancer_types,
        out_of_distribution=np.array(strange or [False] * number, dtype=bool),
        num_genes=np.full(number, num_genes),
    )


def true_probabilities(embedded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cancer type by the first three numbers: (N, 3)."""
    probabilities: NDArray[np.float64] = softmax(SHARPNESS * embedded[:, :3], axis=1)
    return probabilities


def cohort(num_tumors: int = 1500, seed: int = 0) -> LabeledTumors:
    """Two tumors per patient; cancer type is drawn, subtypes of breast and MSI too."""
    generator = np.random.default_rng(seed)
    embedded = vectors(num_tumors, seed)
    types = [CODES[generator.choice(3, p=p)] for p in true_probabilities(embedded)]
    unstable = generator.random(num_tumors) < 1 / (1 + np.exp(-SHARPNESS * embedded[:, 3]))
    basal = embedded[:, 4] > 0
    return LabeledTumors(
        readout=readout(embedded),
        patient_ids=[f"P-{i // 2}" for i in range(num_tumors)],
        cohorts=types,
        labels={
            "cancer_type": types,
            "pam50": [
                ("Basal" if b else "LumA") if t == "BRCA" else None
                for b, t in zip(basal, types, strict=True)
            ],
            "msi": ["high" if u else "stable" for u in unstable],
        },
    )
