"""The list of jobs on the Data page, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard import resources
from dashboard.errors import JobError, report_error
from dashboard.formatting import duration
from dashboard.jobs import Job, JobState, cancel_job, list_jobs, remove_job
from dashboard.widgets import guarded, plain_text
from dashboard.wording import count

MOST_JOBS = 8
REFRESH_SECONDS = 1.0

RUNNING = "data_running"

PROBLEM = "data_job_problem"
"""What a button of the list could not do, told in the next run."""

Color = Literal["blue", "green", "red", "gray"]

STATES: dict[JobState, tuple[str, Color, str]] = {
    JobState.RUNNING: ("Running", "blue", ":material/progress_activity:"),
    JobState.DONE: ("Done", "green", ":material/check_circle:"),
    JobState.FAILED: ("Failed", "red", ":material/error:"),
    JobState.CANCELED: ("Canceled", "gray", ":material/cancel:"),
}
VERBS = {
    "import": "Import",
    "embed": "Embed",
    "layout": "Make the map",
    "cluster": "Find clusters",
    "explain": "Explain",
    "explain-all": "Explain the tumors",
}


def show_jobs() -> None:
    """List the jobs; the list renews itself while one runs."""
    running = any(job.state is JobState.RUNNING for job in list_jobs(resources.settings().home))
    st.session_state[RUNNING] = running
    st.fragment(guarded(_list), run_every=REFRESH_SECONDS if running else None)()


def _list() -> None:
    problem = st.session_state.pop(PROBLEM, None)
    if problem:
        # The list renews itself each second; a toast stays.
        st.toast(plain_text(problem), icon=":material/info:", duration="long")
    jobs = list_jobs(resources.settings().home)
    if st.session_state.get(RUNNING) and all(job.state is not JobState.RUNNING for job in jobs):
        # The last one has ended: the studies beside the list have changed too.
        st.session_state[RUNNING] = False
        st.rerun()
    if not jobs:
        st.caption("No job has run yet. Imports and maps are made in jobs and listed here.")
    for job in jobs[:MOST_JOBS]:
        _show_job(job)
    if len(jobs) > MOST_JOBS:
        st.caption(f"{count(len(jobs) - MOST_JOBS, 'older job')} not shown.")


def _show_job(job: Job) -> None:
    word, color, icon = STATES[job.state]
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain_text(job.title)}**", width="stretch")
            st.badge(word, icon=icon, color=color)
        if job.state is JobState.RUNNING:
            _show_progress(job)
        elif job.error:
            st.error(plain_text(job.error["message"]))
        elif job.state is JobState.DONE:
            st.caption(plain_text(describe(job)))
        else:
            st.caption("Stopped before its end; what was published before it is untouched.")
        _show_buttons(job)


def _show_progress(job: Job) -> None:
    step = job.steps[job.step] if job.step < len(job.steps) else job.steps[-1]
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    stage = job.stage or "Starting"
    numbers = f" {job.done:,} of {job.total:,}" if job.total > 1 else ""
    st.progress((job.step + share) / len(job.steps), text=plain_text(f"{stage}{numbers}"))
    st.caption(
        f"Step {job.step + 1} of {len(job.steps)}, {VERBS.get(step.verb, step.verb)}, "
        f"{duration(job.elapsed_s)}"
    )


def _show_buttons(job: Job) -> None:
    home = resources.settings().home
    if job.state is JobState.RUNNING:
        st.button(
            "Cancel",
            icon=":material/stop_circle:",
            on_click=_try,
            args=(cancel_job, home, job.job_id),
            key=f"cancel_{job.job_id}",
        )
    else:
        st.button(
            "Take off the list",
            icon=":material/close:",
            type="tertiary",
            on_click=_try,
            args=(remove_job, home, job.job_id),
            key=f"remove_{job.job_id}",
        )


def _try(change: Callable[[Path, str], object], home: Path, job_id: str) -> None:
    """Carry out a button; another session, or a second click, may have been faster."""
    try:
        change(home, job_id)
    except FileNotFoundError:
        # It vanished between the look and the change, which is what was asked for.
        return
    except (JobError, OSError) as error:
        st.session_state[PROBLEM] = report_error(error, home).message


def describe(job: Job) -> str:
    """Say what a finished job did, from what its steps returned."""
    parts = []
    for step, outcome in zip(job.steps, job.outcomes, strict=False):
        if step.verb == "import":
            parts.append(
                f"{outcome['study_id']}: {count(outcome['num_samples'], 'tumor')}, "
                f"{count(outcome['num_alterations'], 'alteration')}"
            )
        elif step.verb == "embed":
            parts.append(f"{count(outcome['num_computed'], 'embedding')} computed")
        elif step.verb == "layout":
            parts.append(f"map of {count(outcome['num_tumors'], 'tumor')}")
        elif step.verb == "explain":
            parts.append(f"{outcome['sample_id']} explained")
        elif step.verb == "explain-all":
            parts.append(f"{count(outcome['num_explained'], 'tumor')} explained")
        elif step.verb == "cluster":
            parts.append(f"{count(outcome['num_clusters'], 'cluster')} found")
    return f"{', '.join(parts)}, {duration(job.elapsed_s)}"
