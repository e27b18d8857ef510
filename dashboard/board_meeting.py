"""A meeting: one case at a time, under a pseudonym, in letters that the back row reads."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cache.workspace_decisions import Decision
from cache.workspace_queues import Queue, QueueCase
from dashboard import address, resources
from dashboard.board_keys import hear_keys, show_sheet
from dashboard.board_queue import open_queue
from dashboard.decision_records import say_day
from dashboard.decision_section import offer_export
from dashboard.patient_board import show_board
from dashboard.patient_subject import BoardSubject
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.theme import RESEARCH_USE
from dashboard.widgets import current_palette, plain_text, show_empty
from dashboard.wording import count

STYLE = Path(__file__).parent / "static" / "board.css"


def show_meeting(key: Published, data: MapData, queue: Queue, position: int) -> None:
    """Show one case of a meeting, or its summary after the last.

    Args:
        key: The snapshot.
        data: The map.
        queue: The queue.
        position: Which case, from 1; the summary comes after the last.
    """
    st.html(f"<style>:root {{ --board-paper: {current_palette().paper}; }}</style>")
    st.html(STYLE)
    places = [place for place, case in enumerate(queue.cases) if _row(data, case) is not None]
    last = len(places) + 1
    position = min(max(position, 1), last)
    show_sheet()
    hear_keys(queue.queue_id, position, last, lambda wanted: open_queue(queue.queue_id, wanted))
    if position == last:
        _show_bar(queue, "Summary", position, last)
        _show_summary(queue, places)
        return
    place = places[position - 1]
    row = _row(data, queue.cases[place])
    assert row is not None
    _show_bar(queue, queue.pseudonym(place), position, last)
    with st.spinner("Reading this case", show_time=True):
        case = resources.load_case(key, data, data.layout_id, row)
    show_board(
        BoardSubject(key=key, data=data, case=case, row=row, pseudonym=queue.pseudonym(place))
    )
    _prepare_next(key, data, queue, places[position : position + 1])


def _row(data: MapData, case: QueueCase) -> int | None:
    return data.row_of(case.study_id, case.sample_id)


def _prepare_next(key: Published, data: MapData, queue: Queue, places: list[int]) -> None:
    """Read the next case while the present one is looked at."""
    for place in places:
        row = _row(data, queue.cases[place])
        if row is not None:
            case = resources.load_case(key, data, data.layout_id, row)
            BoardSubject(key=key, data=data, case=case, row=row).prepare()


def _show_bar(queue: Queue, title: str, position: int, last: int) -> None:
    with st.container(key="board_bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.title(plain_text(title), anchor=False, width="content")
        st.markdown(f"**{_say_where(title, position, last)}**", width="content")
        st.space("stretch")
        st.badge(RESEARCH_USE, icon=":material/biotech:", color="orange")
        _step_button(queue, "Previous", position - 1, disabled=position == 1)
        _step_button(
            queue,
            "Summary" if position + 1 == last else "Next",
            position + 1,
            disabled=position == last,
        )
        st.button(
            "End",
            icon=":material/stop:",
            key="board_end",
            help="Back to the preparation, which names tumors. Press **?** for the keys.",
            on_click=open_queue,
            args=(queue.queue_id,),
        )


def _say_where(title: str, position: int, last: int) -> str:
    """Say which case is shown, without saying again what the title says."""
    if position == last:
        return "The meeting is over"
    number = f"Case {position}"
    return f"of {last - 1}" if title == number else f"{number} of {last - 1}"


def _step_button(queue: Queue, label: str, position: int, *, disabled: bool) -> None:
    back = label == "Previous"
    st.button(
        label,
        icon=f":material/arrow_{'back' if back else 'forward'}:",
        icon_position="left" if back else "right",
        key=f"board_{'previous' if back else 'next'}",
        disabled=disabled,
        on_click=open_queue,
        args=(queue.queue_id, position),
    )


def _show_summary(queue: Queue, places: list[int]) -> None:
    workspace = resources.workspace()
    log = workspace.decision_log()
    entries = workspace.decisions_of_meeting(queue.queue_id)
    corrected = log.corrected()
    standing = [entry for entry in entries if entry.number not in corrected]
    told = {place: _about(queue.cases[place], standing) for place in places}
    decided = sum(bool(own) for own in told.values())
    st.markdown(f"**{decided} of {count(len(places), 'case')} decided**")
    for place, own in told.items():
        _show_case_summary(queue.pseudonym(place), own)
    if log.problem:
        st.warning(plain_text(log.problem), icon=":material/gpp_maybe:")
    if entries:
        offer_export(entries, log, key="meeting")
    elif not places:
        show_empty("No case of this queue is on the map", "Prepare it again.", ":material/groups:")


def _about(case: QueueCase, entries: list[Decision]) -> list[Decision]:
    return [e for e in entries if (e.study_id, e.sample_id) == (case.study_id, case.sample_id)]


def _show_case_summary(pseudonym: str, entries: list[Decision]) -> None:
    with st.container(border=True, gap=None):
        st.header(plain_text(pseudonym), anchor=False)
        if not entries:
            st.markdown("No decision was recorded.")
        for entry in entries:
            st.markdown(f"**{plain_text(entry.decision)}**  \n{plain_text(entry.rationale)}")
            st.caption(f"{plain_text(entry.decided_by)} · {say_day(entry.decided_on)}")


def asked_position() -> int | None:
    """Return which case the address asks for; None outside of a meeting."""
    text = address.read(address.POSITION) or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
