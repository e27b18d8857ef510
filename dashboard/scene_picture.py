"""A map as a picture, made by the server: every point, the same colors, legend and caption.

For browsers that cannot draw the map, and for saving it. Points are drawn by counting the pixels
that each one covers, in 0.3 s for 300,000 tumors; letters are Pillow's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dashboard.coloring import UNKNOWN_STEP
from dashboard.scene import LegendEntry, OverlayPoint, Panel, Scene, View, unpack_rows
from dashboard.scene_shapes import stamp_of
from dashboard.theme import OPACITY, OPAQUE_GREYS

Pixels = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

CONTEXT_OPACITY = 0.12
"""Of a tumor that a filter or a selection leaves out."""
LEGEND_WIDTH = 250
CAPTION_HEIGHT = 34
TITLE_HEIGHT = 34
MARGIN = 1.08
BACK_TO_FRONT = ("not profiled", "other", "wild type", "color")


@dataclass(frozen=True, kw_only=True)
class PictureSize:
    """How large a picture is.

    Attributes:
        width: Of a panel with its legend, in points of the page.
        height: Of a panel with its title.
        scale: Pixels of one point.
    """

    width: int = 1180
    height: int = 820
    scale: float = 1.0


def point_size(num_tumors: int) -> int:
    """Choose the diameter of a point in points of the page; small for many tumors."""
    sizes = ((1_500, 8), (8_000, 6), (20_000, 5), (35_000, 4), (120_000, 3))
    return next((size for most, size in sizes if num_tumors <= most), 2)


def draw_scene(scene: Scene, size: PictureSize) -> Image.Image:
    """Draw a scene.

    Args:
        scene: The map; its camera, filter, selection and overlay are drawn too.
        size: Size of each panel; two to four panels stand in two columns.

    Returns:
        The picture, RGB.
    """
    columns = 1 if len(scene.panels) == 1 else 2
    lines = -(-len(scene.panels) // columns)
    unit = size.scale
    canvas = Image.new(
        "RGB",
        (round(columns * size.width * unit), round((lines * size.height + CAPTION_HEIGHT) * unit)),
        scene.palette.paper,
    )
    for place, panel in enumerate(scene.panels):
        corner = (place % columns * size.width * unit, place // columns * size.height * unit)
        _paint_panel(canvas, scene, panel, size, corner)
    writer = _Writer(canvas, unit)
    below = lines * size.height + 6
    writer.write(scene.caption, (10, below), color=scene.palette.ink, points=13)
    return canvas


def png_bytes(picture: Image.Image, scale: float = 1.0) -> bytes:
    """Pack a picture as PNG.

    Args:
        picture: The picture.
        scale: Pixels of one point of the page, so that a document shows it at its size.
    """
    buffer = io.BytesIO()
    dots = 96 * scale
    picture.save(buffer, format="PNG", compress_level=3, dpi=(dots, dots))
    return buffer.getvalue()


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


def _paint_panel(
    canvas: Image.Image,
    scene: Scene,
    panel: Panel,
    size: PictureSize,
    corner: tuple[float, float],
) -> None:
    unit = size.scale
    width = round((size.width - LEGEND_WIDTH) * unit)
    height = round((size.height - TITLE_HEIGHT) * unit)
    frame = frame_of(scene.view or whole_view(scene), width, height)
    points = draw_points(scene, panel, frame, unit)
    left, top = round(corner[0]), round(corner[1] + TITLE_HEIGHT * unit)
    canvas.paste(Image.fromarray(points, "RGB"), (left, top))
    writer = _Writer(canvas, unit, origin=(left / unit, top / unit))
    _write_overlay(writer, scene, frame)
    writer.write(panel.coloring.heading, (10, 8 - TITLE_HEIGHT), color=scene.palette.ink, points=17)
    _write_legend(writer, scene, panel, width / unit + 14)


def draw_points(scene: Scene, panel: Panel, frame: Frame, unit: float) -> npt.NDArray[np.uint8]:
    """Draw the tumors of a panel.

    Args:
        scene: The map.
        panel: What it is colored by.
        frame: What is seen, and how large.
        unit: Pixels of one point of the page.

    Returns:
        (height, width, 3) uint8.
    """
    paper = np.array(_channels(scene.palette.paper), dtype=np.float32)
    pixels = np.broadcast_to(paper, (frame.height, frame.width, 3)).copy()
    columns, rows = frame.places(scene.data.places.x, scene.data.places.y)
    diameter = point_size(len(scene.data)) * unit
    near = _inside(scene)
    for chosen, color, opacity, shape in _layers(panel, scene, near):
        stamp = stamp_of(shape, diameter if shape == "circle" else diameter + unit)
        _stamp(pixels, (columns[chosen], rows[chosen]), stamp, color, opacity)
    return np.rint(pixels).astype(np.uint8)


def _inside(scene: Scene) -> npt.NDArray[np.bool_]:
    """Return which tumors keep their color: in the foreground, and selected if any are."""
    near = np.ones(len(scene.data), dtype=bool)
    for mask in (scene.foreground, scene.selection.mask):
        if mask is not None:
            chosen = np.zeros(len(near), dtype=bool)
            chosen[unpack_rows(mask.content, len(near))] = True
            near &= chosen
    return near


Layer = tuple[Rows, npt.NDArray[np.float32] | tuple[int, int, int], float, str]


def _layers(panel: Panel, scene: Scene, near: npt.NDArray[np.bool_]) -> list[Layer]:
    """Sort the tumors into what is drawn after each other, from back to front."""
    grey = _channels(OPAQUE_GREYS["other"])
    layers: list[Layer] = [(np.flatnonzero(~near), grey, CONTEXT_OPACITY, "circle")]
    codes = np.frombuffer(panel.coloring.column.content, dtype=np.uint8)
    if panel.scale is None:
        order = sorted(
            range(len(panel.entries)),
            key=lambda row: (
                BACK_TO_FRONT.index(panel.entries[row].role),
                -panel.entries[row].count,
            ),
        )
        for row in order:
            entry = panel.entries[row]
            chosen = np.flatnonzero(near & (codes == row))
            layers.append((chosen, _channels(entry.color), OPACITY[entry.role], entry.shape))
        return layers
    unknown = np.flatnonzero(near & (codes == UNKNOWN_STEP))
    layers.append((unknown, _channels(OPAQUE_GREYS["not profiled"]), 0.3, "circle"))
    known = np.flatnonzero(near & (codes != UNKNOWN_STEP))
    known = known[np.argsort(codes[known], kind="stable")]
    table = np.array([_channels(color) for color in panel.scale.colors], dtype=np.float32)
    shown = table[(codes[known].astype(np.int64) * 255) // 254]
    return [*layers, (known, shown, OPACITY["color"], "circle")]


def _stamp(
    pixels: Pixels,
    places: tuple[Rows, Rows],
    stamp: npt.NDArray[np.float32],
    color: npt.NDArray[np.float32] | tuple[int, int, int],
    opacity: float,
) -> None:
    """Lay a stamp on every place; where several overlap, less of the paper shines through."""
    height, width = pixels.shape[:2]
    radius = stamp.shape[0] // 2
    size = height * width
    through = np.zeros(size, dtype=np.float64)
    top = np.full(size, -1, dtype=np.int64)
    for down, right in zip(*np.nonzero(stamp), strict=True):
        columns, rows = places[0] + right - radius, places[1] + down - radius
        seen = np.flatnonzero((columns >= 0) & (columns < width) & (rows >= 0) & (rows < height))
        flat = rows[seen] * width + columns[seen]
        share = float(np.log1p(-opacity * stamp[down, right] * 0.999))
        np.add.at(through, flat, share)
        if isinstance(color, np.ndarray):
            np.maximum.at(top, flat, seen)
    covered = np.flatnonzero(through < 0)
    cover = (1 - np.exp(through[covered])).astype(np.float32)[:, None]
    paint = np.asarray(color, dtype=np.float32)
    if paint.ndim == 2:
        paint = paint[top[covered]]
    flat_pixels = pixels.reshape(size, 3)
    flat_pixels[covered] += (paint - flat_pixels[covered]) * cover


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


class _Writer:
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
        self._unit = unit
        self._origin = origin

    def at(self, place: tuple[float, float]) -> tuple[float, float]:
        """Return the pixel of a place."""
        x, y = (self._origin[axis] + place[axis] for axis in (0, 1))
        return x * self._unit, y * self._unit

    def write(
        self, text: str, place: tuple[float, float], *, color: str, points: int, halo: str = ""
    ) -> None:
        """Write a line of text, its upper left corner at a place."""
        font = ImageFont.load_default(points * self._unit)
        around = round(2 * self._unit) if halo else 0
        at = self.at(place)
        self._draw.text(at, text, color, font, stroke_width=around, stroke_fill=halo or None)

    def shape(self, shape: str, place: tuple[float, float], diameter: float, color: str) -> None:
        """Draw a point of a legend, its middle at a place."""
        stamp = stamp_of(shape, diameter * self._unit)
        x, y = self.at(place)
        mask = Image.fromarray(np.rint(stamp * 255).astype(np.uint8), "L")
        corner = (round(x) - mask.width // 2, round(y) - mask.height // 2)
        self._draw.bitmap(corner, mask, fill=color)

    def ring(self, place: tuple[float, float], diameter: float, color: str, width: float) -> None:
        """Draw a ring around a place."""
        x, y = self.at(place)
        radius = diameter * self._unit / 2
        box = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(box, outline=color, width=round(width * self._unit))

    def line(self, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
        """Draw a line."""
        self._draw.line((*self.at(start), *self.at(end)), fill=color, width=round(2 * self._unit))

    def bar(self, box: tuple[float, float, float, float], color: str) -> None:
        """Fill a rectangle: left, upper, right and lower edge."""
        self._draw.rectangle((*self.at(box[:2]), *self.at(box[2:])), fill=color)


def _write_legend(writer: _Writer, scene: Scene, panel: Panel, left: float) -> None:
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


def _write_overlay(writer: _Writer, scene: Scene, frame: Frame) -> None:
    unit = writer._unit

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


def _write_labels(writer: _Writer, scene: Scene, places: list[tuple[float, float]]) -> None:
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
    writer: _Writer, scene: Scene, point: OverlayPoint, place: tuple[float, float]
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
