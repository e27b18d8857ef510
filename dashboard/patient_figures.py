"""Figures of the Patient page: what the neighbors of a tumor are. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.intervals import Share
from dashboard.theme import OTHER, Palette
from dashboard.wording import escape

BACKGROUND = "rgba(128, 140, 152, 0.28)"
"""Tumors that only show where the map lies."""
NUM_BARS = 7
LONGEST_LINE = 24
TICKS = [0, 25, 50, 75, 100]


def draw_composition(shares: Sequence[Share], palette: Palette) -> go.Figure:
    """Draw what the neighbors of a tumor are, with the interval of each share.

    Args:
        shares: The shares, the largest first, at least one.
        palette: Colors of the appearance.

    Returns:
        Horizontal bars in percent; the count stands at the end of each.
    """
    shown = list(shares[:NUM_BARS])
    places = list(range(len(shown)))
    figure = go.Figure(_bars(shown, palette))
    for place, share in zip(places, shown, strict=True):
        figure.add_annotation(
            x=103,
            y=place,
            text=f"{share.count} of {share.total}",
            showarrow=False,
            xanchor="left",
            font={"size": 13},
        )
    figure.update_xaxes(range=[0, 122], tickvals=TICKS, ticktext=[f"{t}%" for t in TICKS])
    figure.update_yaxes(
        autorange="reversed",
        tickvals=places,
        ticktext=[_wrap(share.name) for share in shown],
        tickfont={"size": 13},
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        height=70 + 38 * len(shown),
        margin={"l": 0, "r": 0, "t": 6, "b": 30},
        bargap=0.35,
        showlegend=False,
        dragmode=False,
    )
    return figure


def _wrap(name: str) -> str:
    """Break a long name into lines; Plotly cuts what does not fit beside the bars."""
    return "<br>".join(escape(line) for line in textwrap.wrap(name, LONGEST_LINE))


def _bars(shares: Sequence[Share], palette: Palette) -> go.Bar:
    percent = np.array([100 * share.share for share in shares])
    low = np.array([100 * share.low for share in shares])
    high = np.array([100 * share.high for share in shares])
    return go.Bar(
        x=percent,
        y=list(range(len(shares))),
        orientation="h",
        marker={"color": [palette.categories[0], *[OTHER] * (len(shares) - 1)]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - percent,
            "arrayminus": percent - low,
            "color": palette.ink,
            "thickness": 1.5,
            "width": 5,
        },
        customdata=np.stack([low, high], axis=1),
        hovertemplate="%{x:.0f}%, 95% interval %{customdata[0]:.0f} to "
        "%{customdata[1]:.0f}%<extra></extra>",
    )
