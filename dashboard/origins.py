"""Is a neighborhood explained by where its tumors come from? Asked of studies and of panels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dashboard.queries import MapData
from engine.study_effects import SourceShares, StudyEffect

SOURCES = {"study": "study_id", "panel": "mutation_panel"}
"""What may explain a neighborhood beside biology, and the column that names it."""

FEWEST = 10
"""Tumors below which nothing is said."""
MOST = 500
"""Tumors of a selection that are looked at, evenly spread: more make every difference certain."""


def explain_by_source(data: MapData, rows: npt.NDArray[np.int64]) -> tuple[StudyEffect, ...]:
    """Tell by which study or panel tumors lie together, more than by their cancer types.

    Args:
        data: The map.
        rows: Tumors of the map, (K,): the neighbors of one, or a selection.

    Returns:
        The effects that explain them; none where biology is enough, or too few are asked about.
    """
    if len(rows) < FEWEST:
        return ()
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(np.int64)]
    types = _texts(data, "cancer_type")
    effects = []
    for kind, column in SOURCES.items():
        sources = [value or "not stated" for value in _texts(data, column)]
        shares = SourceShares.count(kind, types, sources)
        found = shares.explain([types[i] for i in chosen], [sources[i] for i in chosen])
        if found is not None and found.is_explaining:
            effects.append(found)
    return tuple(effects)


def say_of_selection(effect: StudyEffect) -> str:
    """Say of a selection what `StudyEffect.sentence` says of the neighbors of a tumor."""
    return (
        f"This selection is explained by the {effect.kind} as well as by biology: "
        f"{effect.num_near} of the {effect.num_neighbors} tumors looked at are of "
        f"{effect.source}, where about {effect.expected:.0f} would be by their cancer types alone."
    )


def _texts(data: MapData, column: str) -> list[str | None]:
    values = data.samples[column].astype(object)
    texts: list[str | None] = values.where(values.notna(), None).tolist()
    return texts
