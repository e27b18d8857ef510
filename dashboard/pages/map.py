"""Map: every tumor as a point, colored by what is asked; selections become tables."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import resources
from dashboard.coloring import Coloring, Numbers
from dashboard.csv_export import to_csv
from dashboard.figures import MAP_CONFIG, MapOptions, View, draw_map, rows_of_points
from dashboard.map_controls import choose_coloring, choose_map
from dashboard.queries import MapData, Rows
from dashboard.resources import ColorBy, Published
from dashboard.selection import CANCER_TYPE, SAMPLE, STUDY, compose, source_lines, tabulate
from dashboard.view_keeper import MAP_CONTAINER, mount_keeper, reported_view
from dashboard.widgets import (
    SAMPLE_PARAMETER,
    addressed_tumor,
    current_palette,
    find_tumor,
    forget_tumor,
    guarded,
    show_empty,
    show_header,
    tumor_key,
)
from dashboard.wording import DISTANCE, FIRST_LABELS, QUALITY, count, day

CHART = "map_chart"
SELECTION = "map_selection"
DRAWN = "map_drawn"
CLEARED = "map_cleared"

MOST_ROWS = 5_000

STYLE = f"""<style>
.st-key-{MAP_CONTAINER} {{ height: max(480px, calc(100vh - 250px)); }}
</style>"""


@st.fragment
@guarded
def show_map() -> None:
    """Draw the controls, the map and what is selected; nothing else runs again."""
    key = resources.published()
    if key is None:
        st.rerun()
    choices = resources.load_choices(key)
    left, right = st.columns([1, 3.7], gap="medium")
    with left:
        data = resources.load_map(key, choose_map(choices))
        assert data is not None, "the page shows this fragment only where there is a map"
        by = choose_coloring(key, data, choices)
        _search(data)
        beside = st.container()
    if by is None:
        return
    coloring = resources.load_coloring(key, data, data.layout_id, by)
    with right:
        _draw(data, coloring, by)
        _facts(data, coloring)
    rows = _selected(data)
    with beside:
        _summary(data, coloring, rows)
    if rows is not None and rows.size:
        _table(key, data, coloring, rows)


def _search(data: MapData) -> None:
    find_tumor(data, key="map_search")
    row = addressed_tumor(data)
    if row is None:
        return
    name = tumor_key(data, row)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "pages/patient.py",
            label=f"Open {data.places.sample_ids[row]}",
            icon=":material/person_search:",
            query_params={SAMPLE_PARAMETER: name},
        )
        st.button(
            "Forget",
            icon=":material/close:",
            type="tertiary",
            help="Take the mark off the map",
            on_click=forget_tumor,
            key="map_forget",
        )


def _draw(data: MapData, coloring: Coloring, by: ColorBy) -> None:
    options = _options(data, by)
    figure = draw_map(data.places, coloring, options)
    # A cleared selection must leave the picture too: another revision draws it anew.
    figure.update_layout(uirevision=f"map-{st.session_state.get(CLEARED, 0)}")
    with st.container(key=MAP_CONTAINER):
        st.plotly_chart(
            figure,
            key=CHART,
            height="stretch",
            on_select=_remember_selection,
            config=MAP_CONFIG,
            alt=f"Map of {count(len(data), 'tumor')} colored by {coloring.title}",
        )
    mount_keeper()
    st.session_state[SELECTION + "_layout"] = data.layout_id


def _options(data: MapData, by: ColorBy) -> MapOptions:
    """Keep the view of the last picture as long as the picture stays the same."""
    marked = addressed_tumor(data)
    appearance = st.context.theme.type
    cleared = st.session_state.get(CLEARED, 0)
    identity = (data.layout_id, by, marked, appearance, cleared)
    drawn = st.session_state.get(DRAWN)
    if drawn is None or drawn[0] != identity:
        same_map = drawn is not None and drawn[0][0] == data.layout_id
        view = reported_view() if same_map else View()
        drawn = (identity, view, _selected(data))
        st.session_state[DRAWN] = drawn
    return MapOptions(
        palette=current_palette(),
        source=f"{count(len(data), 'tumor')} · map {data.name} v{data.layout_id}, "
        f"{day(data.created_at)} · model {data.model_digest[:8]}",
        synthetic=data.synthetic,
        view=drawn[1],
        marked=marked,
        selected=drawn[2],
    )


def _remember_selection() -> None:
    event = st.session_state[CHART]
    st.session_state[SELECTION] = rows_of_points(event["selection"]["points"])


def _selected(data: MapData) -> Rows | None:
    """Return the selected rows of this map; None when nothing is selected."""
    rows: Rows | None = st.session_state.get(SELECTION)
    same_map = st.session_state.get(SELECTION + "_layout") == data.layout_id
    return rows if same_map and rows is not None and rows.size else None


def _clear_selection() -> None:
    st.session_state.pop(SELECTION, None)
    st.session_state[CLEARED] = st.session_state.get(CLEARED, 0) + 1


def _facts(data: MapData, coloring: Coloring) -> None:
    if coloring.note:
        st.caption(coloring.note)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        studies = count(len(data.studies), "study")
        st.caption(f"{count(len(data), 'tumor')} of {studies}", help=DISTANCE, width="content")
        for measure, (title, meaning) in QUALITY.items():
            estimate = data.quality.get(measure)
            if estimate:
                st.caption(f"{title} {estimate['value']:.2f}", help=meaning, width="content")


def _summary(data: MapData, coloring: Coloring, rows: Rows | None) -> None:
    if rows is None:
        st.caption(
            ":material/lasso_select: Select tumors with the lasso or the box of the tools above "
            "the map. Click a name in the legend to hide it, double-click to see it alone. The "
            "wheel zooms."
        )
        return
    with st.container(border=True, gap="small"):
        st.markdown(f"**{count(len(rows), 'tumor')} selected**")
        _composition(data, coloring, rows)
        st.button(
            "Clear selection",
            icon=":material/deselect:",
            on_click=_clear_selection,
            width="stretch",
            key="map_clear",
        )


def _composition(data: MapData, coloring: Coloring, rows: Rows) -> None:
    if isinstance(coloring, Numbers):
        known = coloring.values[rows][np.isfinite(coloring.values[rows])]
        if known.size:
            low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
            st.caption(
                f"{coloring.title}: median {middle:,.3g}, middle half {low:,.3g} to {high:,.3g}"
            )
        title, values = CANCER_TYPE, data.samples["cancer_type"].to_numpy(dtype=object)
    else:
        title, values = coloring.title, coloring.values
    table = compose(values, rows, most=6)
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Category": st.column_config.TextColumn(title, width="medium"),
            "Tumors": st.column_config.NumberColumn("n", format="localized", width="small"),
            "Share": st.column_config.NumberColumn(
                format="%.0f%%", width="small", help="Share of the selection"
            ),
            "On the map": st.column_config.NumberColumn(
                "Map", format="%.0f%%", width="small", help="Share of all tumors on the map"
            ),
        },
        alt=f"Composition of the selection by {title}",
        key="map_composition",
    )


def _table(key: Published, data: MapData, coloring: Coloring, rows: Rows) -> None:
    known = {choice.key: choice.title for choice in resources.load_choices(key).labels}
    labels = {
        known[label]: resources.load_label(key, data, data.layout_id, label)
        for label in FIRST_LABELS
        if label in known
    }
    table = tabulate(data, rows, coloring, labels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(f"Selection: {count(len(rows), 'tumor')}", anchor=False, width="stretch")
        st.download_button(
            "Download CSV",
            data=lambda: to_csv(table, ["Selection on the map", *source_lines(data)]),
            file_name="tumorxy-selection.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="All rows. Cells that a spreadsheet would run as a formula are disarmed.",
        )
    event = st.dataframe(
        table.head(MOST_ROWS),
        hide_index=True,
        height=360,
        placeholder="not given",
        on_select="rerun",
        selection_mode="single-row",
        key="map_table",
        column_config={SAMPLE: st.column_config.TextColumn(pinned=True), STUDY: "Study"},
        alt="Selected tumors with their labels",
    )
    if len(rows) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} are shown; the download has all {len(rows):,}.")
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        row = int(rows[chosen[0]])
        st.page_link(
            "pages/patient.py",
            label=f"Open {data.places.sample_ids[row]} on the Patient page",
            icon=":material/person_search:",
            query_params={SAMPLE_PARAMETER: tumor_key(data, row)},
        )
    else:
        st.caption("Choose a row to open that tumor on the Patient page.")


def show_page() -> None:
    """Show the map, or what to do when there is none."""
    st.html(STYLE)
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    show_header("Map", synthetic=data is not None and data.synthetic)
    if key is None:
        show_empty(
            "No map yet",
            "Run `make demo` for the bundled synthetic cohort, or import a study on the "
            "**Data** page.",
            ":material/scatter_plot:",
        )
    elif data is None:
        show_empty(
            "Studies are imported, and no map is made of them yet",
            "Make one on the **Data** page, or with `tumorxy embed` and `tumorxy layout`.",
            ":material/scatter_plot:",
        )
    else:
        show_map()


show_page()
