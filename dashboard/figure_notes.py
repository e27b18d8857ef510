"""What stands below a figure: what it shows, the research-use notice, and its source. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.theme import RESEARCH_USE, SYNTHETIC, Palette
from dashboard.wording import escape

LINE_PIXELS = 17
FONT_PIXELS = 12


def notice_lines(source: str, *, synthetic: bool) -> list[str]:
    """Return the research-use notice and the source of a figure."""
    words = [SYNTHETIC.upper() if synthetic else "", RESEARCH_USE, source]
    return [" · ".join(word for word in words if word)]


def write_notes(
    figure: go.Figure, lines: Sequence[str], palette: Palette, *, below: int, letters: int
) -> int:
    """Write lines below a figure, and return the pixels that they take.

    Args:
        figure: The figure; its lower margin must hold `below` and what is returned.
        lines: Plain text; empty ones are left out, long ones broken.
        palette: Colors of the appearance.
        below: Pixels from the lowest axis to the first line.
        letters: Letters that fit into a line.
    """
    broken = [part for line in lines if line for part in textwrap.wrap(line, letters)]
    figure.add_annotation(
        text="<br>".join(map(escape, broken)),
        align="left",
        showarrow=False,
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xanchor="left",
        yanchor="top",
        yshift=-below,
        font={"size": FONT_PIXELS, "color": palette.ink},
    )
    return LINE_PIXELS * len(broken) + 8


@dataclass(frozen=True, kw_only=True)
class FigureOptions:
    """How a figure is drawn.

    Attributes:
        palette: Colors of the appearance.
        source: Studies and map in a few words; stands in the figure.
        synthetic: Whether a tumor is synthetic.
    """

    palette: Palette
    source: str = ""
    synthetic: bool = False


def write_below(
    figure: go.Figure, options: FigureOptions, told: str, *, below: int, letters: int = 70
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
