"""Figures of labels and numbers of groups: bars of composition, violins. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.figure_notes import FigureOptions, write_below
from dashboard.theme import LIGHT, OTHER, Palette
from dashboard.wording import clip, wrap
from engine.epidemiology.group_comparison import LabelComparison

Floats = npt.NDArray[np.float64]

MOST_VALUES = 8
MOST_DRAWN = 1_500
LINE_LETTERS, ROW_LETTERS = 20, 60
"""Letters of a line of one heading, and of all headings that stand side by side."""
ROW_PIXELS, LEGEND_PIXELS = 64, 21
DARK_LETTERS_FROM = 0.18
"""Luminance of a color above which dark letters stand out more on it than white ones."""
LOG_TICKS = (0, 1, 3, 10, 30, 100, 300, 1000)
PATTERNS = ("", "/", "", "\\", "", "x", "", ".")
"""Patterns of neighboring parts of a bar, so that they differ without color."""


def draw_composition(
    label: LabelComparison, names: Sequence[str], options: FigureOptions
) -> go.Figure:
    """Draw the composition of groups by a label as bars of one length.

    Args:
        label: The label in K groups.
        names: What the groups are called.
        options: How it is drawn.
    """
    figure = go.Figure()
    shown, counts = _largest(label)
    known = counts.sum(axis=1)
    rows = np.flatnonzero(known)
    groups = [_heading(names[i], int(known[i])) for i in rows.tolist()]
    for place, value in enumerate(shown):
        share = 100 * counts[rows, place] / known[rows]
        _add_bar(figure, place, (value, groups, share, counts[rows, place]), options.palette)
    figure.update_xaxes(
        range=[0, 100],
        ticksuffix="%",
        title=f"Share of the tumors whose {clip(label.name, 30)} is known",
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(autorange="reversed", tickfont={"size": 14}, ticklabelstandoff=6)
    notes = write_below(figure, options, "", below=54, letters=56)
    figure.update_layout(
        barmode="stack",
        bargap=0.28,
        height=max(70 + ROW_PIXELS * len(rows), 40 + LEGEND_PIXELS * len(shown)) + notes,
        margin={"l": 10, "r": 10, "t": 10, "b": notes},
        legend={"traceorder": "normal", "font": {"size": 13}},
        uniformtext={"minsize": 11, "mode": "hide"},
    )
    return figure


def _heading(name: str, known: int, letters: int = LINE_LETTERS) -> str:
    """Write a group in at most three lines: its name over two, and of how many."""
    return f"{wrap(name, letters)}<br>n = {known:,}"


def _add_bar(
    figure: go.Figure,
    place: int,
    shown: tuple[str, Sequence[str], Floats, npt.NDArray[np.int64]],
    palette: Palette,
) -> None:
    """Add the part of each group that has one value."""
    value, groups, share, counts = shown
    color = OTHER if place >= MOST_VALUES else palette.categories[place]
    figure.add_trace(
        go.Bar(
            y=groups,
            x=share,
            orientation="h",
            name=clip(value, 34),
            marker={
                "color": color,
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
            textangle=0,
            textfont={"size": 13, "color": palette.ink if color == OTHER else _readable_on(color)},
            customdata=counts,
            hovertemplate=f"<b>{clip(value)}</b><br>%{{customdata:,}} tumors, %{{x:.1f}}%"
            "<extra></extra>",
        )
    )


def _readable_on(color: str) -> str:
    """Choose dark or white letters for a color `#RRGGBB`, whichever stands out more."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return LIGHT.ink if luminance > DARK_LETTERS_FROM else LIGHT.paper


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
        if len(part):
            letters = min(LINE_LETTERS, ROW_LETTERS // len(parts))
            title = _heading(names[slot], len(part), letters)
            values = np.log10(1 + _sample(part)) if is_log else _sample(part)
            _add_violin(figure, values, title, options.palette.categories[slot])
    ticks = {}
    if is_log:
        values = np.array([v for v in LOG_TICKS if v <= together.max() * 1.2])
        ticks = {"tickvals": np.log10(1 + values), "ticktext": [f"{v:g}" for v in values]}
    figure.update_yaxes(
        title=clip(name, 50),
        gridcolor=options.palette.faint,
        zeroline=False,
        tickfont={"size": 14},
        **ticks,
    )
    figure.update_xaxes(tickfont={"size": 12}, tickangle=0, showgrid=False)
    cut = any(len(part) > MOST_DRAWN for part in parts)
    told = f"Box: median and quartiles{f', of {MOST_DRAWN:,} tumors of a group' if cut else ''}."
    notes = write_below(figure, options, told, below=72)
    figure.update_layout(height=330 + notes, margin={"l": 10, "r": 10, "t": 10, "b": notes})
    return figure


def _add_violin(figure: go.Figure, values: Floats, title: str, color: str) -> None:
    figure.add_trace(
        go.Violin(
            y=values,
            name=title,
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


def _sample(values: Floats) -> Floats:
    """Draw what a browser smooths; the same values each time."""
    if len(values) <= MOST_DRAWN:
        return values
    drawn: Floats = np.random.default_rng(0).choice(values, MOST_DRAWN, replace=False)
    return drawn
