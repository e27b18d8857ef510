"""Figures of the section Why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.explanations import Z95
from dashboard.theme import Palette
from dashboard.wording import clip

MOST_BARS = 15
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
