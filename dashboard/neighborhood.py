"""The wider neighborhood of a tumor: its nearest of the same type, against the others of it. Pure.

The neighborhood is chosen by alterations alone, never by outcome; each patient counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.nearest import Space
from dashboard.outcome_facts import Survival
from dashboard.queries import MapData, Rows
from engine.type_names import NOT_STATED, common_type

Bools = npt.NDArray[np.bool_]

NEAR, FEWEST = 75, 20
"""Tumors of a neighborhood, and how many it must have at least to be compared with others."""

LARGEST_SHARE = 1 / 3
"""A neighborhood takes in no more of its type than this, else it is compared with itself."""


@dataclass(frozen=True, kw_only=True)
class Center:
    """The tumor in the middle.

    Attributes:
        vector: Its embedding, (D,), float32, unit length.
        cancer_type: As stated; None where not known.
        row: Its row of the map; None when it is not on it.
    """

    vector: npt.NDArray[np.float32]
    cancer_type: str | None
    row: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighborhood:
    """The nearest tumors of a tumor, and those they are compared with.

    Attributes:
        near: Rows of the map, the nearest first, one per patient.
        rest: Rows of the others, one per patient, none of a patient in `near`.
        cancer_type: The type of both, as the tumor states it; None when all types are compared,
            since the tumor's own is not known or too few others have it.
    """

    near: Rows
    rest: Rows
    cancer_type: str | None


def surround(
    data: MapData, space: Space, center: Center, survival: Survival
) -> Neighborhood | None:
    """Find the neighborhood of a tumor among those whose outcome is known.

    Args:
        data: The map, N tumors.
        space: Vectors of its tumors.
        center: The tumor; another tumor of the same patient does not count either.
        survival: Follow-up of the tumors of the map.

    Returns:
        Up to 75 nearest and the rest; None where they would be fewer than 20 of either.
    """
    eligible = space.fitted & survival.known
    if center.row is not None:
        patients = np.array(survival.patients, dtype=object)
        eligible = eligible & (patients != survival.patients[center.row])
    own = eligible & same_type(data, center.cancer_type)
    known = np.count_nonzero(own) >= FEWEST / LARGEST_SHARE
    ranked = _nearest_first(space, center, np.flatnonzero(own if known else eligible))
    single = _one_per_patient(ranked, survival.patients)
    num_near = min(NEAR, int(len(single) * LARGEST_SHARE))
    if num_near < FEWEST:
        return None
    return Neighborhood(
        near=single[:num_near],
        rest=np.sort(single[num_near:]),
        cancer_type=center.cancer_type if known else None,
    )


def _nearest_first(space: Space, center: Center, candidates: Rows) -> Rows:
    gaps = space.vectors[candidates] - center.vector
    distances = np.square(gaps).sum(axis=1, dtype=np.float64)
    ranked: Rows = candidates[np.argsort(distances, kind="stable")]
    return ranked


def _one_per_patient(ranked: Rows, patients: Sequence[str]) -> Rows:
    """Keep the first tumor of each patient."""
    repeated = pd.Series([patients[row] for row in ranked.tolist()], dtype=object).duplicated()
    kept: Rows = ranked[~repeated.to_numpy(dtype=np.bool_)]
    return kept


def same_type(data: MapData, cancer_type: str | None) -> Bools:
    """Tell which tumors of a map are of a cancer type, whatever their studies call it, (N,)."""
    wanted = common_type(cancer_type)
    if wanted == NOT_STATED:
        return np.zeros(len(data), dtype=np.bool_)
    stated = data.samples["cancer_type"]
    names = [name for name in stated.dropna().unique() if common_type(name) == wanted]
    return stated.isin(names).to_numpy(dtype=np.bool_)
