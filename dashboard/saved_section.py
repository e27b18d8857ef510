"""Saved sets, saved views and the link of a page, behind one button."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from cache.errors import CacheError
from cache.workspace_sets import SavedSet
from cache.workspace_views import SavedView
from dashboard import address, chosen, resources
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.glossary import meaning
from dashboard.queries import MapData
from dashboard.rows import find_rows
from dashboard.widgets import plain_text
from dashboard.wording import count, day

MAP_PAGE = "map"

PROBLEM = "saved_problem"
"""Where the session keeps why a change was refused, until it was told."""

PLACES = {
    "map": "Map",
    "patient": "Patient",
    "compare": "Compare",
    "biomarkers": "Biomarkers",
}
"""Pages whose views can be saved, and what they are called."""

LINK_HELP = (
    "It opens this view for everybody who may open this dashboard. It names no tumor but the one "
    "that is marked, if one is."
)


def show_saved(data: MapData, page: str) -> None:
    """Offer what is saved: to save, find, rename and delete it.

    Args:
        data: The map that is shown.
        page: Name of the page, one of `PLACES`.
    """
    with st.popover("Saved", icon=":material/bookmarks:", width="stretch", key=f"saved_{page}"):
        if problem := st.session_state.pop(PROBLEM, None):
            st.warning(plain_text(problem), icon=":material/edit_off:")
        sets, views, link = st.tabs(["Sets", "Views", "Link"])
        with sets:
            _offer_set(data)
            _show_sets(data, page)
        with views:
            _offer_view(data, page)
            _show_views()
        with link:
            st.caption("Copy this link", help=LINK_HELP)
            st.code(address.link(data), language=None, wrap_lines=True)


def show_stale(data: MapData, maps: tuple[str, ...]) -> None:
    """Say what the link that was opened names and is gone, and what is shown instead.

    Args:
        data: The map that is shown.
        maps: Names of all maps.
    """
    notes = address.stale_notes(data, maps)
    if not notes:
        return
    with st.container(border=True, gap="small", key="stale"):
        for note in notes:
            st.markdown(f":material/history: {plain_text(note)}")
        st.button(
            "Go on with what is shown",
            key="stale_forget",
            on_click=address.forget_marks,
            args=(data,),
        )


def _attempt(change: Callable[[], object], done: str) -> None:
    """Carry out a change, and confirm it; keep why it was refused, if it was."""
    try:
        change()
    except CacheError as error:
        st.session_state[PROBLEM] = str(error)
        return
    st.toast(done, icon=":material/check:")


def _offer_set(data: MapData) -> None:
    set_id = chosen.selected_id(data)
    if set_id is None:
        st.caption("Select tumors on the Map page to save them as a set.")
        return
    about = resources.workspace().about_set(set_id)
    if about.name is not None:
        st.caption(f"What is selected is the set **{plain_text(about.name)}**.")
        return
    name, note = f"saved_name_{set_id}", f"saved_note_{set_id}"
    st.text_input("Name", key=name, max_chars=80, placeholder="For example POLE-like")
    st.text_input("Note", key=note, max_chars=500, placeholder="What there is to know about it")
    st.button(
        "Save the selection",
        icon=":material/bookmark_add:",
        type="primary",
        key="saved_keep",
        help=f"{count(about.num_tumors, 'tumor')}. {meaning('Set')}",
        on_click=_keep,
        args=(set_id, name, note),
    )


def _keep(set_id: str, name: str, note: str) -> None:
    texts = (str(st.session_state[name]), str(st.session_state[note]))
    _attempt(
        lambda: resources.workspace().name_set(set_id, *texts),
        f"Saved as the set {plain_text(texts[0].strip())}.",
    )


def _show_sets(data: MapData, page: str) -> None:
    known = {found.set_id: found for found in resources.workspace().list_sets()}
    if not known:
        return
    names = {key: f"{found.name} · {found.num_tumors:,}" for key, found in known.items()}
    set_id = _choose("Set", names)
    if set_id is None:
        return
    found = known[set_id]
    _describe(found)
    _show_uses(data, page, found)
    workspace = resources.workspace()
    _offer_rename(
        f"set_{set_id}", str(found.name), lambda name: workspace.name_set(set_id, name, found.note)
    )
    _offer_deletion(f"set_{set_id}", lambda: workspace.delete_set(set_id))


def _choose(kind: str, names: Mapping[str, str]) -> str | None:
    """Let the reader choose one of what is saved: a set or a view."""
    return st.selectbox(
        f"Saved {kind.lower()}s",
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=f"saved_{kind.lower()}",
        placeholder=f"{len(names)} saved: choose one",
        help=meaning(kind),
    )


def _show_uses(data: MapData, page: str, found: SavedSet) -> None:
    with st.container(horizontal=True, gap="small"):
        if page == MAP_PAGE:
            st.button(
                "Select",
                icon=":material/lasso_select:",
                key="saved_load",
                help="Select these tumors on the map",
                on_click=_select,
                args=(data, found.set_id),
            )
        offer_download(
            "CSV",
            functools.partial(set_csv, found),
            file_name="tumorxy-set.csv",
            key="saved_csv",
            help="Study and sample of each tumor. Cells that a spreadsheet would run as a formula "
            "are disarmed.",
        )


def _describe(found: SavedSet) -> None:
    gone = f"; {count(found.num_gone, 'tumor')} left it with a study" if found.num_gone else ""
    st.caption(f"{count(found.num_tumors, 'tumor')}, {day(found.created_at)}{gone}")
    if found.note:
        st.markdown(plain_text(found.note))


def set_csv(found: SavedSet) -> bytes:
    """Write the tumors of a set for a spreadsheet."""
    frame = resources.workspace().load_set(found.set_id).to_pandas()
    caption = [f"Set: {found.name}", found.note, f"{count(found.num_tumors, 'tumor')}"]
    return to_csv(frame, [line for line in caption if line])


def _select(data: MapData, set_id: str) -> None:
    def select() -> None:
        rows = find_rows(resources.workspace().load_set(set_id), data.keys)
        chosen.select_rows(data, np.sort(rows[rows >= 0]))

    _attempt(select, "Selected on the map.")


def _offer_view(data: MapData, page: str) -> None:
    key = f"view_name_{page}"
    st.text_input("Name", key=key, max_chars=80, placeholder="For example TP53 in glioma")
    st.button(
        "Save this view",
        icon=":material/bookmark_add:",
        type="primary",
        key="view_keep",
        help=meaning("View"),
        on_click=_keep_view,
        args=(data, page, key),
    )


def _keep_view(data: MapData, page: str, key: str) -> None:
    name, query = str(st.session_state[key]), address.current_query(data)
    _attempt(
        lambda: resources.workspace().save_view(name, page, query),
        f"Saved as the view {plain_text(name.strip())}.",
    )


def _show_views() -> None:
    known = {view.view_id: view for view in resources.workspace().list_views()}
    if not known:
        return
    names = {
        key: f"{view.name} · {PLACES.get(view.page, view.page)}" for key, view in known.items()
    }
    view_id = _choose("View", names)
    if view_id is None:
        return
    _open_view(known[view_id])
    workspace = resources.workspace()
    _offer_rename(
        f"view_{view_id}",
        known[view_id].name,
        lambda name: workspace.rename_view(view_id, name),
    )
    _offer_deletion(f"view_{view_id}", lambda: workspace.delete_view(view_id))


def _open_view(view: SavedView) -> None:
    opened = address.unpack(view.page, view.query)
    st.caption(f"{PLACES.get(view.page, view.page)} page, {day(view.created_at)}")
    st.page_link(
        f"app_pages/{opened.page}.py",
        label="Open this view",
        icon=":material/open_in_new:",
        query_params=opened.parameters,
    )


def _offer_rename(key: str, name: str, rename: Callable[[str], None]) -> None:
    field = f"rename_{key}"
    st.text_input(
        "Name of the chosen one",
        name,
        key=field,
        max_chars=80,
        on_change=lambda: _attempt(lambda: rename(str(st.session_state[field])), "Renamed."),
    )


def _offer_deletion(key: str, delete: Callable[[], None]) -> None:
    """Delete after a second click: there is no way back."""
    asked = f"delete_{key}"
    if not st.session_state.get(asked):
        st.button(
            "Delete", icon=":material/delete:", key=f"ask_{key}", on_click=_ask, args=(asked,)
        )
        return
    st.markdown("Delete it? There is no way back.")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Yes, delete",
            type="primary",
            key=f"yes_{key}",
            on_click=_delete,
            args=(asked, delete),
        )
        st.button("Keep it", key=f"no_{key}", on_click=_unask, args=(asked,))


def _ask(name: str) -> None:
    st.session_state[name] = True


def _unask(name: str) -> None:
    st.session_state.pop(name, None)


def _delete(asked: str, delete: Callable[[], None]) -> None:
    _unask(asked)
    _attempt(delete, "Deleted.")
