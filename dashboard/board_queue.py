"""Preparing a meeting: which queues there are, and which cases are in one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cache.errors import CacheError
from cache.workspace_queues import MOST_CASES, Queue, QueueCase
from dashboard import address, queries, resources
from dashboard.glossary import meaning
from dashboard.queries import MapData
from dashboard.widgets import plain_text, show_empty
from dashboard.wording import count, day

PROBLEM = "board_problem"
"""Where the session keeps why the last change was refused, until it was told."""

MOST_MATCHES = 30

PSEUDONYM_HELP = meaning("Pseudonym", "Left empty it is “Case” and its place in the queue.")


def attempt(change: Callable[[], object]) -> None:
    """Carry out a change, and keep the sentence if it is refused."""
    try:
        change()
    except CacheError as error:
        st.session_state[PROBLEM] = str(error)


def tell_problem() -> None:
    """Say once why the last change was refused."""
    problem = st.session_state.pop(PROBLEM, None)
    if problem:
        st.warning(plain_text(problem), icon=":material/edit_off:")


def open_queue(queue_id: str | None, position: int | None = None) -> None:
    """Write into the address which queue is shown, and which case of it."""
    address.write(address.QUEUE, queue_id)
    address.write(address.POSITION, None if position is None else str(position))


def show_queues() -> None:
    """Show the queues, and let the reader make one."""
    tell_problem()
    queues = resources.workspace().list_queues()
    if not queues:
        show_empty(
            "No meeting is prepared yet",
            "Name one below, add its cases, and start it. In the meeting each case goes by a "
            "pseudonym, and the arrow keys lead from one to the next.",
            ":material/groups:",
        )
    for queue in queues:
        _show_queue_line(queue)
    form = st.form("board_new", border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "New queue", placeholder="For example Thoracic board, March 3", max_chars=80
        )
        if st.form_submit_button("Make it", icon=":material/add:", type="primary"):
            attempt(lambda: open_queue(resources.workspace().create_queue(str(name))))
            st.rerun()


def _show_queue_line(queue: Queue) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"queue_{queue.queue_id}"
    ):
        st.markdown(f"**{plain_text(queue.name)}**", width="stretch")
        st.caption(f"{count(len(queue.cases), 'case')} · {day(queue.created_at)}", width="content")
        st.button(
            "Prepare",
            icon=":material/edit:",
            key=f"prepare_{queue.queue_id}",
            on_click=open_queue,
            args=(queue.queue_id,),
        )
        _start_button(queue, f"start_{queue.queue_id}")


def _start_button(queue: Queue, key: str) -> None:
    st.button(
        "Start the meeting",
        icon=":material/play_arrow:",
        type="primary",
        key=key,
        disabled=not queue.cases,
        help=None if queue.cases else "Add a case first.",
        on_click=open_queue,
        args=(queue.queue_id, 1),
    )


def show_queue(queue: Queue, data: MapData) -> None:
    """Let the reader put a queue together.

    Args:
        queue: The queue.
        data: The map that its cases are shown on.
    """
    tell_problem()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the queue",
            queue.name,
            key=f"board_name_{queue.queue_id}",
            max_chars=80,
            on_change=_rename,
            args=(queue.queue_id,),
        )
        st.button("All queues", icon=":material/list:", on_click=open_queue, args=(None,))
        _offer_deletion(queue)
        _start_button(queue, "board_start")
    st.caption(
        ":material/visibility: This page names tumors: prepare it before the projector is on."
    )
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        _add_by_search(queue, data)
        _add_by_set(queue)
    with right:
        _show_cases(queue, data)


def _rename(queue_id: str) -> None:
    name = str(st.session_state[f"board_name_{queue_id}"])
    attempt(lambda: resources.workspace().rename_queue(queue_id, name))


def _offer_deletion(queue: Queue) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{plain_text(queue.name)}**? What was decided stays in the log.")
        st.button("Delete the queue", key="board_delete", on_click=_delete, args=(queue.queue_id,))


def _delete(queue_id: str) -> None:
    attempt(lambda: resources.workspace().delete_queue(queue_id))
    open_queue(None)


def _add_by_search(queue: Queue, data: MapData) -> None:
    text = st.text_input(
        "Add a tumor",
        key="board_search",
        type="search",
        live="300ms",
        placeholder="Part of a sample id",
        help="At least two characters of a sample id, then choose one of the matches.",
    )
    if not text or len(text.strip()) < 2:
        return
    rows = queries.find_rows(data, text, MOST_MATCHES).tolist()
    if not rows:
        st.caption(f"No tumor on this map has “{plain_text(text.strip()[:40])}” in its id.")
        return
    st.selectbox(
        "Matches",
        rows,
        index=None,
        format_func=lambda row: _describe(data, row),
        key="board_match",
        label_visibility="collapsed",
        placeholder=f"{len(rows)}{'+' if len(rows) == MOST_MATCHES else ''} matches: choose one",
        on_change=_add_match,
        args=(queue.queue_id, data),
    )


def _add_match(queue_id: str, data: MapData) -> None:
    row = st.session_state.get("board_match")
    if row is not None:
        attempt(lambda: resources.workspace().add_cases(queue_id, data.keys.take([row])))
        st.session_state["board_match"] = None


def _describe(data: MapData, row: int) -> str:
    sample = data.samples.iloc[row]
    kind = sample["cancer_type"]
    parts = [sample["sample_id"], kind if isinstance(kind, str) else "type not given"]
    return " · ".join([*parts, sample["study_id"]] if len(data.studies) > 1 else parts)


def _add_by_set(queue: Queue) -> None:
    sets = {found.set_id: found for found in resources.workspace().list_sets()}
    fitting = [set_id for set_id, found in sets.items() if found.num_tumors <= MOST_CASES]
    if not fitting:
        st.caption(
            "Sets that are saved on the Map page can be added here as a whole.",
            help=f"Sets of at most {MOST_CASES} tumors.",
        )
        return
    chosen = st.selectbox(
        "Add a saved set",
        fitting,
        index=None,
        format_func=lambda i: f"{sets[i].name} · {count(sets[i].num_tumors, 'tumor')}",
        key="board_set",
        placeholder="Choose a set",
        help=f"Sets of at most {MOST_CASES} tumors.",
    )
    if chosen is not None:
        st.button(
            f"Add {count(sets[chosen].num_tumors, 'tumor')}",
            icon=":material/playlist_add:",
            key="board_add_set",
            on_click=_add_set,
            args=(queue.queue_id, chosen),
        )


def _add_set(queue_id: str, set_id: str) -> None:
    workspace = resources.workspace()
    attempt(lambda: workspace.add_cases(queue_id, workspace.load_set(set_id)))


def _show_cases(queue: Queue, data: MapData) -> None:
    if queue.num_gone:
        gone = count(queue.num_gone, "case")
        st.info(f"{gone} left the queue: the study was removed from the store.")
    if not queue.cases:
        show_empty(
            "No case yet",
            "Search a tumor on the left, or add a saved set. A new patient's tumor is stored on "
            "the **Patient** page first.",
            ":material/playlist_add:",
        )
    for position, case in enumerate(queue.cases):
        _show_case(queue, data, position, case)


def _show_case(queue: Queue, data: MapData, position: int, case: QueueCase) -> None:
    row = data.row_of(case.study_id, case.sample_id)
    name = f"{queue.queue_id}_{case.study_id}_{case.sample_id}"
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"board_case_{position}"
    ):
        st.markdown(f"**{position + 1}**", width="content")
        st.text_input(
            "Pseudonym",
            case.pseudonym,
            key=f"call_{name}",
            placeholder=f"Case {position + 1}",
            max_chars=40,
            label_visibility="collapsed",
            help=PSEUDONYM_HELP,
            width=170,
            on_change=_call,
            args=(queue.queue_id, case, f"call_{name}"),
        )
        told = case.sample_id if row is None else _describe(data, row)
        st.markdown(plain_text(told), width="stretch")
        if row is None:
            st.caption(":orange[not on this map: left out of the meeting]", width="content")
        _case_buttons(queue, case, position, name)


def _case_buttons(queue: Queue, case: QueueCase, position: int, name: str) -> None:
    workspace = resources.workspace()
    for label, step in (("Up", -1), ("Down", 1)):
        at_end = position + step not in range(len(queue.cases))
        st.button(
            label,
            icon=f":material/arrow_{label.lower()}ward:",
            type="tertiary",
            key=f"{label.lower()}_{name}",
            disabled=at_end,
            help=f"Show case {position + 1} {'earlier' if step < 0 else 'later'}",
            on_click=attempt,
            args=(lambda step=step: workspace.move_case(queue.queue_id, case, step),),
        )
    st.button(
        "Remove",
        icon=":material/close:",
        help=f"Take case {position + 1} out of the queue",
        type="tertiary",
        key=f"remove_{name}",
        on_click=attempt,
        args=(lambda: workspace.remove_case(queue.queue_id, case),),
    )


def _call(queue_id: str, case: QueueCase, key: str) -> None:
    pseudonym = str(st.session_state[key])
    attempt(lambda: resources.workspace().call_case(queue_id, case, pseudonym))
