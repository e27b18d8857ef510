"""Tumors whose outcome is drawn from a known model, so that fits can be judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.readout import Readout
from engine.training.survival import FollowedTumors
from engine.training.treated import Times, TreatedTumors

WIDTH = 6
TYPES = ("LUAD", "BRCA", "Melanoma")


def readout(generator: np.random.Generator, num_tumors: int) -> Readout:
    features = generator.normal(size=(num_tumors, WIDTH)).astype(np.float32)
    return Readout(embeddings=features, frozen=features, adapted=features[:, :0])


def true_log_risk(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return features[:, 0] - 0.5 * features[:, 1].astype(np.float64)


def followed_tumors(num_tumors: int = 1200, seed: int = 0) -> FollowedTumors:
    """Two studies, three types of different hazard; a third of the patients live."""
    generator = np.random.default_rng(seed)
    told = readout(generator, num_tumors)
    types = generator.integers(0, 3, num_tumors)
    hazard = np.exp(true_log_risk(told.frozen) + types)
    until_death = generator.exponential(size=num_tumors) / hazard
    until_last = generator.exponential(size=num_tumors) * 1.5
    names = [TYPES[code] for code in types]
    return FollowedTumors(
        readout=told,
        patient_ids=[f"P-{i}" for i in range(num_tumors)],
        cohorts=[("one", "two")[i % 2] for i in range(num_tumors)],
        cancer_types=names,
        type_codes=names,
        months=np.minimum(until_death, until_last),
        died=until_death <= until_last,
    )


def treated_tumors(num_tumors: int = 400, seed: int = 0, *, signal: float = 1.5) -> TreatedTumors:
    """Two cohorts; response follows the first feature, survival too; the last is log burden."""
    generator = np.random.default_rng(seed)
    told = readout(generator, num_tumors)
    score = signal * told.frozen[:, 0] + 0.8 * told.frozen[:, -1]
    responds = generator.random(num_tumors) < 1 / (1 + np.exp(-score))
    is_known = generator.random(num_tumors) < 0.5
    months = generator.exponential(size=num_tumors) * np.exp(score)
    is_seen = generator.random(num_tumors) < 0.8
    return TreatedTumors(
        readout=told,
        burden_column=WIDTH - 1,
        patient_ids=[f"P-{i:07d}" for i in range(num_tumors)],
        cohorts=[("first", "second")[i % 2] for i in range(num_tumors)],
        cancer_types=["Melanoma"] * num_tumors,
        drugs=["anti-PD-1"] * num_tumors,
        responses=[
            ("R" if response else "NR") if known else None
            for response, known in zip(responds, is_known, strict=True)
        ],
        overall=Times(months=months, ended=is_seen),
        progression=Times(months=np.full(num_tumors, np.nan), ended=np.zeros_like(is_seen)),
    )
