"""The shapes of points as small pictures. Pure."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

FINE = 8
"""Steps of a pixel along each axis while a shape is drawn, so that its edge is smooth."""

# Corners on a square from -1 to 1, y upward.
_POLYGONS: dict[str, tuple[tuple[float, float], ...]] = {
    "diamond": ((0, 1), (1, 0), (0, -1), (-1, 0)),
    "square": ((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)),
    "triangle-up": ((0, 1), (0.95, -0.7), (-0.95, -0.7)),
    "triangle-down": ((0, -1), (0.95, 0.7), (-0.95, 0.7)),
}
_CROSS = ((-0.35, -1), (0.35, 1)), ((-1, -0.35), (1, 0.35))


@cache
def stamp_of(shape: str, diameter: float) -> npt.NDArray[np.float32]:
    """Draw a shape.

    Args:
        shape: One of `theme.SYMBOLS`.
        diameter: In pixels.

    Returns:
        (S, S) float32, S odd: how much of each pixel it covers, 0 to 1; its middle is the place.
    """
    radius = max(int(np.ceil(diameter / 2)), 1)
    side = (2 * radius + 1) * FINE
    canvas = Image.new("L", (side, side))
    draw = ImageDraw.Draw(canvas)
    half, step = side / 2, diameter / 2 * FINE
    if shape == "circle":
        draw.ellipse((half - step, half - step, half + step, half + step), fill=255)
    for corners in _outlines(shape):
        draw.polygon([(half + x * step, half - y * step) for x, y in corners], fill=255)
    small = np.asarray(canvas, dtype=np.float32).reshape(side // FINE, FINE, side // FINE, FINE)
    covered = small.mean(axis=(1, 3)) / np.float32(255)
    # Every shape is its own mirror image; Pillow's edges are off by one fine step.
    stamp: npt.NDArray[np.float32] = (covered + covered[:, ::-1]) / 2
    stamp[stamp < 0.05] = 0
    return stamp


def _outlines(shape: str) -> list[tuple[tuple[float, float], ...]]:
    if shape in _POLYGONS:
        return [_POLYGONS[shape]]
    if shape == "star":
        angles = np.pi / 2 + np.arange(10) * np.pi / 5
        radii = np.where(np.arange(10) % 2, 0.45, 1.1)
        return [
            tuple(
                (float(r * np.cos(a)), float(r * np.sin(a)))
                for r, a in zip(radii, angles, strict=True)
            )
        ]
    if shape not in ("cross", "x"):
        return []
    turn = np.pi / 4 if shape == "x" else 0.0
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    bars = []
    for (left, low), (right, high) in _CROSS:
        box = ((left, low), (right, low), (right, high), (left, high))
        bars.append(tuple((x * cosine - y * sine, x * sine + y * cosine) for x, y in box))
    return bars
