"""Forest plots: ratios with their intervals, of several genes or of several cohorts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboard.formatting import ratio
from dashboard.theme import Palette
from dashboard.wording import clip

SMALLEST, LARGEST = 0.05, 20.0
"""Ratios beyond which an interval is cut; an arrow says so."""
ROW_PIXELS = 38
LETTER_PIXELS = 6.6
CROWDED = 40
"""Highest over lowest ratio of an axis on which halves and doubles would touch each other."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a forest plot.

    Attributes:
        name: What stands at its left.
        ratio: Odds or hazard ratio.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        note: What stands at its right: patients, q.
        is_pooled: Whether it is the mean of the others, drawn as a diamond.
        is_found: Whether it is a finding, drawn in the color of one.
    """

    name: str
    ratio: float
    lower: float
    upper: float
    note: str
    is_pooled: bool = False
    is_found: bool = True


def draw_forest(lines: Sequence[Line], kind: str, palette: Palette) -> go.Figure:
    """Draw ratios with their intervals on a logarithmic axis.

    Args:
        lines: The first is on top; at least one.
        kind: What the axis shows: `odds ratio` or `hazard ratio`.
        palette: Colors of the appearance.
    """
    figure = go.Figure()
    figure.add_vline(x=1, line={"color": palette.ink, "width": 1.5, "dash": "dot"})
    for place, line in enumerate(lines):
        _add(figure, place, line, palette)
    low, high = _reach(lines)
    wanted = (0.1, 1, 10) if high / low > CROWDED else (0.1, 0.5, 1, 2, 10)
    ticks = [t for t in wanted if low <= t <= high]
    figure.update_xaxes(
        type="log",
        range=[float(np.log10(low)), float(np.log10(high))],
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
        title=f"{kind.capitalize()}, 1 is no difference",
        tickfont={"size": 15},
        tickangle=0,
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(len(lines))),
        ticktext=[clip(line.name, 34) for line in lines],
        range=[len(lines) - 0.4, -0.6],
        tickfont={"size": 16},
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        height=95 + ROW_PIXELS * len(lines),
        margin={"l": 0, "r": _note_pixels(lines), "t": 15, "b": 55},
        showlegend=False,
        dragmode=False,
    )
    return figure


def _note_pixels(lines: Sequence[Line]) -> int:
    """Estimate how wide the notes beside the lines are."""
    letters = max(
        max(len(clip(line.note, 60)), 1.1 * len(ratio(line.ratio, line.lower, line.upper)))
        for line in lines
    )
    return round(24 + LETTER_PIXELS * letters)


def _reach(lines: Sequence[Line]) -> tuple[float, float]:
    """Choose the ends of the axis: all intervals, cut where nobody could read them."""
    values = [v for line in lines for v in (line.lower, line.upper, line.ratio) if v > 0]
    finite = [v for v in values if np.isfinite(v)] or [1.0]
    low = max(min(finite) / 1.2, SMALLEST)
    high = min(max(finite) * 1.2, LARGEST)
    return min(low, 0.5), max(high, 2.0)


def _add(figure: go.Figure, place: int, line: Line, palette: Palette) -> None:
    low, high = max(line.lower, SMALLEST), min(line.upper, LARGEST)
    color = palette.categories[0 if line.ratio <= 1 else 1] if line.is_found else palette.ink
    text = ratio(line.ratio, line.lower, line.upper)
    if np.isfinite(line.lower) or np.isfinite(line.upper):
        figure.add_trace(
            go.Scatter(
                x=[low, high],
                y=[place, place],
                mode="lines",
                line={"color": color, "width": 3},
                hoverinfo="skip",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[min(max(line.ratio, SMALLEST), LARGEST)],
            y=[place],
            mode="markers",
            marker={
                "color": color,
                "size": 17 if line.is_pooled else 12,
                "symbol": "diamond" if line.is_pooled else "square",
                "line": {"color": palette.paper, "width": 1},
            },
            hovertemplate=f"{clip(line.name)}: {text}<extra></extra>",
        )
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        xshift=12,
        y=place,
        text=f"<b>{text}</b><br>{clip(line.note, 60)}",
        showarrow=False,
        align="left",
        font={"size": 13, "color": palette.ink},
    )
