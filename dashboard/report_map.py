"""The map of a report as SVG: every tumor as a grey raster, the tumor and its neighbors on top."""

from __future__ import annotations

import base64
import html
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.coloring import Categories, Category, Role
from dashboard.figures import Places, Rows
from dashboard.theme import LIGHT, SYMBOLS
from dashboard.wording import count

WIDTH, HEIGHT = 300.0, 236.0
LEGEND_HEIGHT = 15.0
MARGIN = 10.0
PIXELS = 2
"""Pixels of the raster for each unit of the drawing."""
DARKEST = 190
OTHER_GREY = "#8A939C"

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """How map coordinates lie in the drawing; both axes have one scale."""

    left: float
    top: float
    scale: float

    @classmethod
    def around(cls, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> _Frame:
        width = max(float(np.ptp(x)), 1e-6)
        height = max(float(np.ptp(y)), 1e-6)
        scale = min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height)
        return cls(
            left=float(x.min()) - (WIDTH / scale - width) / 2,
            top=float(y.max()) + (HEIGHT / scale - height) / 2,
            scale=scale,
        )

    def place(
        self, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        return (x - self.left) * self.scale, (self.top - y) * self.scale


def draw_map(
    places: Places, tumor: tuple[float, float], neighbors: Rows, coloring: Categories
) -> str:
    """Draw where a tumor and its nearest tumors lie, without any name.

    Args:
        places: The map, N tumors.
        tumor: Place of the tumor.
        neighbors: Rows of its nearest tumors, (K,).
        coloring: Category of each neighbor, K values.

    Returns:
        An SVG document with a legend; nothing in it is looked up elsewhere.
    """
    at = np.array([tumor], dtype=np.float32)
    frame = _Frame.around(np.append(places.x, at[:, 0]), np.append(places.y, at[:, 1]))
    raster = _encode_png(_raster(*frame.place(places.x, places.y)))
    parts = [
        f'<image width="{WIDTH:g}" height="{HEIGHT:g}" '
        f'href="data:image/png;base64,{base64.b64encode(raster).decode()}"/>'
    ]
    x, y = frame.place(places.x[neighbors], places.y[neighbors])
    for code, entry in enumerate(coloring.entries):
        chosen = coloring.codes == code
        parts += [_shape(entry, *spot) for spot in zip(x[chosen], y[chosen], strict=True)]
    own_x, own_y = frame.place(at[:, 0], at[:, 1])
    parts.append(_tumor(float(own_x[0]), float(own_y[0])))
    legend = _legend(coloring)
    height = HEIGHT + LEGEND_HEIGHT * (len(coloring.entries) + 1) + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" '
        f'width="{WIDTH:g}" height="{height:g}" role="img" font-family="DejaVu Sans" '
        f'font-size="9.5" fill="{LIGHT.ink}"><title>The tumor and its '
        f"{len(neighbors)} nearest tumors on the map</title>{''.join(parts)}{legend}</svg>"
    )


def _raster(x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> Bytes:
    """Count tumors by pixel and write the logarithm of it as opacity, (rows, columns)."""
    shape = (round(HEIGHT * PIXELS), round(WIDTH * PIXELS))
    counts, _, _ = np.histogram2d(
        y * PIXELS, x * PIXELS, bins=shape, range=((0, shape[0]), (0, shape[1]))
    )
    spread = counts + sum(np.roll(counts, shift, axis=axis) for axis in (0, 1) for shift in (-1, 1))
    level = np.log1p(spread) / max(float(np.log1p(spread.max())), 1e-6)
    alpha: Bytes = np.where(spread > 0, 90 + (DARKEST - 90) * level, 0).astype(np.uint8)
    return alpha


def _encode_png(alpha: Bytes) -> bytes:
    """Write one grey with the opacity given as a PNG."""
    rows, columns = alpha.shape
    pixels = np.empty((rows, columns, 2), dtype=np.uint8)
    pixels[..., 0], pixels[..., 1] = 96, alpha
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 4, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _color(entry: Category) -> str:
    return LIGHT.categories[entry.slot] if entry.role is Role.COLOR else OTHER_GREY


def _shape(entry: Category, x: float, y: float, size: float = 4.2) -> str:
    symbol = SYMBOLS[entry.slot] if entry.role is Role.COLOR else "circle"
    style = f'fill="{_color(entry)}" stroke="#FFFFFF" stroke-width="0.8"'
    if symbol == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" {style}/>'
    corners = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in _CORNERS[symbol])
    return f'<polygon points="{corners}" {style}/>'


def _star(num: int, inner: float) -> tuple[tuple[float, float], ...]:
    turns = [math.pi * step / num - math.pi / 2 for step in range(2 * num)]
    radii = [1.25 if step % 2 == 0 else inner for step in range(2 * num)]
    return tuple((r * math.cos(t), r * math.sin(t)) for r, t in zip(radii, turns, strict=True))


_PLUS = (
    *((-0.35, -1.1), (0.35, -1.1), (0.35, -0.35), (1.1, -0.35), (1.1, 0.35), (0.35, 0.35)),
    *((0.35, 1.1), (-0.35, 1.1), (-0.35, 0.35), (-1.1, 0.35), (-1.1, -0.35), (-0.35, -0.35)),
)
_TURN = math.sqrt(0.5)
_CORNERS = {
    "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "square": ((-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)),
    "triangle-up": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "cross": _PLUS,
    "x": tuple(((x - y) * _TURN, (x + y) * _TURN) for x, y in _PLUS),
    "triangle-down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "star": _star(5, 0.55),
}


def _tumor(x: float, y: float, size: float = 8.0) -> str:
    corners = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in _star(5, 0.55))
    return (
        f'<polygon points="{corners}" fill="{LIGHT.accent}" stroke="#FFFFFF" stroke-width="1.4"/>'
    )


def _legend(coloring: Categories) -> str:
    y = HEIGHT + LEGEND_HEIGHT - 5
    parts = [_tumor(8, y - 3, 5.5), _entry(y, "this tumor")]
    for code, entry in enumerate(coloring.entries):
        y += LEGEND_HEIGHT
        number = int(np.count_nonzero(coloring.codes == code))
        parts.append(_shape(entry, 8, y - 3))
        parts.append(_entry(y, f"{entry.name} ({count(number, 'neighbor')})"))
    return "".join(parts)


def _entry(y: float, text: str) -> str:
    return f'<text x="18" y="{y:.1f}">{html.escape(text)}</text>'
