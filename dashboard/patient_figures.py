"""Figures of the Patient page: where the tumor lies, and what its neighbors are. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.coloring import Categories, Category, Role
from dashboard.figures import GREYS, MapOptions, Places, Rows, add_notice
from dashboard.intervals import Share
from dashboard.theme import OTHER, SYMBOLS, Palette
from dashboard.wording import clip, escape

BACKGROUND = "rgba(128, 140, 152, 0.28)"
NUM_BARS = 7
LONGEST_LINE = 24
TICKS = [0, 25, 50, 75, 100]


def draw_neighborhood(
    places: Places,
    tumor: tuple[str, float, float],
    neighbors: Rows,
    coloring: Categories,
    options: MapOptions,
) -> go.Figure:
    """Draw one tumor and its nearest tumors over the map in grey.

    Args:
        places: The map, N tumors.
        tumor: Name and place of the tumor.
        neighbors: Rows of its nearest tumors, (K,).
        coloring: Category of each neighbor, K values.
        options: Appearance and source.

    Returns:
        The figure, without height.
    """
    figure = go.Figure()
    _add_background(figure, places)
    for row, entry in enumerate(coloring.entries):
        chosen = neighbors[coloring.codes == row]
        figure.add_trace(
            go.Scattergl(
                x=places.x[chosen],
                y=places.y[chosen],
                mode="markers",
                name=f"{clip(entry.name)} ({len(chosen)})",
                text=places.sample_ids[chosen],
                hovertemplate=f"<b>%{{text}}</b><br>{clip(entry.name)}<extra></extra>",
                marker=_marker(entry, options.palette),
            )
        )
    _add_tumor(figure, tumor, options.palette)
    _lay_out(figure, coloring.title)
    add_notice(figure, options)
    return figure


def hide_names(places: Places) -> Places:
    """Leave out the names that pointing at a tumor would tell."""
    return replace(places, sample_ids=np.full(len(places), "a neighbor", dtype=object))


def _add_background(figure: go.Figure, places: Places) -> None:
    figure.add_trace(
        go.Scattergl(
            x=places.x,
            y=places.y,
            mode="markers",
            marker={"color": BACKGROUND, "size": 3},
            hoverinfo="skip",
            name="all tumors",
            showlegend=False,
        )
    )


def _marker(entry: Category, palette: Palette) -> dict[str, Any]:
    colored = entry.role is Role.COLOR
    return {
        "color": palette.categories[entry.slot] if colored else GREYS[entry.role],
        "symbol": SYMBOLS[entry.slot] if colored else "circle",
        "size": 11,
        "line": {"width": 1, "color": palette.paper},
    }


def _add_tumor(figure: go.Figure, tumor: tuple[str, float, float], palette: Palette) -> None:
    name, x, y = tumor
    figure.add_trace(
        go.Scattergl(
            x=[x],
            y=[y],
            mode="markers",
            name="this tumor",
            marker={
                "symbol": "star",
                "size": 17,
                "color": palette.accent,
                "line": {"width": 2, "color": palette.paper},
            },
            hovertemplate=f"<b>{clip(name)}</b><br>this tumor<extra></extra>",
        )
    )


def _lay_out(figure: go.Figure, title: str) -> None:
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis, scaleanchor="x", scaleratio=1)
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 30, "b": 58},
        dragmode="pan",
        hovermode="closest",
        legend={
            "orientation": "v",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "top",
            "bgcolor": "rgba(0,0,0,0)",
            "itemsizing": "constant",
            "font": {"size": 13},
            "title": {"text": f"<b>Nearest tumors: {clip(title)}</b>", "font": {"size": 13}},
        },
    )


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
