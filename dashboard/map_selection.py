"""What is selected on the map: a summary beside it, composition and table below it."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import chosen, resources
from dashboard.address import SELECTION
from dashboard.chosen import (
    Chosen,
    clear_selection,
    current_choice,
    select_rows,
    selected_id,
    selected_rows,
)
from dashboard.coloring import Categories, Coloring, Numbers
from dashboard.compare_groups import Source
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.labels import Labels
from dashboard.map_resources import listed_labels, load_sources
from dashboard.origins import explain_by_source, say_of_selection
from dashboard.queries import CANCER_TYPE as CANCER_TYPE_KEY
from dashboard.queries import MapData, Rows
from dashboard.region_section import show_region
from dashboard.resources import Published
from dashboard.selection import CANCER_TYPE, compose, source_lines, spread_of, tabulate
from dashboard.widgets import SAMPLE_PARAMETER, guarded, plain_text, table_room, tumor_key
from dashboard.wording import count

__all__ = ["clear_selection", "select_rows", "selected_rows", "show_selection", "show_summary"]

MOST_ROWS = 100

MOST_EXPLAINED_AT_ONCE = 60_000
"""Tumors of a map above which what is distinctive is looked for only when it is asked for."""

HINT = (
    ":material/lasso_select: Select tumors with the lasso or the box of the tools on the map. "
    "Click a name in the legend to hide it, double-click to see it alone. The wheel zooms."
)


def _tell_missing(data: MapData) -> None:
    found = current_choice(data)
    if st.session_state.pop(chosen.FORGOTTEN, False):
        st.info("The selection of this link is not kept any more. Select again.")
    if found is not None and found.num_gone:
        missing = count(found.num_gone, "selected tumor")
        st.info(f"{missing} not on this map: left out of the selection.")


def show_summary(key: Published, data: MapData, coloring: Coloring, rows: Rows | None) -> None:
    """Say in three lines what is selected, or how to select.

    Args:
        key: The snapshot.
        data: The map.
        coloring: What it is colored by.
        rows: The selection; None when there is none.
    """
    _tell_missing(data)
    if rows is None:
        st.caption(HINT)
        return
    largest = compose(_categories(key, data, coloring)[1], rows, most=3).head(3)
    with st.container(border=True, gap="small", key="map_summary"):
        st.markdown(f"**{count(len(rows), 'tumor')} selected**")
        for name, share in zip(largest["Category"], largest["Share"], strict=True):
            st.caption(f"{share:.0f}% {plain_text(name)}")
        st.caption("More below the map.")
        st.page_link(
            "app_pages/compare.py",
            label="Compare with the rest",
            icon=":material/compare_arrows:",
            query_params={"groups": Source.SETS.value, SELECTION: selected_id(data) or ""},
            help="Survival, genes, pairs, labels and numbers of these tumors and of all others.",
        )
        st.button(
            "Clear selection",
            icon=":material/deselect:",
            on_click=clear_selection,
            width="stretch",
            key="map_clear",
        )


def _categories(key: Published, data: MapData, coloring: Coloring) -> tuple[str, Labels]:
    """Return what a selection is counted by: the colors, or cancer types under a number."""
    if isinstance(coloring, Categories):
        return coloring.title, coloring.labels
    return CANCER_TYPE, resources.load_labels(key, data, data.layout_id, CANCER_TYPE_KEY)


def show_selection(
    key: Published, data: MapData, colorings: tuple[Coloring, ...], rows: Rows
) -> None:
    """Count and list the selected tumors, and offer them for download.

    Args:
        key: The snapshot.
        data: The map.
        colorings: What it is colored by, the first panel first.
        rows: The selection, at least one tumor.
    """
    with st.spinner("Counting the selected tumors", show_time=True):
        shares = load_sources(key, data, data.layout_id)
        effects = explain_by_source(data, rows, shares)
        labels = listed_labels(key, data)
    for effect in effects:
        st.warning(plain_text(say_of_selection(effect, len(rows))), icon=":material/science:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(f"Selection: {count(len(rows), 'tumor')}", anchor=False, width="content")
        offer_download(
            "Download CSV",
            functools.partial(_selection_csv, key, data, colorings, current_choice(data)),
            file_name="tumorxy-selection.csv",
            help="All rows. Cells that a spreadsheet would run as a formula are disarmed.",
            key="map_csv",
        )
    left, right = st.columns([1.3, 2], gap="medium")
    with left:
        _composition(key, data, colorings[0], rows)
    with right:
        _table(data, tabulate(data, rows[:MOST_ROWS], colorings, labels), rows)


def _selection_csv(
    key: Published, data: MapData, colorings: tuple[Coloring, ...], selected: Chosen | None
) -> bytes:
    """List all selected tumors; runs outside of the session, and so is told which they are."""
    assert selected is not None  # the button stands only where something is selected
    rows = selected.rows
    table = tabulate(data, rows, colorings, listed_labels(key, data))
    return to_csv(table, ["Selection on the map", *source_lines(data)])


@st.fragment
@guarded
def show_distinctive(key: Published, data: MapData) -> None:
    """Say what sets the selected tumors apart; on a very large map only when it is asked for."""
    rows = selected_rows(data)
    if rows is None:
        return
    if len(data) > MOST_EXPLAINED_AT_ONCE and not st.toggle(
        "Say what is distinctive here",
        key="map_explain",
        help="Compares every gene and pair, the pathways, numbers and labels of the selection "
        "with other tumors. On a map of this size it takes some seconds.",
    ):
        return
    show_region(key, data, rows)


def _composition(key: Published, data: MapData, coloring: Coloring, rows: Rows) -> None:
    title, labels = _categories(key, data, coloring)
    composition = compose(labels, rows)
    table_room(len(composition), "map_composition_table").dataframe(
        composition,
        hide_index=True,
        column_config={
            "Category": st.column_config.TextColumn(title, width=190),
            "Tumors": st.column_config.NumberColumn("n", format="localized", width=64),
            "Share": _percent("Share of the selection"),
            "On the map": _percent("Share of all tumors on the map, to compare"),
        },
        alt=f"Composition of the selection by {title}",
        key="map_composition",
    )
    if isinstance(coloring, Numbers):
        st.caption(plain_text(spread_of(coloring, rows)))


def _percent(meaning: str) -> Any:
    return st.column_config.ProgressColumn(
        help=meaning, format="%.0f%%", min_value=0, max_value=100, width=96
    )


def _table(data: MapData, table: pd.DataFrame, rows: Rows) -> None:
    event = table_room(len(table), "map_selected_table").dataframe(
        table,
        hide_index=True,
        placeholder="not given",
        on_select="rerun",
        selection_mode="single-row",
        key="map_table",
        alt="Selected tumors with their labels",
    )
    if len(rows) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} are shown; the download has all {len(rows):,}.")
    picked = event.selection.rows
    if picked and picked[0] < len(rows):
        row = int(rows[picked[0]])
        st.page_link(
            "app_pages/patient.py",
            label=f"Open {plain_text(data.places.sample_ids[row])} on the Patient page",
            icon=":material/person_search:",
            query_params={SAMPLE_PARAMETER: tumor_key(data, row)},
        )
    else:
        st.caption("Choose a row to open that tumor on the Patient page.")
