"""What is selected on the map: a summary beside it, composition and table below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import resources
from dashboard.coloring import Coloring, Numbers
from dashboard.csv_export import to_csv
from dashboard.figures import rows_of_points
from dashboard.origins import explain_by_source, say_of_selection
from dashboard.queries import MapData, Objects, Rows
from dashboard.region_section import show_region
from dashboard.resources import Published
from dashboard.rows import find_rows
from dashboard.selection import CANCER_TYPE, compose, source_lines, tabulate
from dashboard.widgets import SAMPLE_PARAMETER, plain_text, tumor_key
from dashboard.wording import FIRST_LABELS, count

SELECTION = "map_selection"
"""Where the session keeps which tumors are selected: a table of studies and samples."""

CLEARED = "map_cleared"
"""How often the selection was changed from outside the picture, which must then be drawn anew."""

MOST_ROWS = 5_000
TABLE_PIXELS = 380

HINT = (
    ":material/lasso_select: Select tumors with the lasso or the box of the tools above the map. "
    "Click a name in the legend to hide it, double-click to see it alone. The wheel zooms."
)


def keep_selection(chart: str, drawn: MapData) -> None:
    """Remember which tumors were selected, by name: a later snapshot has other rows.

    Args:
        chart: Key of the chart.
        drawn: The map as that chart shows it, whatever was published since.
    """
    event = st.session_state.get(chart)
    if event is not None:
        rows = rows_of_points(event["selection"]["points"])
        st.session_state[SELECTION] = drawn.keys.take(rows)


def selected_rows(data: MapData) -> Rows | None:
    """Return the rows that the selected tumors have on this map; None when none is selected."""
    keys = st.session_state.get(SELECTION)
    if keys is None or keys.num_rows == 0:
        return None
    rows = find_rows(keys, data.keys)
    rows = np.sort(rows[rows >= 0])
    return rows if rows.size else None


def clear_selection() -> None:
    """Take the selection back."""
    st.session_state.pop(SELECTION, None)
    st.session_state[CLEARED] = num_cleared() + 1


def select_rows(data: MapData, rows: Rows) -> None:
    """Select tumors of a map by their rows, as a lasso would."""
    st.session_state[SELECTION] = data.keys.take(rows)
    st.session_state[CLEARED] = num_cleared() + 1


def num_cleared() -> int:
    """Return how often the selection was taken back, or made outside the picture."""
    return int(st.session_state.get(CLEARED, 0))


def _tell_missing(rows: Rows | None) -> None:
    keys = st.session_state.get(SELECTION)
    missing = 0 if keys is None else keys.num_rows - (0 if rows is None else len(rows))
    if missing:
        st.info(f"{count(missing, 'selected tumor')} not on this map: left out of the selection.")


def show_summary(
    data: MapData, coloring: Coloring, rows: Rows | None, clear: Callable[[], None]
) -> None:
    """Say in three lines what is selected, or how to select.

    Args:
        data: The map.
        coloring: What it is colored by.
        rows: The selection; None when there is none.
        clear: Called when the reader takes the selection back.
    """
    _tell_missing(rows)
    if rows is None:
        st.caption(HINT)
        return
    values = _categories(data, coloring)[1]
    largest = compose(values, rows, most=3).head(3)
    with st.container(border=True, gap="small"):
        st.markdown(f"**{count(len(rows), 'tumor')} selected**")
        for name, share in zip(largest["Category"], largest["Share"], strict=True):
            st.caption(f"{share:.0f}% {plain_text(name)}")
        st.caption("More below the map.")
        st.button(
            "Clear selection",
            icon=":material/deselect:",
            on_click=clear,
            width="stretch",
            key="map_clear",
        )


def _categories(data: MapData, coloring: Coloring) -> tuple[str, Objects]:
    """Return what a selection is counted by: the colors, or cancer types under a number."""
    if isinstance(coloring, Numbers):
        return CANCER_TYPE, data.samples["cancer_type"].to_numpy(dtype=object)
    return coloring.title, coloring.values


def show_selection(key: Published, data: MapData, coloring: Coloring, rows: Rows) -> None:
    """Count and list the selected tumors, and offer them for download."""
    known = {choice.key: choice.title for choice in resources.load_choices(key).labels}
    labels = {
        known[label]: resources.load_label(key, data, data.layout_id, label)
        for label in FIRST_LABELS
        if label in known
    }
    for effect in explain_by_source(data, rows):
        st.warning(plain_text(say_of_selection(effect)), icon=":material/science:")
    table = tabulate(data, rows, coloring, labels)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Selection: {count(len(rows), 'tumor')}", anchor=False, width="content")
        st.download_button(
            "Download CSV",
            data=lambda: to_csv(table, ["Selection on the map", *source_lines(data)]),
            file_name="tumorxy-selection.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="All rows. Cells that a spreadsheet would run as a formula are disarmed.",
            key="map_csv",
        )
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        _composition(data, coloring, rows)
    with right:
        _table(data, table, rows)
    show_region(key, data, rows)


def _composition(data: MapData, coloring: Coloring, rows: Rows) -> None:
    title, values = _categories(data, coloring)
    st.dataframe(
        compose(values, rows),
        hide_index=True,
        height=TABLE_PIXELS,
        column_config={
            "Category": title,
            "Tumors": st.column_config.NumberColumn("n", format="localized", width=64),
            "Share": _percent("Share of the selection"),
            "On the map": _percent("Share of all tumors on the map, to compare"),
        },
        alt=f"Composition of the selection by {title}",
        key="map_composition",
    )
    if isinstance(coloring, Numbers):
        known = coloring.values[rows][np.isfinite(coloring.values[rows])]
        if known.size:
            low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
            st.caption(
                f"{plain_text(coloring.heading)}: median {middle:,.3g}, middle half {low:,.3g} to "
                f"{high:,.3g}, known for {count(known.size, 'tumor')}"
            )


def _percent(meaning: str) -> Any:
    return st.column_config.ProgressColumn(
        help=meaning, format="%.0f%%", min_value=0, max_value=100
    )


def _table(data: MapData, table: pd.DataFrame, rows: Rows) -> None:
    event = st.dataframe(
        table.head(MOST_ROWS),
        hide_index=True,
        height=TABLE_PIXELS,
        placeholder="not given",
        on_select="rerun",
        selection_mode="single-row",
        key="map_table",
        alt="Selected tumors with their labels",
    )
    if len(rows) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} are shown; the download has all {len(rows):,}.")
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        row = int(rows[chosen[0]])
        st.page_link(
            "app_pages/patient.py",
            label=f"Open {plain_text(data.places.sample_ids[row])} on the Patient page",
            icon=":material/person_search:",
            query_params={SAMPLE_PARAMETER: tumor_key(data, row)},
        )
    else:
        st.caption("Choose a row to open that tumor on the Patient page.")
