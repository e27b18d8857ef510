"""Save a figure: SVG, PNG, PDF, and its data as CSV, each with the caption that cites it.

The reader's browser draws the picture again, on white paper, so that the server needs none. A PDF
is made of that picture by Typst on the server: it sets text with a font it has, whatever the
characters, where a library for browsers knows Latin letters only and is larger than all other
scripts of the pages together.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import plotly
import plotly.graph_objects as go
import streamlit as st

from dashboard.appearance import text_scale
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.errors import FigureError
from dashboard.figure_pdf import to_pdf
from dashboard.figure_scale import enlarge
from dashboard.map_component.assets import packaged_component, serve_folder
from dashboard.theme import LIGHT, RESEARCH_USE, Palette
from dashboard.widgets import current_palette, guarded, plain_text
from dashboard.wording import day

Draw = Callable[[Palette], go.Figure]
"""Draws a figure in the colors of an appearance; for a file, always those of white paper."""

Tabulate = Callable[[], pd.DataFrame]
"""Lists what a figure shows."""

WIDTH = 960
"""Pixels of a saved figure; 25 cm, or the width of a slide."""

FONT = "'DejaVu Sans', Verdana, sans-serif"
BUTTON_PIXELS = 74
MEANING = "Save the figure as SVG, PNG or PDF, and its data as CSV, with the caption that cites it."
MIME = {"SVG": "image/svg+xml", "PNG": "image/png", "PDF": "application/pdf", "CSV": "text/csv"}

_axis = {
    "gridcolor": LIGHT.faint,
    "linecolor": LIGHT.ink,
    "zerolinecolor": LIGHT.faint,
    "automargin": True,
    "title": {"font": {"size": 13}},
}
PAPER = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 12, "color": LIGHT.ink},
        "paper_bgcolor": LIGHT.paper,
        "plot_bgcolor": LIGHT.paper,
        "colorway": list(LIGHT.categories),
        "xaxis": _axis,
        "yaxis": _axis,
    }
)
"""Look of a figure in a file."""

PLAIN: dict[str, Any] = {"displayModeBar": False}

_export = packaged_component("export")


def show_figure(  # noqa: PLR0913 - one keyword per part of a figure
    draw: Draw,
    table: Tabulate | None,
    *,
    name: str,
    caption: Sequence[str],
    key: str,
    width: int = WIDTH,
    alt: str | None = None,
) -> None:
    """Show a figure in the appearance of the page, and offer to save it.

    Args:
        draw: Draws the figure in a palette.
        table: Lists its data, as in `offer_figure`.
        name: What it shows; the title of the saved figure.
        caption: What it cites, as in `offer_figure`.
        key: Unique name of the figure.
        width: Pixels of the saved picture.
        alt: What it shows, read aloud in its place; its name when None.
    """
    st.plotly_chart(draw_for_page(draw), config=PLAIN, key=key, alt=alt or name)
    offer_figure(draw, table, name=name, caption=caption, key=key, width=width)


def draw_for_page(draw: Draw) -> go.Figure:
    """Draw a figure in the colors of the page, with texts as large as those around it."""
    colors = current_palette()
    return enlarge(make_readable(draw(colors), colors), text_scale())


def make_readable(figure: go.Figure, colors: Palette) -> go.Figure:
    """Write every text of a figure in ink: the grey of Streamlit's theme is too faint to read."""
    ink = {"color": colors.ink}
    figure.update_xaxes(tickfont=ink, title={"font": ink})
    figure.update_yaxes(tickfont=ink, title={"font": ink})
    figure.update_annotations(font=ink, selector=lambda annotation: annotation.font.color is None)
    figure.update_layout(font=ink, legend={"font": ink, "title": {"font": ink}})
    return figure


def offer_figure(
    draw: Draw,
    table: Tabulate | None,
    *,
    name: str,
    caption: Sequence[str],
    key: str,
    width: int = WIDTH,
) -> None:
    """Offer to save a figure; nothing is drawn or listed before the reader opens the offer.

    Args:
        draw: Draws the figure in a palette, which is the light one whatever the page shows.
        table: Lists its data; None where a table beside the figure has an export of its own.
        name: Title of the saved figure; the file is named after it.
        caption: What it cites, a line each: study, n, model, layout. The date and the
            research-use notice are added.
        key: Unique name of the widgets.
        width: Pixels of the picture; more for a figure of several plots side by side.
    """
    _offer(draw, table, (name, tuple(caption)), key, width)


def offer_pictures(
    pictures: Mapping[str, Callable[[], bytes]],
    table: Tabulate | None,
    *,
    name: str,
    caption: Sequence[str],
    key: str,
) -> None:
    """Offer a figure that the server draws, as the map of all points is.

    Args:
        pictures: By format (`SVG`, `PNG`, `PDF`), what makes the file, caption included.
        table: Lists its data; None where there is another export.
        name: Title of the figure; the files are named after it.
        caption: What it cites, as in `cite`.
        key: Unique name of the widgets.
    """
    made = dict(pictures)
    if table is not None:
        made["CSV"] = lambda: to_csv(table(), [name, *caption])
    # A fragment alone would take the whole width of a row.
    with st.container(width="content"):
        _offer_made(made, name, caption, key)


@st.fragment
@guarded
def _offer_made(
    made: Mapping[str, Callable[[], bytes]], name: str, caption: Sequence[str], key: str
) -> None:
    with _popover(f"{key}_save") as popover:
        if not popover.open:
            return
        _show_caption(name, cite(caption))
        with st.container(horizontal=True, gap="small"):
            for form, make in made.items():
                offer_download(
                    form,
                    make,
                    file_name=f"{file_stem(name)}.{form.lower()}",
                    mime=MIME[form],
                    key=f"{key}_{form}",
                )


def cite(caption: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a caption with the date and the research-use notice."""
    return (*caption, f"Saved {day(date.today())} from TumorXY. {RESEARCH_USE}.")


def file_stem(name: str) -> str:
    """Return a file name without ending that every system takes: `tumorxy-why-msi-high`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(["tumorxy", *words])[:80].rstrip("-")


def print_json(figure: go.Figure) -> str:
    """Write a figure as JSON in the look of a file."""
    copy = go.Figure(figure)
    copy.update_layout(template=PAPER, paper_bgcolor=LIGHT.paper, plot_bgcolor=LIGHT.paper)
    return str(copy.to_json())


@st.fragment
@guarded
def _offer(
    draw: Draw, table: Tabulate | None, told: tuple[str, Sequence[str]], key: str, width: int
) -> None:
    name, caption = told
    with _popover(f"{key}_save") as popover:
        if not popover.open:
            return
        _show_caption(name, cite(caption))
        asked = (st.session_state.get(f"{key}_export") or {}).get("pdf")
        _mount(
            key=f"{key}_export",
            data={
                "figure": print_json(draw(LIGHT)),
                "title": name,
                "file": file_stem(name),
                "caption": cite(caption),
                "width": width,
                "csv": None if table is None else to_csv(table(), [name, *caption]).decode(),
                **_answer(asked, name),
            },
        )


def _popover(key: str) -> Any:
    return st.popover(
        "Save figure",
        icon=":material/download:",
        type="tertiary",
        help=MEANING,
        key=key,
        on_change="rerun",
    )


def _show_caption(name: str, lines: Sequence[str]) -> None:
    st.markdown(f"**{plain_text(name)}**")
    st.caption("  \n".join(plain_text(line) for line in lines))


def _mount(*, key: str, data: dict[str, Any]) -> None:
    serve_folder("plotly", Path(plotly.__file__).parent, "package_data")
    _export()(key=key, data=data, height=BUTTON_PIXELS, on_pdf_change=_nothing)


def _nothing() -> None:
    """Say nothing: Streamlit keeps the state only of components that name a callback."""


def _answer(asked: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """Turn the picture that the browser sent into a PDF, or say why that cannot be."""
    if not asked:
        return {"pdf": None, "problem": None}
    request = int(asked["request"])
    try:
        content = to_pdf(str(asked["svg"]), name)
    except FigureError as error:
        return {"pdf": None, "problem": {"request": request, "text": str(error)}}
    told = {"request": request, "content": base64.b64encode(content).decode()}
    return {"pdf": told, "problem": None}
