"""Labels and numbers of groups on the Compare page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import compare_described as described
from dashboard.cells import write_cells
from dashboard.compare_described_figures import draw_composition, draw_violins
from dashboard.compare_groups import Asked, Formed
from dashboard.compare_resources import load_labels_compared, load_numbers_compared
from dashboard.compare_warnings import say_shift, say_strength
from dashboard.compare_who import caption_of, figure_options
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.explanation_resources import load_counted
from dashboard.figure_export import show_figure
from dashboard.glossary import meaning
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.theme import Palette
from dashboard.widgets import plain_text, table_room

HELP = {
    "Cramer's V": meaning("Cramer's V"),
    "Lower": meaning(
        "Confidence interval", "Its lower end, by 1,000 fresh draws within the groups."
    ),
    "Upper": meaning("Confidence interval", "Its upper end."),
    "q": meaning("q-value", "Of the chi-square test, or an exact one where counts are small."),
    "n": "Patients of whom it is known",
    "ε²": meaning("ε²"),
}
DELTA = meaning("Cliff's delta", "The group is compared with the first group.")
NOTHING_FIXED = "Nothing is held fixed here: a label often is the tumor type itself."


def show_labels(key: Published, data: MapData, asked: Asked, formed: Formed) -> None:
    """Show the composition of groups by clinical labels."""
    with st.spinner("Comparing the labels", show_time=True):
        labels = load_labels_compared(key, data, data.layout_id, asked)
    if not labels:
        st.info("No label is known in two groups.")
        return
    table = described.label_table(labels)
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        rows = _choose_row(table, "compare_labels", "Labels of the groups")
        _download(table, "labels", caption_of(data, asked, formed))
        st.caption(f"Choose a row to see its values. {NOTHING_FIXED}")
    label = labels[min(rows, len(labels) - 1)]
    with right:
        st.markdown(f"**{plain_text(label.name)}**: {plain_text(say_strength(label))}")

        def draw(palette: Palette) -> Any:
            return draw_composition(label, formed.groups.names, figure_options(data, palette))

        show_figure(
            draw,
            lambda: described.composition_table(label, formed.groups.names),
            name=f"{label.name} by group",
            caption=caption_of(data, asked, formed),
            key="compare_composition",
            alt=f"Composition by {label.name}: {say_strength(label)}",
        )


def show_numbers(key: Published, data: MapData, asked: Asked, formed: Formed) -> None:
    """Show how numbers such as burden are spread in the groups."""
    with st.spinner("Comparing the numbers", show_time=True):
        numbers = load_numbers_compared(key, data, data.layout_id, asked)
    if not numbers:
        st.info("No number is known in two groups.")
        return
    names = formed.groups.names
    table = described.number_table(numbers, names)
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        rows = _choose_row(table, "compare_numbers", "Numbers of the groups")
        _download(table, "numbers", caption_of(data, asked, formed))
        st.caption(
            f"Choose a row to see it. Deltas are against {plain_text(names[0])}. "
            "Nothing is held fixed here."
        )
    number = numbers[min(rows, len(numbers) - 1)]
    values = load_counted(key, data, data.layout_id).numbers[number.name]
    known = ~np.isnan(values)
    parts = [values[(formed.groups.codes == g) & known] for g in range(len(names))]
    with right:
        st.markdown(f"**{plain_text(number.name)}**: {plain_text(say_shift(number))}", help=DELTA)

        def draw(palette: Palette) -> Any:
            return draw_violins(number.name, parts, names, figure_options(data, palette))

        show_figure(
            draw,
            lambda: table,
            name=f"{number.name} by group",
            caption=caption_of(data, asked, formed),
            key="compare_violins",
            alt=f"{number.name} by group: {say_shift(number)}",
        )


def _choose_row(table: pd.DataFrame, key: str, alt: str) -> int:
    event = table_room(len(table), f"{key}_table").dataframe(
        write_cells(table, ratios=()),
        hide_index=True,
        column_config=_columns(table),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt=alt,
        key=key,
    )
    rows = event.selection.rows
    return int(rows[0]) if rows else 0


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): st.column_config.NumberColumn(
            str(name),
            format=None if name == "q" else "localized" if name in ("n", "Values") else "%.2f",
            help=HELP.get(str(name)) or (DELTA if str(name).startswith("Delta") else None),
        )
        for name in table.select_dtypes("number").columns
    }


def _download(table: pd.DataFrame, name: str, caption: list[str]) -> None:
    offer_download(
        "Download CSV",
        lambda: to_csv(table, [f"{name.capitalize()} by group", *caption]),
        file_name=f"tumorxy-compare-{name}.csv",
        key=f"compare_{name}_csv",
    )
