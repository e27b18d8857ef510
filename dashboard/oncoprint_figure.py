"""The oncoprint as a figure: kinds by color and by their place in the cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.figure_notes import FigureOptions, write_below
from dashboard.oncoprint import BANDS, FIRST_SLOT, NOT_PROFILED, WILD_TYPE, Block, Oncoprint
from dashboard.theme import GENE_GROUPS, SEVERAL_KINDS, Palette
from dashboard.wording import wrap

ROW_PIXELS = 27
EDGES = (0.0, 0.28, 0.62, 0.9)
"""Where the three stripes of a cell begin and end; the rest is the gap to the next gene."""
GAP, LEAST_WIDTH = 0.012, 0.14
"""Gap between two groups, and least width of one, as shares of the whole width."""
LETTERS = 105
"""Letters of a heading that fit into the whole width."""
HEADING_ROWS = (1.5, 2.2)
"""Rows of genes that headings of one line and of two take."""
HATCH = {
    "shape": "/",
    "size": 5,
    "solidity": 0.18,
    "fgcolor": "#8A95A1",
    "bgcolor": "rgba(0, 0, 0, 0)",
}
NONE_FOUND = {"light": "#DDE3E9", "dark": "#2C3844"}
NUM_CODES = 10


def draw_oncoprint(found: Oncoprint, options: FigureOptions) -> go.Figure:
    """Draw genes by tumors, group beside group.

    Args:
        found: The matrix.
        options: How it is drawn.
    """
    figure, palette = go.Figure(), options.palette
    places = [place for place in place_blocks(found) if place.block.num_drawn]
    for place in places:
        _add_block(figure, found, place, palette)
        _add_heading(figure, place, palette)
    _add_hatches(figure, found, places)
    _add_legend(figure, found, palette)
    drawn = "; ".join(f"{b.name}: {b.num_drawn:,} of {b.num_all:,} drawn" for b in found.blocks)
    notes = write_below(figure, options, drawn, below=8, letters=150)
    _lay_out(figure, found, notes, HEADING_ROWS[any("<br>" in _heading(p) for p in places)])
    return figure


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a group is drawn, in shares of the width of the figure.

    Attributes:
        block: The group.
        start: Its left edge.
        width: Its width.
    """

    block: Block
    start: float
    width: float

    @property
    def step(self) -> float:
        """Width of one tumor."""
        return self.width / self.block.num_drawn


def place_blocks(found: Oncoprint) -> list[Place]:
    """Give each group a width by its tumors, and a small one enough to be seen."""
    drawn = np.array([float(block.num_drawn) for block in found.blocks])
    least = min(LEAST_WIDTH, 1 / len(drawn)) * (drawn > 0)
    widths = np.maximum(drawn / max(drawn.sum(), 1.0), least)
    widths *= (1 - GAP * (len(drawn) - 1)) / widths.sum()
    starts = np.cumsum(widths) - widths + GAP * np.arange(len(drawn))
    return [
        Place(block=block, start=float(start), width=float(width))
        for block, start, width in zip(found.blocks, starts, widths, strict=True)
    ]


def none_found(palette: Palette) -> str:
    """Return the color of a gene in which nothing was found."""
    return NONE_FOUND["light" if palette.paper == "#FFFFFF" else "dark"]


def _colors(palette: Palette) -> list[str]:
    """Return the color of each code, 0 to 9."""
    return ["rgba(0, 0, 0, 0)", none_found(palette), *palette.categories]


def _color_scale(palette: Palette) -> list[tuple[float, str]]:
    steps = []
    for code, color in enumerate(_colors(palette)):
        steps += [(code / NUM_CODES, color), ((code + 1) / NUM_CODES, color)]
    return steps


def _add_block(figure: go.Figure, found: Oncoprint, place: Place, palette: Palette) -> None:
    genes, number, first = len(found.genes), place.block.num_drawn, place.block.first
    cells = np.full((genes, BANDS + 1, number), np.nan, dtype=np.float32)
    cells[:, :BANDS] = found.cells[:, :, first : first + number]
    cells[cells == NOT_PROFILED] = np.nan
    edges = [row + edge for row in range(genes) for edge in EDGES] + [float(genes)]
    figure.add_trace(
        go.Heatmap(
            z=cells.reshape(genes * (BANDS + 1), number),
            x=place.start + place.step * np.arange(number + 1),
            y=edges,
            zmin=-0.5,
            zmax=NUM_CODES - 0.5,
            colorscale=_color_scale(palette),
            showscale=False,
            hoverinfo="skip",
        )
    )


def _add_heading(figure: go.Figure, place: Place, palette: Palette) -> None:
    figure.add_shape(
        type="rect",
        x0=place.start,
        x1=place.start + place.width,
        y0=-0.55,
        y1=-0.3,
        fillcolor=palette.categories[place.block.slot],
        line={"width": 0},
    )
    figure.add_annotation(
        x=place.start + place.width / 2,
        y=-0.6,
        text=f"<b>{_heading(place)}</b>",
        showarrow=False,
        yanchor="bottom",
        font={"size": 13, "color": palette.ink},
    )


def _heading(place: Place) -> str:
    return wrap(place.block.name, max(int(LETTERS * place.width), 4))


def _add_hatches(figure: go.Figure, found: Oncoprint, places: Sequence[Place]) -> None:
    """Hatch what was not profiled, one bar for each run of tumors."""
    lefts: list[float] = []
    widths: list[float] = []
    bases: list[int] = []
    for place in places:
        first, last = place.block.first, place.block.first + place.block.num_drawn
        for row, unknown in enumerate(found.cells[:, 1, first:last] == NOT_PROFILED):
            for begin, end in _runs(unknown):
                lefts.append(place.start + place.step * begin)
                widths.append(place.step * (end - begin))
                bases.append(row)
    if not lefts:
        return
    figure.add_trace(
        go.Bar(
            x=lefts,
            y=[EDGES[-1]] * len(lefts),
            base=bases,
            width=widths,
            offset=0,
            marker={"color": "rgba(0, 0, 0, 0)", "line": {"width": 0}, "pattern": HATCH},
            name="not profiled",
            hoverinfo="skip",
        )
    )


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and one past the last place of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _add_legend(figure: go.Figure, found: Oncoprint, palette: Palette) -> None:
    names = {slot: ", ".join(kind.value for kind in kinds) for kinds, slot in GENE_GROUPS}
    names[SEVERAL_KINDS[1]] = SEVERAL_KINDS[0]
    present = set(np.unique(found.cells).tolist())
    entries = [
        (names[code - FIRST_SLOT], palette.categories[code - FIRST_SLOT])
        for code in sorted(present)
        if code >= FIRST_SLOT
    ]
    if WILD_TYPE in present:
        entries.append(("none found", none_found(palette)))
    for name, color in entries:
        figure.add_trace(
            go.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                marker={"symbol": "square", "size": 13, "color": color},
                name=name,
            )
        )


def _lay_out(figure: go.Figure, found: Oncoprint, notes: int, heading_rows: float) -> None:
    genes = len(found.genes)
    totals = found.shares.groupby("Gene")[["Altered", "Profiled"]].sum()
    share = (100 * totals["Altered"] / totals["Profiled"].clip(lower=1)).to_dict()
    figure.update_xaxes(range=[0, 1], visible=False)
    figure.update_yaxes(
        range=[genes, -heading_rows],
        tickvals=[row + 0.45 for row in range(genes)],
        ticktext=[f"<b>{gene}</b>  {share[gene]:.0f}%" for gene in found.genes],
        tickfont={"size": 14},
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        height=round(48 + ROW_PIXELS * (genes + heading_rows)) + notes,
        margin={"l": 10, "r": 10, "t": 44, "b": notes},
        dragmode=False,
        barmode="overlay",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 13},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
