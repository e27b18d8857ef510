"""Map: every tumor as a point, colored by what is asked; selections become tables."""

from __future__ import annotations

import functools

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, resources
from dashboard.chosen import CHANGED, adopt, keep_in_address, scene_selection
from dashboard.cluster_section import show_clusters
from dashboard.figure_export import offer_pictures
from dashboard.map_controls import choose_colorings, choose_map
from dashboard.map_resources import load_region_labels
from dashboard.map_search import show_search
from dashboard.map_selection import (
    select_rows,
    selected_rows,
    show_distinctive,
    show_selection,
    show_summary,
)
from dashboard.map_view import show_scene
from dashboard.narrowing_controls import choose_foreground
from dashboard.queries import MapData
from dashboard.resources import ColorBy, Published
from dashboard.saved_section import MAP_PAGE, show_saved, show_stale
from dashboard.scene import OverlayPoint, Scene, make_panel
from dashboard.scene_file import scene_files
from dashboard.selection import source_lines
from dashboard.shelf import Packed
from dashboard.theme import LIGHT, Palette
from dashboard.widgets import (
    SAMPLE_PARAMETER,
    addressed_tumor,
    current_palette,
    forget_tumor,
    guarded,
    plain_text,
    show_empty,
    show_header,
    tumor_key,
)
from dashboard.wording import DISTANCE, QUALITY, count

LABEL_ACCURACY = "label_knn_accuracy"

# A string below a name would be shown: the script of a page is run with Streamlit's "magic".
CHART = "map_chart"
# Key of the container around the map; Streamlit turns it into a CSS class.
AREA = "map_area"
# Where the session keeps what is seen: version of the map and edges.
CAMERA = "map_camera"


@st.fragment
@guarded
def show_map() -> None:
    """Draw the controls, the map and what is selected; nothing else runs again."""
    st.session_state.pop(CHANGED, None)
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
        kept = st.container(key="map_saved")
        show_search(key, data, choices)
        _marked(key, data)
        chosen = choose_colorings(key, data, choices)
        foreground = choose_foreground(key, data, choices)
        beside = st.container()
    known = [by for by in chosen if by is not None]
    if len(known) < len(chosen):
        return
    with right:
        show_stale(data, choices.maps)
        make = functools.partial(_scene, key, data, tuple(known))
        mask = None if foreground is None else foreground.packed
        _draw(data, make(current_palette(), foreground=mask))
        _facts(data, functools.partial(make, LIGHT, foreground=mask))
    _show_selected(key, data, known, beside=beside, kept=kept)


def _show_selected(
    key: Published,
    data: MapData,
    chosen: list[ColorBy],
    *,
    beside: DeltaGenerator,
    kept: DeltaGenerator,
) -> None:
    """Say beside the map and below it what is selected, and offer to keep it."""
    colorings = tuple(resources.load_coloring(key, data, data.layout_id, by) for by in chosen)
    rows = selected_rows(data)
    with beside:
        show_summary(key, data, colorings[0], rows)
        show_clusters(data, functools.partial(select_rows, data))
    if rows is not None:
        show_selection(key, data, colorings, rows)
    keep_in_address(data)
    with kept:
        show_saved(data, MAP_PAGE)
    if rows is not None:
        show_distinctive(key, data)


def _marked(key: Published, data: MapData) -> None:
    """Offer what can be done with the tumor that is marked."""
    row = addressed_tumor(data)
    if row is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "app_pages/patient.py",
            label=f"Open {plain_text(data.places.sample_ids[row])}",
            icon=":material/person_search:",
            query_params={SAMPLE_PARAMETER: tumor_key(data, row)},
        )
        st.button(
            "Forget",
            icon=":material/close:",
            type="tertiary",
            help="Take the mark off the map",
            on_click=forget_tumor,
            key="map_forget",
        )
    st.toggle(
        "Show its nearest tumors",
        key="near",
        bind="query-params",
        help="The 15 tumors that are most like it in the full model, wherever they lie on the map.",
    )


def _scene(
    key: Published,
    data: MapData,
    chosen: tuple[ColorBy, ...],
    palette: Palette,
    *,
    foreground: Packed | None = None,
) -> Scene:
    """Compose what the map shows."""
    panels = []
    for place, by in enumerate(chosen):
        coloring = resources.load_coloring(key, data, data.layout_id, by)
        panels.append(make_panel("abcd"[place], coloring, palette))
    return Scene(
        data=data,
        panels=tuple(panels),
        palette=palette,
        foreground=foreground,
        points=_overlay(key, data, palette),
        labels=load_region_labels(key, data, data.layout_id, chosen[0]),
        selection=scene_selection(data),
        view=_camera(data),
    )


def _overlay(key: Published, data: MapData, palette: Palette) -> tuple[OverlayPoint, ...]:
    """Return the marked tumor, and its nearest ones where they are asked for."""
    row = addressed_tumor(data)
    if row is None:
        return ()
    found = _point(data, row, "found", palette.accent, str(data.places.sample_ids[row]))
    if not st.session_state.get("near"):
        return (found,)
    case = resources.load_case(key, data, data.layout_id, row)
    near = [_point(data, n, "neighbor", palette.accent, "") for n in case.neighbors.tolist()]
    return (*near, found)


def _point(data: MapData, row: int, role: str, color: str, label: str) -> OverlayPoint:
    x, y = float(data.places.x[row]), float(data.places.y[row])
    return OverlayPoint(x=x, y=y, label=label, role=role, color=color, row=row)


def _camera(data: MapData) -> address.Edges | None:
    """Return what was seen last in this browser session, or what the address names."""
    kept: tuple[int, address.Edges] | None = st.session_state.get(CAMERA)
    if kept is not None and kept[0] == data.layout_id:
        return kept[1]
    return address.read_camera(data.layout_id)


@st.fragment
@guarded
def _draw(data: MapData, scene: Scene) -> None:
    """Show the map. Moving it runs this part only; a selection runs the page around it."""
    if st.session_state.get(CHANGED):
        st.rerun()
    # Rows mean something only in the snapshot that was drawn: each has a map of its own, and a
    # lasso on an older picture is read as the tumors that the reader saw there.
    name = f"{CHART}_{data.snapshot}_{data.layout_id}"
    with st.container(key=AREA):
        state = show_scene(
            scene,
            key=name,
            height="stretch",
            on_selection_change=functools.partial(adopt, name, data),
        )
    if state.view is not None and state.view != st.session_state.get(CAMERA, (0, None))[1]:
        st.session_state[CAMERA] = (data.layout_id, state.view)
        address.write_camera(data.layout_id, state.view)
    if state.opened is not None:
        place = {SAMPLE_PARAMETER: tumor_key(data, state.opened)}
        st.switch_page("app_pages/patient.py", query_params=place)


def _facts(data: MapData, make: functools.partial[Scene]) -> None:
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
        st.space("stretch")
        offer_pictures(
            scene_files(make, "Map of tumors"),
            None,
            name="Map of tumors",
            caption=source_lines(data),
            key="map_files",
        )


def _floor(data: MapData, measure: str) -> str:
    """Return what always telling the most frequent cancer type would reach."""
    share = data.quality.get("label_majority_share") if measure == LABEL_ACCURACY else None
    return f" (by chance {share:.2f})" if share else ""


def show_page() -> None:
    """Show the map, or what to do when there is none."""
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
