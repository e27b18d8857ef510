"""Figures in the size of the page's text: everything that is told in pixels grows with it. Pure.

A page grows by its root size, on a wide screen and in a meeting. Plotly knows pixels only. What a
figure does not state itself Streamlit's theme adds in the right size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

PIXELS = frozenset({"size", "xshift", "yshift", "standoff", "ticklabelstandoff", "thickness"})
"""Properties that are pixels wherever they stand."""

PIXELS_OF_LINES = frozenset({"width"})
"""Properties that are pixels of a line or a whisker, and data of a bar."""

LINES = frozenset({"line", "error_x", "error_y"})
MARGINS = frozenset("lrtb")


def enlarge(figure: go.Figure, scale: float) -> go.Figure:
    """Draw texts, marks, lines, margins and heights larger.

    Args:
        figure: The figure; it stays as it is.
        scale: How much; 1 is as drawn.

    Returns:
        The figure, a larger one unless `scale` is 1.
    """
    if scale == 1:
        return figure
    told = figure.to_plotly_json()
    layout = _enlarged(told.get("layout", {}), scale, of="layout")
    return go.Figure(data=_enlarged(told["data"], scale, of="data"), layout=layout)


def _enlarged(part: Any, scale: float, *, of: str) -> Any:
    if isinstance(part, list | tuple):
        return [_enlarged(one, scale, of=of) for one in part]
    if not isinstance(part, Mapping):
        return part
    return {
        name: _times(value, scale)
        if _is_pixels(name, of)
        else value
        if name == "template"
        else _enlarged(value, scale, of=name)
        for name, value in part.items()
    }


def _is_pixels(name: str, of: str) -> bool:
    if of in LINES and name in PIXELS_OF_LINES:
        return True
    if of == "layout":
        return name == "height"
    return name in MARGINS if of == "margin" else name in PIXELS


def _times(value: Any, scale: float) -> Any:
    """Multiply a number or numbers; a value that is none stays."""
    if isinstance(value, list | tuple):
        return [_times(one, scale) for one in value]
    return value * scale if isinstance(value, int | float | np.ndarray) else value
