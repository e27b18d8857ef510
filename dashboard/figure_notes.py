"""What stands below a figure: what it shows, the research-use notice, and its source. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

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
