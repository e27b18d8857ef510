"""Letters, legends and what lies above the points of a server-made picture of a map."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard.scene import LegendEntry, OverlayPoint, Panel, Scene
from dashboard.scene_frame import Frame
from dashboard.scene_shapes import stamp_of


class Writer:
    """Writes on a picture in points of the page.

    Args:
        canvas: The picture.
        unit: Pixels of one point.
        origin: Place that counts as 0, 0, in points.
    """

    def __init__(
        self, canvas: Image.Image, unit: float, origin: tuple[float, float] = (0, 0)
    ) -> None:
        self._draw = ImageDraw.Draw(canvas)
        self.unit = unit
        self._origin = origin

    def at(self, place: tuple[float, float]) -> tuple[float, float]:
        """Return the pixel of a place."""
        x, y = (self._origin[axis] + place[axis] for axis in (0, 1))
        return x * self.unit, y * self.unit

    def write(
        self, text: str, place: tuple[float, float], *, color: str, points: int, halo: str = ""
    ) -> None:
        """Write a line of text, its upper left corner at a place."""
        font = ImageFont.load_default(points * self.unit)
        around = round(2 * self.unit) if halo else 0
        at = self.at(place)
        self._draw.text(at, text, color, font, stroke_width=around, stroke_fill=halo or None)

    def shape(self, shape: str, place: tuple[float, float], diameter: float, color: str) -> None:
        """Draw a point of a legend, its middle at a place."""
        stamp = stamp_of(shape, diameter * self.unit)
        x, y = self.at(place)
        mask = Image.fromarray(np.rint(stamp * 255).astype(np.uint8), "L")
        corner = (round(x) - mask.width // 2, round(y) - mask.height // 2)
        self._draw.bitmap(corner, mask, fill=color)

    def ring(self, place: tuple[float, float], diameter: float, color: str, width: float) -> None:
        """Draw a ring around a place."""
        x, y = self.at(place)
        radius = diameter * self.unit / 2
        box = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(box, outline=color, width=round(width * self.unit))

    def line(self, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
        """Draw a line."""
        self._draw.line((*self.at(start), *self.at(end)), fill=color, width=round(2 * self.unit))

    def bar(self, box: tuple[float, float, float, float], color: str) -> None:
        """Fill a rectangle: left, upper, right and lower edge."""
        self._draw.rectangle((*self.at(box[:2]), *self.at(box[2:])), fill=color)


def write_legend(writer: Writer, scene: Scene, panel: Panel, left: float) -> None:
    """Write the legend or color bar of a panel.

    Args:
        writer: Writes from the upper left corner of the points.
        scene: The map.
        panel: One of its panels.
        left: Where the legend begins, in points of the page.
    """
    ink = scene.palette.ink
    for line, entry in enumerate(panel.entries):
        writer.shape(entry.shape, (left + 8, 22 + 24 * line), 12, entry.color)
        writer.write(legend_text(entry), (left + 22, 14 + 24 * line), color=ink, points=14)
    if panel.scale is None:
        return
    length = 380.0
    for step, color in enumerate(panel.scale.colors):
        low = 20 + length * (1 - (step + 1) / len(panel.scale.colors))
        writer.bar((left, low, left + 16, low + length / len(panel.scale.colors) + 1), color)
    for tick in panel.scale.ticks:
        place = (left + 24, 12 + length * (1 - tick.at))
        # The font has no sign for "at least".
        text = tick.text.replace("≥ ", "from ")
        writer.write(text, place, color=ink, points=14)
    below = 32 + length
    writer.write(panel.scale.unit, (left, below), color=ink, points=13)
    if panel.scale.missing:
        text = f"not given ({panel.scale.missing:,})"
        writer.write(text, (left, below + 24), color=ink, points=13)


LONGEST_NAME = 22


def legend_text(entry: LegendEntry) -> str:
    """Write a line of a legend, cut where it would leave the picture."""
    name = entry.name
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
    return f"{short} ({entry.count:,})"


def write_overlay(writer: Writer, scene: Scene, frame: Frame) -> None:
    """Draw the lines, points and names that lie above the tumors."""
    unit = writer.unit

    def place(x: float, y: float) -> tuple[float, float]:
        column, row = (x - frame.left) * frame.per_unit, (frame.top - y) * frame.per_unit
        return column / unit, row / unit

    for line in scene.lines:
        writer.line(place(*line.start), place(*line.end), scene.palette.ink)
    for point in scene.points:
        _write_point(writer, scene, point, place(point.x, point.y))
    _write_labels(writer, scene, [place(label.x, label.y) for label in scene.labels])


LETTER_WIDTH, LINE_HEIGHT = 6.8, 18.0
"""Of a label, in points of the page."""


def _write_labels(writer: Writer, scene: Scene, places: list[tuple[float, float]]) -> None:
    """Write the names of regions; one that would cover another is left out."""
    written: list[tuple[float, float, float]] = []
    for label, (x, y) in zip(scene.labels, places, strict=True):
        half = LETTER_WIDTH * len(label.text) / 2
        if any(abs(x - a) < half + b and abs(y - c) < LINE_HEIGHT for a, c, b in written):
            continue
        written.append((x, y, half))
        writer.write(
            label.text,
            (x - half, y - LINE_HEIGHT / 2),
            color=scene.palette.ink,
            points=14,
            halo=scene.palette.paper,
        )


def _write_point(
    writer: Writer, scene: Scene, point: OverlayPoint, place: tuple[float, float]
) -> None:
    if point.role == "neighbor":
        writer.ring(place, 11, scene.palette.ink, 1)
        writer.shape("circle", place, 9, point.color)
        return
    writer.ring(place, 20, point.color, 3)
    if point.label:
        writer.write(
            point.label,
            (place[0] + 14, place[1] - 24),
            color=point.color,
            points=14,
            halo=scene.palette.paper,
        )
