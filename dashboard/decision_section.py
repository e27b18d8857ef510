"""What was decided about a tumor and about tumors like it; shown on the Patient and Board pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st

from cache.errors import CacheError
from cache.workspace_decisions import Decision, Log, NewDecision
from dashboard import address, resources
from dashboard.decision_records import decisions_csv, decisions_json, say_day
from dashboard.glossary import meaning
from dashboard.patient_subject import BoardSubject
from dashboard.queries import KEYS, Rows
from dashboard.rows import find_rows
from dashboard.widgets import guarded, plain_text

SECTION = "decisions"
"""Key of the section; a meeting jumps to its form by a key press."""

PROBLEM = "decision_problem"
"""Where the session keeps why an entry was refused, until it was told."""

PERSON = "decision_person"
"""Where the session keeps who decided last."""

MOST_SIMILAR = 5
FARTHEST_RANK = 200
"""A tumor beyond this rank is not told as similar."""

SIMILAR_HELP = (
    "Decisions about tumors that the model finds alike, the nearest first. They were right or "
    "wrong for other patients: read their rationale, do not copy them."
)


@st.fragment
@guarded
def show_decisions(subject: BoardSubject) -> None:
    """Show what was decided about a tumor and about tumors like it, and record a decision.

    Args:
        subject: The tumor.
    """
    with st.container(border=True, gap="small", key=SECTION):
        st.header("Decisions", anchor=False, help=meaning("Decision log"))
        log = resources.workspace().decision_log()
        if log.problem:
            st.warning(plain_text(log.problem), icon=":material/gpp_maybe:")
        if subject.row is None:
            st.caption(
                "This tumor is not stored. Store it to keep decisions about it: the log names "
                "stored tumors only."
            )
        else:
            _show_own(subject, log)
        _show_similar(subject)


def _show_own(subject: BoardSubject, log: Log) -> None:
    entries = resources.workspace().decisions_of(*_name(subject))
    left, right = st.columns([1.2, 1], gap="large")
    with right:
        _offer_form(subject, entries, log)
    with left:
        if not entries:
            st.caption("Nothing was decided about this tumor yet.")
        for entry in entries:
            _show_entry(entry, log)
        if entries:
            offer_export(entries, log, key="case")


def _show_entry(entry: Decision, log: Log) -> None:
    newer = log.corrected().get(entry.number)
    text = plain_text(entry.decision)
    with st.container(gap=None):
        st.markdown(f"~~{text}~~" if newer else f"**{text}**")
        st.markdown(plain_text(entry.rationale))
        parts = [f"Entry {entry.number}", say_day(entry.decided_on), plain_text(entry.decided_by)]
        if entry.pseudonym:
            parts.append(f"as {plain_text(entry.pseudonym)}")
        parts.append(f"map {plain_text(entry.layout)}, model {entry.model_digest[:8]}")
        if entry.corrects:
            parts.append(f"corrects entry {entry.corrects}")
        if newer:
            parts.append(f":orange[corrected by entry {newer}]")
        st.caption(" · ".join(parts))


def offer_export(entries: list[Decision], log: Log, *, key: str) -> None:
    """Offer decisions as files.

    Args:
        entries: The decisions.
        log: All entries.
        key: Makes the names of the buttons unique on the page.
    """
    with st.container(horizontal=True, gap="small"):
        for kind, write, mime in (
            ("CSV", decisions_csv, "text/csv"),
            ("JSON", decisions_json, "application/json"),
        ):
            st.download_button(
                kind,
                write(entries, log),
                f"tumorxy-decisions.{kind.lower()}",
                mime,
                key=f"decisions_{key}_{kind}",
                icon=":material/download:",
                help="Pseudonyms only: no sample and no study is named. Digests let anybody check "
                "that nothing was changed.",
                on_click="ignore",
            )


def _offer_form(subject: BoardSubject, entries: list[Decision], log: Log) -> None:
    # Another tumor, and another entry, begin with an empty form.
    fresh = f"{subject.row}_{len(log.entries)}"
    with st.form(f"decision_form_{fresh}", border=False, enter_to_submit=False):
        st.text_input("Decision", key=f"decision_text_{fresh}", max_chars=500)
        st.text_area(
            "Rationale",
            key=f"decision_rationale_{fresh}",
            max_chars=4000,
            height=100,
            placeholder="Why, in words that name nobody: it is shown again beside similar cases",
        )
        first, second = st.columns(2)
        first.text_input(
            "Decided by",
            value=st.session_state.get(PERSON, ""),
            max_chars=80,
            key=f"decision_by_{fresh}",
            placeholder="Board, role or name",
        )
        second.date_input("Date", "today", max_value="today", key=f"decision_date_{fresh}")
        _choose_corrected({e.number: e for e in entries if e.number not in log.corrected()}, fresh)
        st.form_submit_button(
            "Record",
            type="primary",
            icon=":material/edit_note:",
            on_click=_record,
            args=(subject, fresh),
        )
    if problem := st.session_state.pop(PROBLEM, None):
        st.warning(plain_text(problem), icon=":material/edit_off:")


def _choose_corrected(standing: dict[int, Decision], fresh: str) -> None:
    if standing:
        st.selectbox(
            "Corrects",
            list(standing),
            index=None,
            format_func=lambda number: f"Entry {number}: {standing[number].decision[:60]}",
            key=f"decision_corrects_{fresh}",
            placeholder="Nothing: a new decision",
            help="The entry stays, marked as corrected by this one.",
        )


def _record(subject: BoardSubject, fresh: str) -> None:
    typed: dict[str, Any] = {
        name: st.session_state.get(f"decision_{name}_{fresh}")
        for name in ("text", "rationale", "by", "date", "corrects")
    }
    study_id, sample_id = _name(subject)
    new = NewDecision(
        study_id=study_id,
        sample_id=sample_id,
        pseudonym=subject.pseudonym or "",
        decided_on=typed["date"],
        decided_by=typed["by"],
        decision=typed["text"],
        rationale=typed["rationale"],
        model_digest=subject.data.model_digest,
        layout=f"{subject.data.name} v{subject.data.layout_id}",
        snapshot=subject.data.snapshot,
        # The address names a queue in a meeting only, where the tumor has a pseudonym.
        queue_id=(address.read(address.QUEUE) or "") if subject.pseudonym else "",
        corrects=typed["corrects"],
    )
    try:
        number = resources.workspace().record_decision(new)
    except CacheError as error:
        st.session_state[PROBLEM] = str(error)
        return
    st.session_state[PERSON] = new.decided_by
    st.toast(f"Recorded as entry {number}.", icon=":material/check:")


def _name(subject: BoardSubject) -> tuple[str, str]:
    """Return study and sample of a stored tumor."""
    assert subject.row is not None
    sample = subject.data.samples.iloc[subject.row]
    return str(sample["study_id"]), str(sample["sample_id"])


def _show_similar(subject: BoardSubject) -> None:
    found = similar_decisions(subject)
    if not found:
        return
    st.markdown("**Decisions on similar cases**", help=SIMILAR_HELP)
    for rank, row, entry in found:
        who = "" if subject.pseudonym else f"{plain_text(subject.data.places.sample_ids[row])}, "
        st.markdown(
            f"{plain_text(entry.decision)} — {plain_text(entry.rationale)}  \n"
            f":gray[{who}nearest tumor number {rank:,} of {len(subject.data) - 1:,} · "
            f"{say_day(entry.decided_on)} · {plain_text(entry.decided_by)}]"
        )


def similar_decisions(subject: BoardSubject) -> list[tuple[int, int, Decision]]:
    """Return decisions about the tumors that are most like one.

    Args:
        subject: The tumor.

    Returns:
        Rank among all tumors of the map (1 is the nearest), row of the map and decision; the
        nearest first, at most 5.
    """
    keys = resources.workspace().decided_tumors()
    rows = find_rows(keys, subject.data.keys)
    rows = rows[(rows >= 0) & (rows != (-1 if subject.row is None else subject.row))]
    if not rows.size:
        return []
    ranks = _ranks(subject, rows)
    near = rows[ranks <= FARTHEST_RANK]
    rank_of = dict(zip(rows.tolist(), ranks.tolist(), strict=True))
    order = near[np.argsort([rank_of[row] for row in near.tolist()], kind="stable")]
    wanted: pa.Table = subject.data.keys.take(order).select(KEYS)
    found = resources.workspace().decisions_near(wanted)
    return [(rank_of[int(order[place])], int(order[place]), e) for place, e in found][:MOST_SIMILAR]


def _ranks(subject: BoardSubject, rows: Rows) -> Rows:
    """Return how many tumors of the map are as near as each of some, (K,)."""
    space = resources.load_space(subject.key, subject.data, subject.data.layout_id)
    own = space.vectors[subject.row] if subject.vector is None else subject.vector
    likeness = space.vectors @ own
    if subject.row is not None:
        likeness[subject.row] = -np.inf
    return np.array([1 + int((likeness > likeness[row]).sum()) for row in rows])
