"""Where coordinates of a map lie in a picture of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.scene import Scene, View

Rows = npt.NDArray[np.int64]

MARGIN = 1.08
"""Width of a picture of the whole map, in widths of the map."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where coordinates of the map lie in a picture of points.

    Attributes:
        left: Coordinate of the left edge.
        top: Coordinate of the upper edge.
        per_unit: Pixels of one unit of the map, the same along both axes.
        width: Pixels.
        height: Pixels.
    """

    left: float
    top: float
    per_unit: float
    width: int
    height: int

    def places(self, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> tuple[Rows, Rows]:
        """Return column and row of the pixel of each place."""
        columns = np.rint((x - self.left) * self.per_unit).astype(np.int64)
        rows = np.rint((self.top - y) * self.per_unit).astype(np.int64)
        return columns, rows


def frame_of(view: View, width: int, height: int) -> Frame:
    """Fit a part of the map into a picture; more is seen where the shapes differ."""
    x0, x1, y0, y1 = view
    across, up = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
    per_unit = min(width / across, height / up)
    return Frame(
        left=(x0 + x1) / 2 - width / per_unit / 2,
        top=(y0 + y1) / 2 + height / per_unit / 2,
        per_unit=per_unit,
        width=width,
        height=height,
    )


def whole_view(scene: Scene) -> View:
    """Return the edges of the whole map, with a margin."""
    edges = []
    for values in (scene.data.places.x, scene.data.places.y):
        low, high = float(values.min()), float(values.max())
        margin = (high - low or 1.0) * (MARGIN - 1) / 2
        edges += [low - margin, high + margin]
    return edges[0], edges[1], edges[2], edges[3]
