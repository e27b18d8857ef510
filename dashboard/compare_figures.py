"""Volcano plot of what one group has more or less often than others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.figure_notes import FigureOptions, write_below
from dashboard.formatting import q_value, ratio
from dashboard.theme import Palette
from dashboard.wording import clip, escape
from engine.epidemiology.counts import Group
from engine.epidemiology.region import Marker, PairMarker

Floats = npt.NDArray[np.float64]

FARTHEST_RATIO, LEAST_Q = 6.0, 1e-25
"""Logarithm to base 2, and q, beyond which a point lies on the edge."""
SHAPES = "Circle: mutation. Triangle up: amplification; down: deep deletion. Diamond: fusion."
FOUND_BELOW = 0.05
MOST_NAMED, NEAR_EDGE = 14, 4.0
Q_TICKS = (0, 1, 2, 3, 5, 10, 15, 20, 25)
"""Powers of ten, the other way round, at which the axis of q has a tick."""
KIND_SYMBOLS = {
    Group.MUTATION.value: "circle",
    Group.AMPLIFICATION.value: "triangle-up",
    Group.DEEP_DELETION.value: "triangle-down",
    Group.FUSION.value: "diamond",
}


@dataclass(frozen=True, kw_only=True)
class Point:
    """One alteration, or pair, of a volcano plot.

    Attributes:
        name: What stands beside it.
        symbol: Its shape.
        odds_ratio: Odds of it in the group, over those in the others.
        q_value: False discovery rate.
        told: What is told when it is pointed at, in Plotly's HTML subset.
    """

    name: str
    symbol: str
    odds_ratio: float
    q_value: float
    told: str


def points_of(markers: Sequence[Marker | PairMarker]) -> list[Point]:
    """Make the points of a volcano plot."""
    points = []
    for marker in markers:
        name, label, symbol = _names(marker)
        estimate = marker.estimate
        told = (
            f"<b>{escape(label)}</b><br>odds ratio "
            f"{ratio(estimate.odds_ratio, estimate.lower, estimate.upper)}, "
            f"{q_value(estimate.q_value)}<br>{marker.num_in:,} of {marker.known_in:,} against "
            f"{marker.num_out:,} of {marker.known_out:,}"
        )
        points.append(
            Point(
                name=name,
                symbol=symbol,
                odds_ratio=estimate.odds_ratio,
                q_value=estimate.q_value,
                told=told,
            )
        )
    return points


def _names(marker: Marker | PairMarker) -> tuple[str, str, str]:
    """Return how a point is called in the plot and when pointed at, and its shape."""
    if isinstance(marker, PairMarker):
        first, second = marker.first, marker.second
        return f"{first.name} + {second.name}", f"{first.label} + {second.label}", "circle"
    feature = marker.feature
    return feature.name, feature.label, KIND_SYMBOLS.get(feature.group, "circle")


def draw_volcano(
    points: Sequence[Point], names: tuple[str, str], slots: tuple[int, int], options: FigureOptions
) -> go.Figure:
    """Draw odds ratios against false discovery rates.

    Args:
        points: Alterations or pairs; at least one.
        names: The group, and what it is compared with.
        slots: Colors of both.
        options: How it is drawn.
    """
    palette, figure = options.palette, go.Figure()
    x, y = _places(points)
    found = np.array([p.q_value < FOUND_BELOW for p in points])
    sides = (
        (found & (x > 0), palette.categories[slots[0]], f"more often in {names[0]}"),
        (found & (x <= 0), palette.categories[slots[1]], f"more often in {names[1]}"),
        (~found, "rgba(128, 140, 152, 0.6)", f"no finding (q {FOUND_BELOW:g} or more)"),
    )
    for chosen, color, told in sides:
        rows = np.flatnonzero(chosen).tolist()
        marker = {
            "color": color,
            "size": 10,
            "symbol": [points[i].symbol for i in rows],
            "line": {"width": 0.8, "color": palette.paper},
        }
        _add_points(figure, (x[rows], y[rows]), [points[i].told for i in rows], told, marker)
    _name_points(figure, points, (x, y, found), palette)
    _lay_out_volcano(figure, names, palette, float(y.max(initial=2.0)))
    notes = write_below(figure, options, SHAPES, below=58, letters=56)
    figure.update_layout(height=420 + notes, margin={"l": 10, "r": 10, "t": 40, "b": notes})
    return figure


def _add_points(
    figure: go.Figure,
    places: tuple[Floats, Floats],
    told: Sequence[str],
    name: str,
    marker: dict[str, object],
) -> None:
    figure.add_trace(
        go.Scatter(
            x=places[0],
            y=places[1],
            mode="markers",
            name=f"{clip(name, 40)} ({len(told):,})",
            marker=marker,
            text=told,
            hovertemplate="%{text}<extra></extra>",
        )
    )


def _places(points: Sequence[Point]) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.log2(np.array([p.odds_ratio for p in points], dtype=np.float64))
        y = -np.log10(np.maximum([p.q_value for p in points], LEAST_Q))
        y = np.sqrt(np.maximum(y, 0.0))  # the roots spread what is less clear
    return np.clip(np.nan_to_num(x), -FARTHEST_RATIO, FARTHEST_RATIO), np.nan_to_num(y)


def _name_points(
    figure: go.Figure,
    points: Sequence[Point],
    where: tuple[Floats, Floats, npt.NDArray[np.bool_]],
    palette: Palette,
) -> None:
    """Name the clearest findings where no other name stands."""
    x, y, found = where
    taken: list[tuple[float, float]] = []
    height = max(float(y.max(initial=1.0)), 1.0)
    for row in np.argsort(-y, kind="stable").tolist():
        if len(taken) >= MOST_NAMED or not found[row]:
            break
        place = float(x[row]), float(y[row])
        if any(abs(place[0] - a) < 1.7 and abs(place[1] - b) < height / 22 for a, b in taken):
            continue
        taken.append(place)
        to_right = 0 < place[0] < NEAR_EDGE or place[0] < -NEAR_EDGE
        figure.add_annotation(
            x=place[0],
            y=place[1],
            text=clip(points[row].name, 24),
            showarrow=False,
            xanchor="left" if to_right else "right",
            xshift=8 if to_right else -8,
            font={"size": 13, "color": palette.ink},
        )


def _lay_out_volcano(
    figure: go.Figure, names: tuple[str, str], palette: Palette, highest: float
) -> None:
    figure.add_hline(
        y=float(np.sqrt(-np.log10(FOUND_BELOW))),
        line={"color": palette.faint, "width": 1.5, "dash": "dot"},
    )
    ticks = [-6, -4, -2, 0, 2, 4, 6]
    figure.update_xaxes(
        title=f"Odds ratio, {clip(names[0], 30)} against {clip(names[1], 30)}",
        tickvals=ticks,
        ticktext=["1/64", "1/16", "1/4", "1", "4", "16", "64"],
        range=[-FARTHEST_RATIO - 1.4, FARTHEST_RATIO + 1.4],
        zeroline=True,
        zerolinecolor=palette.faint,
        showgrid=False,
        tickfont={"size": 14},
    )
    figure.update_yaxes(
        title="False discovery rate q",
        tickvals=[np.sqrt(power) for power in Q_TICKS],
        ticktext=[f"{10.0**-power:g}" for power in Q_TICKS],
        range=[-0.05 * max(highest, 1.4), 1.08 * max(highest, 1.4)],
        gridcolor=palette.faint,
        zeroline=False,
        tickfont={"size": 14},
    )
    figure.update_layout(
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": 13}},
    )
