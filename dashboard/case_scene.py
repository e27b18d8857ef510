"""Small maps around one tumor: where it lies, who is like it, where a change moves it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.coloring import Categories, Category, Coloring, Role
from dashboard.labels import Labels, Rows
from dashboard.queries import MapData
from dashboard.scene import OverlayLine, OverlayPoint, Scene, View, make_panel
from dashboard.theme import Palette

Place = tuple[float, float]

SHARE_SHOWN = 0.22
"""Of the width and height of the map that a small map shows at least."""
MARGIN = 0.15
"""Of the box around a tumor and its neighbors that is left free on each side."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spot:
    """A tumor on the map, stored or just placed.

    Attributes:
        name: Written beside it; a pseudonym where ids must not be seen.
        place: Where it lies.
        neighbors: Rows of its nearest tumors, (K,).
    """

    name: str
    place: Place
    neighbors: Rows


def plain_coloring(data: MapData) -> Categories:
    """Color every tumor of a map grey."""
    nothing = np.zeros(len(data), dtype=np.uint8)
    return Categories(
        title="Tumors",
        entries=(Category(name="tumors on the map", role=Role.OTHER),),
        codes=nothing,
        labels=Labels(names=("tumors on the map",), codes=nothing.astype(np.int32)),
    )


def scene_of_case(
    data: MapData,
    spot: Spot,
    palette: Palette,
    *,
    coloring: Coloring | None = None,
    named: bool = True,
) -> Scene:
    """Show one tumor and its nearest tumors on the map.

    Args:
        data: The map, N tumors.
        spot: The tumor.
        palette: Colors of the appearance.
        coloring: What the map is colored by, N values; grey when None.
        named: Whether pointing at a tumor tells its id.

    Returns:
        A scene that begins around the tumor; the whole map can be reached from there.
    """
    colored = plain_coloring(data) if coloring is None else coloring
    near = [_point(data, row, palette) for row in spot.neighbors.tolist()]
    x, y = spot.place
    tumor = OverlayPoint(x=x, y=y, label=spot.name, role="tumor", color=palette.accent)
    around = [spot.place, *((point.x, point.y) for point in near)]
    return Scene(
        data=data,
        panels=(make_panel("a", colored, palette),),
        palette=palette,
        points=(*near, tumor),
        view=view_around(data, around),
        narrow=True,
        named=named,
    )


def scene_of_move(
    data: MapData,
    before: Place,
    after: Place,
    palette: Palette,
    *,
    coloring: Coloring | None = None,
    named: bool = True,
) -> Scene:
    """Show where a tumor lies before and after a change.

    Args:
        data: The map.
        before: Old place.
        after: New place.
        palette: Colors of the appearance.
        coloring: What the map is colored by; grey when None.
        named: Whether pointing at a tumor tells its id.
    """
    colored = plain_coloring(data) if coloring is None else coloring
    points = (
        OverlayPoint(x=before[0], y=before[1], label="as it is", role="before", color=palette.ink),
        OverlayPoint(x=after[0], y=after[1], label="changed", role="after", color=palette.accent),
    )
    return Scene(
        data=data,
        panels=(make_panel("a", colored, palette),),
        palette=palette,
        points=points,
        lines=(OverlayLine(start=before, end=after),),
        view=view_around(data, [before, after]),
        narrow=True,
        named=named,
    )


def _point(data: MapData, row: int, palette: Palette) -> OverlayPoint:
    return OverlayPoint(
        x=float(data.places.x[row]),
        y=float(data.places.y[row]),
        label="",
        role="neighbor",
        color=palette.accent,
        row=row,
    )


def view_around(data: MapData, places: Sequence[Place]) -> View:
    """Return the edges of a part of the map that holds some places, and what lies around them.

    Args:
        data: The map.
        places: At least one.
    """
    edges = []
    for axis, values in enumerate((data.places.x, data.places.y)):
        inside = [place[axis] for place in places]
        low, high = min(inside), max(inside)
        whole = float(values.max() - values.min()) or 1.0
        half = max((high - low) * (0.5 + MARGIN), whole * SHARE_SHOWN / 2)
        edges += [(low + high) / 2 - half, (low + high) / 2 + half]
    return edges[0], edges[1], edges[2], edges[3]
