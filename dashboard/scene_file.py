"""A map as files to keep: PNG, and SVG and PDF whose letters and legend stay sharp at any size."""

from __future__ import annotations

import base64
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from dashboard.figure_pdf import to_pdf
from dashboard.scene import Panel, Scene
from dashboard.scene_frame import frame_of, whole_view
from dashboard.scene_picture import (
    CAPTION_HEIGHT,
    LEGEND_WIDTH,
    TITLE_HEIGHT,
    PictureSize,
    draw_points,
    draw_scene,
    png_bytes,
)
from dashboard.scene_writing import legend_text

SHARP = 2.0
"""Pixels of one point of the page in a file; twice what a screen shows."""

FONT = "DejaVu Sans, Verdana, sans-serif"


def scene_files(make: Callable[[], Scene], title: str) -> dict[str, Callable[[], bytes]]:
    """Return what makes a file of each format.

    Args:
        make: Makes the scene, in the colors of white paper.
        title: Title of the document.
    """
    return {
        "PNG": lambda: png_bytes(draw_scene(make(), PictureSize(scale=SHARP)), SHARP),
        "SVG": lambda: scene_svg(make()).encode(),
        "PDF": lambda: to_pdf(scene_svg(make()), title),
    }


def scene_svg(scene: Scene) -> str:
    """Draw a scene as SVG: the points are one picture, the rest is text and shapes.

    Args:
        scene: The map.

    Returns:
        The document.
    """
    size = PictureSize(scale=SHARP)
    columns = 1 if len(scene.panels) == 1 else 2
    lines = -(-len(scene.panels) // columns)
    width, height = columns * size.width, lines * size.height + CAPTION_HEIGHT
    parts = [f'<rect width="{width}" height="{height}" fill="{scene.palette.paper}"/>']
    for place, panel in enumerate(scene.panels):
        left, top = place % columns * size.width, place // columns * size.height
        inside = "".join(_panel_parts(scene, panel, size))
        parts.append(f'<g transform="translate({left} {top})">{inside}</g>')
    parts.append(_text(scene.caption, 10, lines * size.height + 20, scene.palette.ink, 13))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family={quoteattr(FONT)}>' + "".join(parts) + "</svg>"
    )


def _panel_parts(scene: Scene, panel: Panel, size: PictureSize) -> list[str]:
    width, height = size.width - LEGEND_WIDTH, size.height - TITLE_HEIGHT
    pixels = (round(width * SHARP), round(height * SHARP))
    frame = frame_of(scene.view or whole_view(scene), *pixels)
    picture = Image.fromarray(draw_points(scene, panel, frame, SHARP), "RGB")
    encoded = base64.b64encode(png_bytes(picture, SHARP)).decode()
    ink = scene.palette.ink
    parts = [
        f'<image y="{TITLE_HEIGHT}" width="{width}" height="{height}" '
        f'href="data:image/png;base64,{encoded}"/>',
        _text(panel.coloring.heading, 10, 24, ink, 17),
        *_legend_parts(panel, width + 14, ink),
    ]
    for label in scene.labels:
        x = (label.x - frame.left) * frame.per_unit / SHARP
        y = (frame.top - label.y) * frame.per_unit / SHARP + TITLE_HEIGHT
        if 0 <= x <= width and TITLE_HEIGHT <= y <= size.height:
            parts.append(_text(label.text, x, y, ink, 14, anchor="middle"))
    for point in scene.points:
        x = (point.x - frame.left) * frame.per_unit / SHARP
        y = (frame.top - point.y) * frame.per_unit / SHARP + TITLE_HEIGHT
        radius = 5 if point.role == "neighbor" else 10
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="none" '
            f'stroke="{point.color}" stroke-width="2.5"/>'
        )
        if point.label:
            parts.append(_text(point.label, x + 14, y - 10, point.color, 14))
    return parts


def _legend_parts(panel: Panel, left: float, ink: str) -> list[str]:
    parts = []
    top = TITLE_HEIGHT + 14.0
    for line, entry in enumerate(panel.entries):
        y = top + 24 * line
        parts.append(f'<circle cx="{left + 8}" cy="{y}" r="6" fill="{entry.color}"/>')
        parts.append(_text(legend_text(entry), left + 22, y + 5, ink, 14))
    if panel.scale is None:
        return parts
    length, colors = 380.0, panel.scale.colors
    for step, color in enumerate(colors):
        y = top + length * (1 - (step + 1) / len(colors))
        parts.append(
            f'<rect x="{left}" y="{y:.2f}" width="16" height="{length / len(colors) + 0.5:.2f}" '
            f'fill="{color}"/>'
        )
    for tick in panel.scale.ticks:
        parts.append(_text(tick.text, left + 24, top + 5 + length * (1 - tick.at), ink, 14))
    parts.append(_text(panel.scale.unit, left, top + length + 24, ink, 13))
    if panel.scale.missing:
        missing = f"not given ({panel.scale.missing:,})"
        parts.append(_text(missing, left, top + length + 46, ink, 13))
    return parts


def _text(text: str, x: float, y: float, color: str, points: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{points}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
