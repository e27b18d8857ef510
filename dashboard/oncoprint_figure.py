"""The oncoprint as a figure: kinds by color and by their place in the cell. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.compare_figures import FigureOptions, write_notice
from dashboard.oncoprint import BANDS, FIRST_SLOT, NOT_PROFILED, WILD_TYPE, Oncoprint
from dashboard.theme import GENE_GROUPS, SEVERAL_KINDS, Palette
from dashboard.wording import clip

ROW_PIXELS = 27
EDGES = (0.0, 0.28, 0.62, 0.9)
"""Where the three stripes of a cell begin and end; the rest is the gap to the next gene."""
GAP = 0.012
"""Gap between two groups, as a share of all columns."""
NONE_FOUND = {"light": "#DDE3E9", "dark": "#2C3844"}
NUM_CODES = 10


def draw_oncoprint(found: Oncoprint, options: FigureOptions) -> go.Figure:
    """Draw genes by tumors, group beside group.

    Args:
        found: The matrix.
        options: How it is drawn.
    """
    figure, palette = go.Figure(), options.palette
    width = sum(block.num_drawn for block in found.blocks)
    gap = max(GAP * width, 0.6)
    for place, block in enumerate(found.blocks):
        if block.num_drawn:
            start = block.first + place * gap
            _add_block(figure, found, (block.first, block.num_drawn, start), palette)
            _add_heading(figure, found, place, (start, palette))
    _add_hatches(figure, found, gap, palette)
    _add_legend(figure, found, palette)
    _lay_out(figure, found, width + gap * (len(found.blocks) - 1))
    drawn = "; ".join(
        f"{clip(b.name)}: {b.num_drawn:,} of {b.num_all:,} drawn" for b in found.blocks
    )
    write_notice(figure, options, drawn, 8)
    return figure


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


def _add_block(
    figure: go.Figure, found: Oncoprint, where: tuple[int, int, float], palette: Palette
) -> None:
    first, number, start = where
    genes = len(found.genes)
    cells = np.full((genes, BANDS + 1, number), np.nan, dtype=np.float32)
    cells[:, :BANDS] = found.cells[:, :, first : first + number]
    cells[cells == NOT_PROFILED] = np.nan
    edges = [row + edge for row in range(genes) for edge in EDGES] + [float(genes)]
    figure.add_trace(
        go.Heatmap(
            z=cells.reshape(genes * (BANDS + 1), number),
            x=start + np.arange(number + 1),
            y=edges,
            zmin=-0.5,
            zmax=NUM_CODES - 0.5,
            colorscale=_color_scale(palette),
            showscale=False,
            hoverinfo="skip",
        )
    )


def _add_heading(
    figure: go.Figure, found: Oncoprint, place: int, where: tuple[float, Palette]
) -> None:
    block, (start, palette) = found.blocks[place], where
    figure.add_shape(
        type="rect",
        x0=start,
        x1=start + block.num_drawn,
        y0=-0.55,
        y1=-0.3,
        fillcolor=palette.categories[block.slot],
        line={"width": 0},
    )
    total = sum(b.num_drawn for b in found.blocks)
    letters = max(int(110 * block.num_drawn / total), 4)
    figure.add_annotation(
        x=start + block.num_drawn / 2,
        y=-0.6,
        text=f"<b>{clip(block.name, letters)}</b>",
        showarrow=False,
        yanchor="bottom",
        font={"size": 13, "color": palette.ink},
    )


def _add_hatches(figure: go.Figure, found: Oncoprint, gap: float, palette: Palette) -> None:
    """Hatch what was not profiled, one bar for each run of tumors."""
    lefts: list[float] = []
    widths: list[int] = []
    bases: list[int] = []
    for place, block in enumerate(found.blocks):
        part = found.cells[:, 1, block.first : block.first + block.num_drawn] == NOT_PROFILED
        for row, unknown in enumerate(part):
            for first, last in _runs(unknown):
                lefts.append(block.first + place * gap + first)
                widths.append(last - first)
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
            marker={
                "color": "rgba(0, 0, 0, 0)",
                "line": {"width": 0},
                "pattern": {
                    "shape": "/",
                    "size": 5,
                    "solidity": 0.18,
                    "fgcolor": "#8A95A1",
                    "bgcolor": "rgba(0, 0, 0, 0)",
                },
            },
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


def _lay_out(figure: go.Figure, found: Oncoprint, width: float) -> None:
    genes = len(found.genes)
    totals = found.shares.groupby("Gene")[["Altered", "Profiled"]].sum()
    share = (100 * totals["Altered"] / totals["Profiled"].clip(lower=1)).to_dict()
    figure.update_xaxes(range=[0, width], visible=False)
    figure.update_yaxes(
        range=[genes, -1.5],
        tickvals=[row + 0.45 for row in range(genes)],
        ticktext=[f"<b>{gene}</b>  {share[gene]:.0f}%" for gene in found.genes],
        tickfont={"size": 14},
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        height=150 + ROW_PIXELS * genes,
        margin={"l": 10, "r": 10, "t": 44, "b": 62},
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
