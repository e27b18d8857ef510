"""Board: prepare a queue of cases, and show them to a tumor board one after the other."""

from __future__ import annotations

import streamlit as st

from cache.errors import NotKeptError
from dashboard import address, resources
from dashboard.board_meeting import asked_position, show_meeting
from dashboard.board_queue import open_queue, show_queue, show_queues
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.widgets import show_empty, show_header


def show_page() -> None:
    """Show the queues, one queue, or its meeting; or what to do when there is no map."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    if key is None or data is None:
        show_header("Board", synthetic=False)
        show_empty(
            "No map yet, so no case can be shown",
            "Run `make demo` for the bundled synthetic cohort, or import a study and make a map "
            "on the **Data** page.",
            ":material/groups:",
        )
        return
    _show(key, data)


def _show(key: Published, data: MapData) -> None:
    queue_id, position = address.read(address.QUEUE), asked_position()
    try:
        queue = None if queue_id is None else resources.workspace().load_queue(queue_id)
    except NotKeptError:
        _say_gone(data)
        return
    if queue is not None and position is not None:
        show_meeting(key, data, queue, position)
        return
    show_header("Board", synthetic=data.synthetic)
    if queue is None:
        show_queues()
    else:
        show_queue(queue, data)


def _say_gone(data: MapData) -> None:
    show_header("Board", synthetic=data.synthetic)
    show_empty(
        "This queue is gone",
        "It was deleted, or the link is of another installation.",
        ":material/groups:",
    )
    st.button("All queues", icon=":material/list:", on_click=open_queue, args=(None,))


show_page()
