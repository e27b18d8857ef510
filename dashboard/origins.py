"""Is a neighborhood explained by where its tumors come from? Asked of studies and of panels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.formatting import p_value
from dashboard.queries import MapData
from engine.study_effects import SourceShares, StudyEffect

SOURCES = {"study": "study_id", "panel": "mutation_panel"}
"""What may explain a neighborhood beside biology, and the column that names it."""

FEWEST = 10
"""Tumors below which nothing is said."""
MOST = 500
"""Tumors of a selection that are looked at, drawn at random: more make every difference certain."""
SEED = 0
"""Of the draw: the same selection is always told the same."""


def count_sources(data: MapData) -> tuple[SourceShares, ...]:
    """Count from where the tumors of each cancer type come: 0.3 s for 300,000 tumors."""
    types = _texts(data.samples["cancer_type"])
    return tuple(
        SourceShares.count(kind, types, _sources(data.samples[column]))
        for kind, column in SOURCES.items()
    )


def explain_by_source(
    data: MapData,
    rows: npt.NDArray[np.int64],
    shares: tuple[SourceShares, ...] | None = None,
) -> tuple[StudyEffect, ...]:
    """Tell by which study or panel tumors lie together, more than by their cancer types.

    Args:
        data: The map.
        rows: Tumors of the map, (K,): the neighbors of one, or a selection.
        shares: What `count_sources` found; counted here when None.

    Returns:
        The effects worth a warning; none where the cancer types are enough, or few are asked about.
    """
    if len(rows) < FEWEST:
        return ()
    chosen = rows
    if len(rows) > MOST:
        chosen = np.sort(np.random.default_rng(SEED).choice(rows, MOST, replace=False))
    types = _texts(data.samples["cancer_type"].iloc[chosen])
    effects = []
    for found in count_sources(data) if shares is None else shares:
        near = _sources(data.samples[SOURCES[found.kind]].iloc[chosen])
        effect = found.explain(types, near)
        if effect is not None and effect.is_explaining:
            effects.append(effect)
    return tuple(effects)


def say_of_neighbors(effect: StudyEffect) -> str:
    """Say of the nearest tumors of one that their source goes with them too."""
    return _say(effect, f"the {effect.num_neighbors:,} nearest tumors")


def say_of_selection(effect: StudyEffect, num_selected: int) -> str:
    """Say of a selection that its source goes with it too.

    Args:
        effect: What `explain_by_source` found.
        num_selected: Tumors of the selection, of which only some may have been looked at.
    """
    looked_at = f"{effect.num_neighbors:,}"
    if effect.num_neighbors < num_selected:
        return _say(effect, f"{looked_at} tumors drawn at random")
    return _say(effect, f"the {looked_at} selected tumors")


def _say(effect: StudyEffect, whom: str) -> str:
    return (
        f"Also goes with the {effect.kind}: {effect.num_near:,} of {whom} are of {effect.source}, "
        f"about {effect.expected:,.0f} would be by their cancer types alone "
        f"({p_value(effect.p_value)})."
    )


def _sources(column: pd.Series[str]) -> list[str]:
    return [value or "not stated" for value in _texts(column)]


def _texts(column: pd.Series[str]) -> list[str | None]:
    values = column.astype(object)
    texts: list[str | None] = values.where(values.notna(), None).tolist()
    return texts
