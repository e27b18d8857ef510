"""Map: every tumor as a point, colored by what is asked; selections become tables."""

from __future__ import annotations

import functools

import streamlit as st

from dashboard import resources
from dashboard.appearance import current_appearance
from dashboard.cluster_section import show_clusters
from dashboard.coloring import Coloring
from dashboard.figures import MAP_CONFIG, MapOptions, View, draw_map
from dashboard.map_controls import choose_coloring, choose_map
from dashboard.map_selection import (
    clear_selection,
    keep_selection,
    num_cleared,
    select_rows,
    selected_rows,
    show_selection,
    show_summary,
)
from dashboard.queries import MapData
from dashboard.resources import ColorBy
from dashboard.view_keeper import MAP_CONTAINER, mount_keeper, reported_view
from dashboard.widgets import (
    SAMPLE_PARAMETER,
    addressed_tumor,
    current_palette,
    find_tumor,
    forget_tumor,
    guarded,
    plain_text,
    show_empty,
    show_header,
    tumor_key,
)
from dashboard.wording import DISTANCE, QUALITY, count, day

LABEL_ACCURACY = "label_knn_accuracy"

CHART = "map_chart"
DRAWN = "map_drawn"

STYLE = f"""<style>
.st-key-{MAP_CONTAINER} {{ flex: none; height: max(480px, calc(100vh - 225px)); }}
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
        name = choose_map(choices)
        data = resources.load_map(key, name)
        if data is None and name not in choices.maps[1:]:
            # The last study was removed meanwhile: the page says what to do.
            st.rerun()
        if data is None:
            st.info("The tumors that this map was fitted to are gone. Choose another map.")
            return
        by = choose_coloring(key, data, choices)
        _search(data)
        beside = st.container()
    if by is None:
        return
    coloring = resources.load_coloring(key, data, data.layout_id, by)
    with right:
        _draw(data, coloring, by)
        _facts(data, coloring)
    rows = selected_rows(data)
    with beside:
        show_summary(data, coloring, rows, clear_selection)
        show_clusters(data, functools.partial(select_rows, data))
    if rows is not None and rows.size:
        show_selection(key, data, coloring, rows)


def _search(data: MapData) -> None:
    find_tumor(data, key="map_search")
    row = addressed_tumor(data)
    if row is None:
        return
    name = tumor_key(data, row)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "app_pages/patient.py",
            label=f"Open {plain_text(data.places.sample_ids[row])}",
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
    figure.update_layout(uirevision=f"map-{num_cleared()}")
    # Rows mean something only in the snapshot that was drawn: each has a chart of its own, and a
    # lasso on an older picture is read as the tumors that the reader saw there.
    chart = f"{CHART}_{data.snapshot}_{data.layout_id}"
    with st.container(key=MAP_CONTAINER):
        st.plotly_chart(
            figure,
            key=chart,
            height="stretch",
            on_select=functools.partial(keep_selection, chart, data),
            config=MAP_CONFIG,
            alt=f"Map of {count(len(data), 'tumor')} colored by {coloring.title}",
        )
    mount_keeper()


def _options(data: MapData, by: ColorBy) -> MapOptions:
    """Keep the view of the last picture as long as the picture stays the same."""
    marked = addressed_tumor(data)
    appearance = current_appearance()
    identity = (data.layout_id, data.snapshot, by, marked, appearance, num_cleared())
    drawn = st.session_state.get(DRAWN)
    if drawn is None or drawn[0] != identity:
        same_map = drawn is not None and drawn[0][0] == data.layout_id
        view = reported_view() if same_map else View()
        drawn = (identity, view, selected_rows(data))
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


def _facts(data: MapData, coloring: Coloring) -> None:
    if coloring.note:
        st.caption(coloring.note)
    card = resources.load_card()
    if card is not None and card.digest != data.model_digest:
        st.caption(
            f":orange[:material/warning: This map was made with the model "
            f"{data.model_digest[:8]}; the installed one is {card.digest[:8]}. Make the map anew "
            "on the Data page.]"
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        studies = count(len(data.studies), "study")
        st.caption(f"{count(len(data), 'tumor')} of {studies}", help=DISTANCE, width="content")
        for measure, (title, meaning) in QUALITY.items():
            estimate = data.quality.get(measure)
            if estimate:
                text = f"{title} {estimate['value']:.2f}{_floor(data, measure)}"
                st.caption(text, help=meaning, width="content")


def _floor(data: MapData, measure: str) -> str:
    """Return what always telling the most frequent cancer type would reach."""
    share = data.quality.get("label_majority_share") if measure == LABEL_ACCURACY else None
    return f" (by chance {share:.2f})" if share else ""


def show_page() -> None:
    """Show the map, or what to do when there is none."""
    st.html(STYLE)
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    show_header("Map", synthetic=data is not None and data.synthetic)
    if key is None or resources.load_studies(key).num_rows == 0:
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
