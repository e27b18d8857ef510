"""Names of regions on a map. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.coloring import Categories, Coloring
from dashboard.map_data import MapData
from dashboard.scene import RegionLabel

MOST_LABELS = 14
FEWEST_SHARE = 0.01
"""Of the tumors, below which a category has no name on the map."""


def label_regions(
    data: MapData, coloring: Coloring, names: Sequence[str] = ()
) -> tuple[RegionLabel, ...]:
    """Write the names of the largest categories where most of their tumors lie.

    Args:
        data: The map.
        coloring: Its categories are named; a number names nothing.
        names: Categories to name instead of the largest.

    Returns:
        A label at the median place of each category, the largest first.
    """
    if not isinstance(coloring, Categories):
        return ()
    labels = coloring.labels
    least = FEWEST_SHARE * len(labels)
    found = []
    for code, name in enumerate(labels.names[:MOST_LABELS]):
        if labels.counts[code] < least or (names and name not in names):
            continue
        inside = labels.codes == code
        x, y = (float(np.median(values[inside])) for values in (data.places.x, data.places.y))
        found.append(RegionLabel(x=x, y=y, text=name))
    return tuple(found)
