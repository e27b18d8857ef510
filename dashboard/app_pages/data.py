"""Data: what is imported, what was rejected and why, and jobs with their progress."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard import resources
from dashboard.data_import import show_import_form, start_mapping
from dashboard.data_jobs import show_jobs
from dashboard.resources import Published
from dashboard.widgets import guarded, plain_text, show_empty, show_error, show_header, table_room
from dashboard.wording import count, day

NUMBERS = ("lines_read", "loaded", "rejected", "skipped")

OUTCOMES = {
    "rejected": "Rejected: the line breaks a rule and was left out",
    "skipped": "Skipped: the line is sound and of no use here",
    "warning": "Warning: the line was loaded, look at it",
}


@guarded
def show_page() -> None:
    """Show the studies on the left, import and jobs on the right."""
    key = resources.published()
    studies = None if key is None else resources.load_studies(key)
    show_header("Data", synthetic=studies is not None and any(studies["synthetic"].to_pylist()))
    left, right = st.columns([2.3, 1], gap="large")
    with left:
        if key is None or studies is None or studies.num_rows == 0:
            show_empty(
                "No study is imported yet",
                "Import a study on the right, run `tumorxy import PATH` on the server, or run "
                "`make demo` for the bundled synthetic cohort.",
                ":material/database:",
            )
        else:
            _show_studies(key, studies)
    with right:
        st.header("Import a study", anchor=False)
        show_import_form()
        st.header("Jobs", anchor=False)
        show_jobs()


def _show_studies(key: Published, studies: pa.Table) -> None:
    rows = studies.to_pylist()
    total = sum(row["num_samples"] for row in rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header(
            f"{count(len(rows), 'study')}, {count(total, 'tumor')}", anchor=False, width="stretch"
        )
        if st.button(
            "Make the map anew",
            icon=":material/refresh:",
            help="Embed what is not embedded yet, and fit the map to all tumors.",
        ):
            start_mapping()
            st.rerun()
    event = table_room(len(rows), "data_studies_table").dataframe(
        _study_frame(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row-required",
        key="data_studies",
        column_config={
            "Name": st.column_config.TextColumn(width=250),
            **{
                name: st.column_config.NumberColumn(format="localized", width=84)
                for name in ("Tumors", "Patients", "Alterations")
            },
        },
        alt="Imported studies",
    )
    chosen = event.selection.rows
    place = chosen[0] if chosen and chosen[0] < len(rows) else 0
    _show_study(key, rows[place])


def _study_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Study": [row["study_id"] for row in rows],
            "Name": [row["name"] for row in rows],
            "Data": ["Synthetic" if row["synthetic"] else "Imported" for row in rows],
            "Genome": [row["genome"] for row in rows],
            "Tumors": [row["num_samples"] for row in rows],
            "Patients": [row["num_patients"] for row in rows],
            "Alterations": [row["num_alterations"] for row in rows],
            "On": [day(row["imported_at"]) for row in rows],
        }
    )


def _show_study(key: Published, study: dict[str, Any]) -> None:
    study_id = study["study_id"]
    report = resources.load_report(key, study_id)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(plain_text(study["name"]), anchor=False, width="stretch")
            if study["synthetic"]:
                st.badge("Synthetic", icon=":material/labs:", color="violet")
            if st.button("Remove", icon=":material/delete:", key="data_remove"):
                _confirm_removal(study_id, study["num_samples"])
        for text in dict.fromkeys((study["description"], study["citation"])):
            if text and text != study["name"]:
                st.caption(plain_text(text))
        _show_files(report.files)
        if report.files.num_rows:
            _show_findings(report.findings)
        for note in report.notes:
            st.caption(f":material/info: {plain_text(note)}")
        st.caption(f"Contents, SHA-256: `{study['source_digest'][:16]}…`")


def _show_files(files: pa.Table) -> None:
    if files.num_rows == 0:
        st.caption(":material/info: It was not read from files, so there are no lines to account.")
        return
    st.markdown(
        "**Every line is accounted for**: read = loaded + rejected + skipped",
        help="Header and comment lines are not counted.",
    )
    table_room(files.num_rows, "data_files_table").dataframe(
        files.to_pandas().rename(columns=_heading),
        hide_index=True,
        column_config={
            _heading(name): st.column_config.NumberColumn(format="localized") for name in NUMBERS
        },
        key="data_files",
        alt="Lines of each file",
    )


def _show_findings(findings: pa.Table) -> None:
    if findings.num_rows == 0:
        st.caption(":material/check: Nothing was rejected, skipped or warned of.")
        return
    st.markdown(
        "**What was found**, by rule, with the first example of each",
        help="  \n".join(OUTCOMES.values()),
    )
    rows = [
        {
            "Outcome": row["outcome"],
            "Rule": row["rule"],
            "Lines": f"{row['count']:,}",
            "What was found and done": plain_text(row["message"] or ""),
            "First example": plain_text(_example(row)),
        }
        for row in findings.to_pylist()
    ]
    # A static table wraps its sentences; a grid would cut them.
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Findings by rule")


def _example(finding: dict[str, Any]) -> str:
    line = finding["line"]
    place = [finding["file"], f"line {line:,}" if line is not None else None, finding["column"]]
    where = ", ".join(part for part in place if part)
    return f"{where}: {finding['value']}" if finding["value"] else where


def _heading(name: str) -> str:
    return name.replace("_", " ").capitalize()


@st.dialog("Remove this study?")
def _confirm_removal(study_id: str, num_samples: int) -> None:
    st.markdown(
        f"**{plain_text(study_id)}** with {count(num_samples, 'tumor')} goes, with everything "
        "computed from it. This cannot be undone; the files it was imported from stay where they "
        "are."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="data_keep"):
            st.rerun()
        if st.button("Remove", type="primary", key="data_remove_really"):
            _remove(study_id)


def _remove(study_id: str) -> None:
    try:
        with st.spinner("Removing"):
            resources.service().remove(study_id)
    except Exception as error:  # noqa: BLE001 - the edge of the dialog; recorded, then told
        show_error(error)
        st.stop()
    st.rerun()


show_page()
