"""What several pages show: the header, named errors, empty states, the search for a tumor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, queries, resources
from dashboard.appearance import current_appearance
from dashboard.errors import report_error
from dashboard.queries import MapData
from dashboard.theme import RESEARCH_USE, SYNTHETIC, SYNTHETIC_NOTE, Palette, palette

P = ParamSpec("P")

SAMPLE_PARAMETER = address.SAMPLE
"""Name in the page's address of the tumor that is looked at: `study/sample`."""

MOST_MATCHES = 30


def show_header(title: str, *, synthetic: bool) -> None:
    """Write the title of a page, the research-use notice, and whether tumors are synthetic."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        if synthetic:
            st.badge(SYNTHETIC, icon=":material/labs:", color="violet", help=SYNTHETIC_NOTE)
        st.badge(
            RESEARCH_USE,
            icon=":material/biotech:",
            color="orange",
            help="TumorXY is not a medical device. What it shows may be wrong for a single "
            "patient, and must not decide about a treatment.",
        )


def guarded(body: Callable[P, None]) -> Callable[P, None]:
    """Turn errors of a page or fragment into a sentence; no traceback reaches the browser.

    A fragment runs again without the page around it, so each needs a guard of its own.
    """

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            body(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the edge of the page; recorded, then told
            show_error(error)
            st.stop()

    return run


def show_error(error: Exception) -> None:
    """Tell an error in plain sentences."""
    report = report_error(error, resources.settings().home)
    st.error(plain_text(report.message), icon=":material/error:")


def show_empty(title: str, advice: str, icon: str) -> None:
    """Say that there is nothing yet, and what to do."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(icon, text_alignment="center")
        st.header(title, anchor=False, text_alignment="center")
        st.markdown(advice, text_alignment="center")
        st.space("small")


MARKDOWN = "\\`*_{}[]()#+-.!|<>~$:"
"""Characters that Streamlit's Markdown may read as formatting."""


def plain_text(text: str) -> str:
    """Make text that comes from a file harmless in Markdown."""
    return "".join(f"\\{c}" if c in MARKDOWN else c for c in text)


MOST_TABLE_ROWS = 10
"""Rows of a table that Streamlit shows before it scrolls."""


def table_room(num_rows: int, key: str) -> DeltaGenerator:
    """Keep the height of a table free until it is drawn, so that nothing below it jumps.

    The height of each number of rows stands in the style sheet, since it follows the size of text.

    Args:
        num_rows: How many rows the table will have.
        key: Unique name of the table.

    Returns:
        A container; give the table in it no height.
    """
    return st.container(key=f"{key}_rows_{max(1, min(num_rows, MOST_TABLE_ROWS))}")


def current_palette() -> Palette:
    """Return the colors that fit the appearance of the reader's browser."""
    return palette(current_appearance())


def tumor_key(data: MapData, row: int) -> str:
    """Name a tumor of the map as it stands in the page's address."""
    sample = data.samples.iloc[row]
    return f"{sample['study_id']}/{sample['sample_id']}"


def addressed_tumor(data: MapData) -> int | None:
    """Return the row of the tumor that the page's address names; None when it names none."""
    study_id, _, sample_id = st.query_params.get(SAMPLE_PARAMETER, "").partition("/")
    return data.row_of(study_id, sample_id) if sample_id else None


def find_tumor(data: MapData, *, key: str, label: str = "Find a tumor") -> None:
    """Let the reader search a tumor by its name; the choice goes into the page's address.

    Args:
        data: The map.
        key: Unique name of the widgets.
        label: Label of the search field.
    """
    text = st.text_input(
        label,
        key=f"{key}_text",
        type="search",
        live="300ms",
        placeholder="Part of a sample id",
        help="Type at least two characters of a sample id, then choose one of the matches.",
    )
    if not text or len(text.strip()) < 2:
        return
    rows = queries.find_rows(data, text, MOST_MATCHES).tolist()
    if not rows:
        st.caption(f"No tumor on this map has “{plain_text(text.strip()[:40])}” in its id.")
        return
    several = len(data.studies) > 1
    names = {tumor_key(data, row): row for row in rows}

    def write(name: str) -> str:
        study_id, _, sample_id = name.partition("/")
        return f"{sample_id} · {study_id}" if several else sample_id

    st.selectbox(
        "Matches",
        list(names),
        index=None,
        format_func=write,
        key=f"{key}_match",
        placeholder=f"{len(rows)}{'+' if len(rows) == MOST_MATCHES else ''} matches: choose one",
        label_visibility="collapsed",
        on_change=_remember_choice,
        args=(f"{key}_match",),
    )


def _remember_choice(key: str) -> None:
    chosen = st.session_state.get(key)
    if chosen:
        st.query_params[SAMPLE_PARAMETER] = chosen


def forget_tumor() -> None:
    """Take the tumor out of the page's address."""
    st.query_params.pop(SAMPLE_PARAMETER, None)
