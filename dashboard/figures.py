"""Tables to Plotly figures. Pure: nothing here reads the store or knows of Streamlit.

Every figure carries the research-use notice and its source in itself, so that a saved picture
keeps both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.coloring import Categories, Category, Coloring, Numbers, Role
from dashboard.scales import COLOR_BAR_SHARE, color_bar, color_scale, marker_size
from dashboard.theme import (
    NOT_PROFILED,
    OTHER,
    RESEARCH_USE,
    SYMBOLS,
    SYNTHETIC,
    WILD_TYPE,
    Palette,
)
from dashboard.wording import clip, escape

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

LEGEND_PIXELS = 245
GREYS = {Role.OTHER: OTHER, Role.WILD_TYPE: WILD_TYPE, Role.NOT_PROFILED: NOT_PROFILED}
DRAWING_ORDER = (Role.NOT_PROFILED, Role.OTHER, Role.WILD_TYPE, Role.COLOR)
"""From back to front: grey context never hides a colored point."""

MAP_CONFIG: dict[str, Any] = {
    "scrollZoom": True,
    "displayModeBar": True,
    "modeBarButtonsToRemove": ["autoScale2d"],
    "toImageButtonOptions": {"filename": "tumorxy-map", "scale": 2},
}
"""Plotly's own settings of a map: the wheel zooms, the tools are always in sight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where tumors lie on a map.

    Attributes:
        sample_ids: (N,) names shown when pointing at a tumor.
        x: (N,) float32, no unit.
        y: (N,) float32, no unit.
    """

    sample_ids: npt.NDArray[np.object_]
    x: Floats
    y: Floats

    def __len__(self) -> int:
        """Number of tumors."""
        return len(self.x)


@dataclass(frozen=True, kw_only=True)
class View:
    """What the reader did to the map, kept when it is colored anew.

    Attributes:
        x_range: Left and right edge; None shows everything.
        y_range: Bottom and top edge.
        dragging: What the mouse does: `pan`, `zoom`, `lasso` or `select`.
        pixels: Width and height of the picture. With equal scales on both axes Plotly widens the
            ranges when a picture is enlarged after it was drawn, so it must begin at its size.
    """

    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    dragging: str = "pan"
    pixels: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """How a map is drawn.

    Attributes:
        palette: Colors of the appearance.
        source: Study, layout and model in a few words, written into the figure.
        synthetic: Whether any tumor shown is synthetic.
        view: What the reader did to the map before.
        marked: Row of the tumor that was searched for.
        selected: Rows that are selected; None when there is no selection.
        narrow: Whether the notice below the figure needs a line for each of its parts.
    """

    palette: Palette
    source: str = ""
    synthetic: bool = False
    view: View = field(default_factory=View)
    marked: int | None = None
    selected: Rows | None = None
    narrow: bool = False


def draw_map(places: Places, coloring: Coloring, options: MapOptions) -> go.Figure:
    """Draw tumors as points.

    Each point carries its row of `places` as its only custom data: row numbers within a trace
    say nothing once a figure has several traces.

    Args:
        places: N tumors.
        coloring: What they are colored by, N values.
        options: Appearance and what is marked.

    Returns:
        The figure; without height, so that it fills its container.
    """
    figure = go.Figure()
    if isinstance(coloring, Categories):
        _add_categories(figure, places, coloring, options)
    else:
        _add_numbers(figure, places, coloring, options)
    if options.marked is not None:
        _add_mark(figure, places, options.marked, options.palette)
    _lay_out_map(figure, options)
    return figure


def _add_categories(
    figure: go.Figure, places: Places, coloring: Categories, options: MapOptions
) -> None:
    counts = coloring.counts
    back_to_front = sorted(
        range(len(coloring.entries)),
        key=lambda row: (DRAWING_ORDER.index(coloring.entries[row].role), -counts[row]),
    )
    for row in back_to_front:
        entry = coloring.entries[row]
        rows = np.flatnonzero(coloring.codes == row)
        figure.add_trace(
            go.Scattergl(
                **_points(places, rows, options),
                name=f"{clip(entry.name)} ({counts[row]:,})",
                legendrank=row + 1,
                marker=_marker(entry, options.palette, len(places)),
                text=places.sample_ids[rows],
                hovertemplate=f"<b>%{{text}}</b><br>{escape(entry.name)}<extra></extra>",
            )
        )
    figure.update_layout(legend_title_text=f"<b>{clip(coloring.title)}</b>")


def _points(places: Places, rows: Rows, options: MapOptions) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if options.selected is not None:
        chosen["selectedpoints"] = np.flatnonzero(np.isin(rows, options.selected))
    return {
        "x": places.x[rows],
        "y": places.y[rows],
        "customdata": rows.astype(np.int32),
        "mode": "markers",
        "unselected": {"marker": {"opacity": 0.12}},
        **chosen,
    }


def _marker(entry: Category, palette: Palette, num_tumors: int) -> dict[str, Any]:
    size = marker_size(num_tumors)
    if entry.role is not Role.COLOR:
        return {"color": GREYS[entry.role], "size": size - 1, "symbol": "circle"}
    return {
        "color": palette.categories[entry.slot],
        # A shape needs a little more room than a disk to be told apart.
        "size": size if entry.slot == 0 else size + 1,
        "symbol": SYMBOLS[entry.slot],
        "opacity": 0.85,
    }


def _add_numbers(figure: go.Figure, places: Places, coloring: Numbers, options: MapOptions) -> None:
    known = np.isfinite(coloring.values)
    blank, rows = np.flatnonzero(~known), np.flatnonzero(known)
    if blank.size:
        _add_unknown(figure, places, blank, options)
    if rows.size:
        figure.update_layout(legend={"y": 1 - COLOR_BAR_SHARE - 0.04})
        # The highest values are drawn last, on top.
        rows = rows[np.argsort(coloring.values[rows], kind="stable")]
        _add_known(figure, places, rows, coloring, options)


def _add_unknown(figure: go.Figure, places: Places, rows: Rows, options: MapOptions) -> None:
    figure.add_trace(
        go.Scattergl(
            **_points(places, rows, options),
            name=f"not given ({rows.size:,})",
            showlegend=True,
            marker={"color": NOT_PROFILED, "size": marker_size(len(places)) - 1},
            text=places.sample_ids[rows],
            hovertemplate="<b>%{text}</b><br>not given<extra></extra>",
        )
    )


def _add_known(
    figure: go.Figure, places: Places, rows: Rows, coloring: Numbers, options: MapOptions
) -> None:
    values = coloring.values[rows]
    scale = color_scale(values, is_log=coloring.is_log)
    # Plain text: the markup of a hover label would be sent once for each point.
    texts = [
        f"{name}: {value:,.4g}"
        for name, value in zip(places.sample_ids[rows], values.tolist(), strict=True)
    ]
    figure.add_trace(
        go.Scattergl(
            **_points(places, rows, options),
            name=f"given ({rows.size:,})",
            showlegend=False,
            marker={
                "color": scale.transform(values),
                "cmin": scale.low,
                "cmax": scale.high,
                "colorscale": list(options.palette.scale),
                "size": marker_size(len(places)),
                "opacity": 0.85,
                "colorbar": color_bar(coloring, scale),
            },
            text=texts,
            hovertemplate=f"%{{text}} {escape(coloring.unit)}<extra></extra>",
        )
    )


def _add_mark(figure: go.Figure, places: Places, row: int, palette: Palette) -> None:
    """Ring one tumor and write its name beside it."""
    x, y = float(places.x[row]), float(places.y[row])
    figure.add_trace(
        go.Scattergl(
            x=[x],
            y=[y],
            mode="markers",
            marker={
                "symbol": "circle-open",
                "size": 20,
                "color": palette.accent,
                "line": {"width": 3},
            },
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.add_annotation(
        x=x,
        y=y,
        text=f"<b>{escape(str(places.sample_ids[row]))}</b>",
        font={"color": palette.accent, "size": 14},
        bgcolor=palette.paper,
        opacity=0.92,
        arrowcolor=palette.accent,
        arrowwidth=2,
        standoff=12,
        ax=0,
        ay=-44,
    )


def _lay_out_map(figure: go.Figure, options: MapOptions) -> None:
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    view = options.view
    figure.update_xaxes(**axis, range=view.x_range)
    # One unit is as long up as across: otherwise distances would depend on the window.
    figure.update_yaxes(**axis, range=view.y_range, scaleanchor="x", scaleratio=1)
    figure.update_layout(
        margin={"l": 0, "r": LEGEND_PIXELS, "t": 34, "b": 26, "pad": 0},
        dragmode=view.dragging,
        hovermode="closest",
        legend={
            "x": 1.01,
            "xanchor": "left",
            "yanchor": "top",
            "itemsizing": "constant",
            "itemclick": "toggle",
            "itemdoubleclick": "toggleothers",
            "font": {"size": 15},
            "title": {"font": {"size": 15}},
            "tracegroupgap": 0,
        },
        modebar={"orientation": "h"},
        uirevision="map",
    )
    if view.pixels is not None:
        figure.update_layout(width=view.pixels[0], height=view.pixels[1])
    add_notice(figure, options)


def add_notice(figure: go.Figure, options: MapOptions) -> None:
    """Write the research-use notice and the source below a figure."""
    words = [SYNTHETIC.upper() if options.synthetic else "", RESEARCH_USE, options.source]
    separator = "<br>" if options.narrow else " · "
    figure.add_annotation(
        text=separator.join(escape(word) for word in words if word),
        align="left",
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yanchor="top",
        yshift=-6,
        xanchor="left",
        showarrow=False,
        font={"size": 12, "color": GREY_TEXT},
    )


GREY_TEXT = "#75828F"
"""Readable on white and on near-black alike."""


def rows_of_points(points: Sequence[dict[str, Any]]) -> Rows:
    """Read the rows of `Places` from a selection event.

    Args:
        points: `selection.points` of the event.

    Returns:
        Rows, sorted, each once; empty when nothing is selected.
    """
    found = [point["customdata"] for point in points if "customdata" in point]
    flat = [value[0] if isinstance(value, list) else value for value in found]
    return np.unique(np.array(flat, dtype=np.int64))
