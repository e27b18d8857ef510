"""The section "What is distinctive here" of a selection on the map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard import explanation_resources, region_tables, regions
from dashboard.cells import write_cells
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.glossary import meaning
from dashboard.queries import MapData, Rows
from dashboard.regions import Against, Fixed, Question, Region, pack_rows
from dashboard.resources import Published
from dashboard.rows import find_rows
from dashboard.selection import source_lines
from dashboard.widgets import plain_text, table_room
from dashboard.wording import count

KEPT = "map_kept_selection"
"""Where the session keeps the selection that others are compared with: studies and samples."""

FEWEST = 5
"""Selected tumors below which nothing is compared."""
MOST_LINES = 400

ADJUSTED = (
    "Tumors are compared only with those that agree in what is held fixed: what differs between "
    "them alone is no effect."
)
NOTES = {
    "Genes": "Shares are of the tumors whose panel has the gene: one that was not looked at counts "
    "neither as altered nor as wild type. A gene known of less than a fifth of the selection is "
    "left out.",
    "Pairs": "Pairs of the genes that are enriched or frequent here, chosen by the same data: q "
    "tells how distinctive a pair is, not that it is more than its parts. Compare the share with "
    "“By chance”, what two unrelated alterations would make.",
    "Pathways": meaning(
        "Pathway", "A panel with few of its genes finds less: compare within panels."
    ),
    "Numbers": "Rank test within what is held fixed.",
    "Labels": "Nothing is held fixed here: a label often is the tumor type itself.",
}
NOTHING = {
    "Genes": "No gene is altered often enough on both sides to be compared.",
    "Pairs": "No two alterations are frequent enough here to be looked at together.",
    "Pathways": "No pathway is altered often enough on both sides to be compared.",
    "Numbers": "The studies state no number to compare.",
    "Labels": "No label is known on both sides.",
}


def show_region(key: Published, data: MapData, rows: Rows) -> None:
    """Say what sets the selected tumors apart, and list it."""
    st.header("What is distinctive here", anchor=False)
    if len(rows) < FEWEST:
        st.caption(f"Select at least {FEWEST} tumors to compare them with others.")
        return
    kept = _kept_rows(data)
    against, fixed = _choose(data, rows, kept)
    question = Question(
        selected=pack_rows(rows, len(data)),
        against=against,
        kept=pack_rows(kept, len(data)) if against is Against.KEPT else b"",
        fixed=fixed,
    )
    with st.spinner("Comparing genes, pairs, pathways and labels", show_time=True):
        region = explanation_resources.load_region(key, data, data.layout_id, question)
    if region is None:
        st.info(
            "There is no tumor to compare with: every tumor of this kind is selected. Compare with "
            "all other tumors, or select fewer."
        )
        return
    st.markdown(f"**{plain_text(region.sentence)}.**")
    st.caption(regions.say_compared(region))
    _show_tables(data, region, question)


def _kept_rows(data: MapData) -> Rows:
    keys = st.session_state.get(KEPT)
    if keys is None:
        return np.empty(0, dtype=np.int64)
    rows = find_rows(keys, data.keys)
    return np.sort(rows[rows >= 0])


def _choose(data: MapData, rows: Rows, kept: Rows) -> tuple[Against, Fixed]:
    offered = [a for a in Against if a is not Against.KEPT or kept.size]
    if st.session_state.get("region_against") not in offered:
        st.session_state.pop("region_against", None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = st.selectbox(
            "Compare with",
            offered,
            key="region_against",
            format_func=lambda a: (
                f"{a.value} ({count(len(kept), 'tumor')})" if a is Against.KEPT else a.value
            ),
            width=320,
            help="The same tumor types: the types that at least one selected tumor has, by "
            "OncoTree code where the study states it.",
        )
        fixed = st.selectbox(
            "Hold fixed",
            list(Fixed),
            key="region_fixed",
            format_func=lambda f: f.value,
            width=240,
            help=meaning(
                "Held fixed",
                "Without the tumor type, a region of one type shows what is typical of that type.",
            ),
        )
        st.button(
            "Keep to compare with",
            icon=":material/bookmark_add:",
            on_click=_keep,
            args=(data.keys.take(rows),),
            help="Keeps these tumors; select others, and compare the two.",
            key="region_keep",
        )
    # Streamlit types a choice that may be empty; these two never are.
    return Against(against), Fixed(str(fixed))


def _keep(keys: pa.Table) -> None:
    st.session_state[KEPT] = keys


def _show_tables(data: MapData, region: Region, question: Question) -> None:
    tables = {title: make(region) for title, make in region_tables.TABLES.items()}
    for tab, (title, table) in zip(st.tabs(list(tables)), tables.items(), strict=True):
        with tab:
            if not len(table):
                st.caption(NOTHING[title])
                continue
            table_room(len(table), f"region_{title.lower()}_table").dataframe(
                write_cells(table.head(MOST_LINES), region_tables.RATIOS),
                hide_index=True,
                column_config=_columns(table),
                placeholder="",
                alt=f"{title} that set the selection apart",
                key=f"region_{title.lower()}",
            )
            st.caption(NOTES[title] + _cut(table))
    offer_download(
        "Download all as CSV",
        lambda: to_csv(
            region_tables.export_table(region),
            [
                "What is distinctive in a selection on the map",
                f"Compared with: {question.against.value}; held fixed: {question.fixed.value}",
                region.sentence,
                *source_lines(data),
            ],
        ),
        file_name="tumorxy-region.csv",
        key="region_csv",
    )


def _cut(table: pd.DataFrame) -> str:
    if len(table) <= MOST_LINES:
        return ""
    return f" The first {MOST_LINES:,} of {len(table):,} are shown; the download has all."


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    shares = {
        region_tables.SHARE_IN: "Share of the selected tumors that were looked at for it",
        region_tables.SHARE_OUT: "The same of the tumors they are compared with",
        region_tables.EXPECTED: meaning("Expected share"),
        "By chance": meaning("By chance"),
    }
    numbers = {
        region_tables.ODDS: (None, meaning("Odds ratio", ADJUSTED)),
        region_tables.LOWER: (
            None,
            meaning("Confidence interval", "Its lower end, of the odds ratio."),
        ),
        region_tables.UPPER: (
            None,
            meaning("Confidence interval", "Its upper end, of the odds ratio."),
        ),
        region_tables.Q_VALUE: (
            None,
            meaning("q-value", "A rank of what is distinctive: the selection was drawn by eye."),
        ),
        region_tables.KNOWN_IN: ("localized", "Selected tumors that were looked at for it"),
        region_tables.KNOWN_OUT: ("localized", "Tumors compared with that were looked at for it"),
        "Difference (SD)": ("%.2f", meaning("Standardized difference")),
    }
    bars = {
        name: st.column_config.ProgressColumn(
            name, help=told, format="%.0f%%", min_value=0, max_value=100, width=90
        )
        for name, told in shares.items()
        if name in table
    }
    return bars | {
        name: st.column_config.NumberColumn(name, format=form, help=told, width=80)
        for name, (form, told) in numbers.items()
        if name in table
    }
