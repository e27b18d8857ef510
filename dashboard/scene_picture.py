"""A map as a picture, made by the server: every point, the same colors, legend and caption.

For browsers that cannot draw the map, and for saving it. Points are drawn by counting the pixels
that each one covers, in 0.3 s for 300,000 tumors; letters are Pillow's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from dashboard.coloring import UNKNOWN_STEP
from dashboard.scene import Panel, Scene, unpack_rows
from dashboard.scene_frame import Frame, frame_of, whole_view
from dashboard.scene_shapes import stamp_of
from dashboard.scene_writing import Writer, write_legend, write_overlay
from dashboard.theme import OPACITY, OPAQUE_GREYS

Pixels = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

CONTEXT_OPACITY = 0.12
"""Of a tumor that a filter or a selection leaves out."""
LEGEND_WIDTH = 250
CAPTION_HEIGHT = 34
TITLE_HEIGHT = 34
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
    writer = Writer(canvas, unit)
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
    writer = Writer(canvas, unit, origin=(left / unit, top / unit))
    write_overlay(writer, scene, frame)
    writer.write(panel.coloring.heading, (10, 8 - TITLE_HEIGHT), color=scene.palette.ink, points=17)
    write_legend(writer, scene, panel, width / unit + 14)


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
