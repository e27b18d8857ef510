"""Figures of the sections Why and What if. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboard.explanations import Z95
from dashboard.figures import MapOptions, Places, add_notice
from dashboard.patient_figures import BACKGROUND
from dashboard.theme import Palette
from dashboard.wording import clip

MOST_BARS = 15
MOST_POINTS = 1_000
"""Grey points of the map that are drawn: enough for its shape, and redrawn at each toggle."""

LONGEST_LABEL = 34
RAISES, LOWERS = 1, 0
"""Places of the two colors in the palette: orange raises, blue lowers."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its label, what it adds, and the standard error where there is one."""

    label: str
    value: float
    error: float | None = None


def draw_bars(bars: Sequence[Bar], scale: str, palette: Palette) -> go.Figure:
    """Draw what each alteration or group adds, the largest first.

    Args:
        bars: In any order, at least one; the smallest beyond the fifteenth are drawn as one sum.
        scale: What is counted.
        palette: Colors of the appearance.

    Returns:
        Horizontal bars; whiskers are 95% intervals of the sampling.
    """
    shown = _largest(bars)
    errors = [Z95 * (bar.error or 0) for bar in shown]
    colors = [palette.categories[RAISES if bar.value > 0 else LOWERS] for bar in shown]
    figure = go.Figure(
        go.Bar(
            x=[bar.value for bar in shown],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": colors},
            error_x={"type": "data", "array": errors, "color": palette.ink, "thickness": 1.5},
            customdata=[bar.label for bar in shown],
            hovertemplate="%{customdata}: %{x:+.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=f"lowers  ←  {scale}  →  raises", zerolinecolor=palette.ink)
    figure.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(shown))),
        ticktext=[clip(bar.label, LONGEST_LABEL) for bar in shown],
        tickfont={"size": 13},
        showgrid=False,
        zeroline=False,
    )
    margin = {"l": 0, "r": 10, "t": 6, "b": 44}
    height = 80 + 27 * len(shown)
    figure.update_layout(height=height, margin=margin, showlegend=False, dragmode=False)
    return figure


def _largest(bars: Sequence[Bar]) -> list[Bar]:
    ranked = sorted(bars, key=lambda bar: -abs(bar.value))
    rest = ranked[MOST_BARS:]
    if not rest:
        return ranked
    total = sum(bar.value for bar in rest)
    return [*ranked[:MOST_BARS], Bar(label=f"{len(rest)} smaller ones", value=total)]


def draw_move(
    places: Places, before: tuple[float, float], after: tuple[float, float], options: MapOptions
) -> go.Figure:
    """Draw where a tumor lies before and after a change, over the map in grey.

    Args:
        places: The map, N tumors; at most 1,000 of them are drawn, evenly chosen.
        before: Old x and y.
        after: New x and y.
        options: Appearance and source.
    """
    step = max(1, int(np.ceil(len(places) / MOST_POINTS)))
    figure = go.Figure(
        go.Scatter(
            x=places.x[::step],
            y=places.y[::step],
            mode="markers",
            marker={"color": BACKGROUND, "size": 3},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    (x0, y0), (x1, y1) = before, after
    accent, ink = options.palette.accent, options.palette.ink
    line = {"color": accent, "width": 2, "dash": "dot"}
    figure.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", line=line, showlegend=False)
    for name, x, y, symbol, color in (
        ("as it is", x0, y0, "star-open", ink),
        ("changed", x1, y1, "star", accent),
    ):
        marker = {"symbol": symbol, "size": 16, "color": color}
        figure.add_scatter(x=[x], y=[y], mode="markers", name=name, marker=marker)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 13}}
    figure.update_layout(
        height=400, margin={"l": 0, "r": 0, "t": 30, "b": 58}, legend=legend, dragmode="pan"
    )
    add_notice(figure, options)
    return figure
