"""Figures of a comparison: oncoprint, volcano, composition, violins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.figure_notes import notice_lines, write_notes
from dashboard.formatting import q_value, ratio
from dashboard.theme import Palette
from dashboard.wording import clip, escape
from engine.epidemiology.counts import Group
from engine.epidemiology.group_comparison import LabelComparison
from engine.epidemiology.region import Marker, PairMarker

Floats = npt.NDArray[np.float64]

FARTHEST_RATIO, LEAST_Q = 6.0, 1e-25
"""Logarithm to base 2, and q, beyond which a point lies on the edge."""
SHAPES = "Circle: mutation. Triangle up: amplification; down: deep deletion. Diamond: fusion."
FOUND_BELOW = 0.05
MOST_NAMED, NEAR_EDGE = 14, 4.0
Q_TICKS = (0, 1, 2, 3, 5, 10, 15, 20, 25)
"""Powers of ten, the other way round, at which the axis of q has a tick."""
MOST_VALUES = 8
MOST_DRAWN = 1_500
NAME_LENGTH = 22
PATTERNS = ("", "/", "", "\\", "", "x", "", ".")
"""Patterns of neighboring parts of a bar, so that they differ without color."""
KIND_SYMBOLS = {
    Group.MUTATION.value: "circle",
    Group.AMPLIFICATION.value: "triangle-up",
    Group.DEEP_DELETION.value: "triangle-down",
    Group.FUSION.value: "diamond",
}


@dataclass(frozen=True, kw_only=True)
class FigureOptions:
    """How a figure of a comparison is drawn.

    Attributes:
        palette: Colors of the appearance.
        source: Studies and map in a few words; stands in the figure.
        synthetic: Whether a tumor is synthetic.
    """

    palette: Palette
    source: str = ""
    synthetic: bool = False


def write_below(
    figure: go.Figure, options: FigureOptions, told: str, *, below: int, letters: int = 80
) -> int:
    """Write what a figure shows, the research-use notice and the source below it.

    Args:
        figure: The figure.
        options: How it is drawn.
        told: What it shows.
        below: Pixels from the lowest axis.
        letters: Letters of a line.

    Returns:
        Pixels that the lower margin must hold.
    """
    lines = [told, *notice_lines(options.source, synthetic=options.synthetic)]
    return below + write_notes(figure, lines, options.palette, below=below, letters=letters)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One alteration, or pair, of a volcano plot."""

    name: str
    symbol: str
    odds_ratio: float
    q_value: float
    told: str


def points_of(markers: Sequence[Marker | PairMarker]) -> list[Point]:
    """Make the points of a volcano plot."""
    points = []
    for marker in markers:
        is_pair = isinstance(marker, PairMarker)
        name = (
            f"{marker.first.name} + {marker.second.name}" if is_pair else marker.feature.name  # type: ignore[union-attr]
        )
        group = Group.MUTATION.value if is_pair else marker.feature.group  # type: ignore[union-attr]
        label = name if is_pair else marker.feature.label  # type: ignore[union-attr]
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
                symbol=KIND_SYMBOLS.get(group, "circle"),
                odds_ratio=estimate.odds_ratio,
                q_value=estimate.q_value,
                told=told,
            )
        )
    return points


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
        figure.add_trace(
            go.Scatter(
                x=x[rows],
                y=y[rows],
                mode="markers",
                name=f"{clip(told, 40)} ({len(rows):,})",
                marker={
                    "color": color,
                    "size": 10,
                    "symbol": [points[i].symbol for i in rows],
                    "line": {"width": 0.8, "color": palette.paper},
                },
                text=[points[i].told for i in rows],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    _name_points(figure, points, (x, y, found), palette)
    _lay_out_volcano(figure, names, palette, float(y.max(initial=2.0)))
    notes = write_below(figure, options, SHAPES, below=58)
    figure.update_layout(height=420 + notes, margin={"l": 10, "r": 10, "t": 40, "b": notes})
    return figure


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


def draw_composition(
    label: LabelComparison, names: Sequence[str], options: FigureOptions
) -> go.Figure:
    """Draw the composition of groups by a label as bars of one length.

    Args:
        label: The label in K groups.
        names: What the groups are called.
        options: How it is drawn.
    """
    figure, palette = go.Figure(), options.palette
    shown, counts = _largest(label)
    known = np.maximum(counts.sum(axis=1), 1)
    rows = np.flatnonzero(counts.sum(axis=1)).tolist()
    for place, value in enumerate(shown):
        share = 100 * counts[rows, place] / known[rows]
        is_rest = place >= MOST_VALUES
        figure.add_trace(
            go.Bar(
                y=[f"{clip(names[i], NAME_LENGTH)}<br>n = {known[i]:,}" for i in rows],
                x=share,
                orientation="h",
                name=clip(value, 34),
                marker={
                    "color": "rgba(128, 140, 152, 0.45)" if is_rest else palette.categories[place],
                    "pattern": {
                        "shape": PATTERNS[place % len(PATTERNS)],
                        "fillmode": "overlay",
                        "fgcolor": palette.paper,
                        "solidity": 0.12,
                    },
                    "line": {"width": 1, "color": palette.paper},
                },
                text=[f"{part:.0f}%" if part >= 6 else "" for part in share],
                textposition="inside",
                insidetextanchor="middle",
                textfont={"size": 13},
                customdata=counts[rows, place],
                hovertemplate=f"<b>{clip(value)}</b><br>%{{customdata:,}} tumors, %{{x:.1f}}%"
                "<extra></extra>",
            )
        )
    figure.update_xaxes(
        range=[0, 100],
        ticksuffix="%",
        title=f"Share of the tumors whose {clip(label.name, 30)} is known",
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(autorange="reversed", tickfont={"size": 14}, ticklabelstandoff=6)
    notes = write_below(figure, options, "", below=54)
    figure.update_layout(
        barmode="stack",
        bargap=0.28,
        height=70 + 58 * len(rows) + notes,
        margin={"l": 10, "r": 10, "t": 10, "b": notes},
        legend={"traceorder": "normal", "font": {"size": 13}},
    )
    return figure


def _largest(label: LabelComparison) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Keep the eight most frequent values and join the others."""
    rest = len(label.values) - MOST_VALUES
    if rest <= 0:
        return list(label.values), label.counts
    joined = label.counts[:, MOST_VALUES:].sum(axis=1, keepdims=True)
    word = "value" if rest == 1 else "values"
    return (
        [*label.values[:MOST_VALUES], f"{rest} other {word}"],
        np.hstack([label.counts[:, :MOST_VALUES], joined]),
    )


def draw_violins(
    name: str, parts: Sequence[Floats], names: Sequence[str], options: FigureOptions
) -> go.Figure:
    """Draw how a number is spread in each group, with median and quartiles.

    Args:
        name: What the number is called, with its unit.
        parts: Known values of each group.
        names: What the groups are called.
        options: How it is drawn.
    """
    figure = go.Figure()
    together = np.concatenate([part for part in parts if len(part)])
    is_log = bool(together.min() >= 0 and together.max() > 50 * max(np.median(together), 1e-9))
    for slot, part in enumerate(parts):
        if not len(part):
            continue
        color = options.palette.categories[slot]
        figure.add_trace(
            go.Violin(
                y=np.log10(1 + _sample(part)) if is_log else _sample(part),
                name=f"{clip(names[slot], NAME_LENGTH)}<br>n = {len(part):,}",
                box={"visible": True, "width": 0.22},
                points=False,
                line={"color": color, "width": 2},
                spanmode="hard",
                scalemode="width",
                width=0.8,
                hoverinfo="skip",
                showlegend=False,
            )
        )
    ticks = {}
    if is_log:
        values = [v for v in (0, 1, 3, 10, 30, 100, 300, 1000) if v <= together.max() * 1.2]
        ticks = {"tickvals": np.log10(1 + np.array(values)), "ticktext": [f"{v:g}" for v in values]}
    figure.update_yaxes(
        title=clip(name, 50),
        gridcolor=options.palette.faint,
        zeroline=False,
        tickfont={"size": 14},
        **ticks,
    )
    figure.update_xaxes(tickfont={"size": 14}, showgrid=False)
    cut = any(len(part) > MOST_DRAWN for part in parts)
    told = f"Box: median and quartiles{f', of {MOST_DRAWN:,} tumors of a group' if cut else ''}."
    notes = write_below(figure, options, told, below=54)
    figure.update_layout(height=330 + notes, margin={"l": 10, "r": 10, "t": 10, "b": notes})
    return figure


def _sample(values: Floats) -> Floats:
    """Draw what a browser smooths; the same values each time."""
    if len(values) <= MOST_DRAWN:
        return values
    drawn: Floats = np.random.default_rng(0).choice(values, MOST_DRAWN, replace=False)
    return drawn
