"""Wait on a page for a job that it started: progress, cancel, and what to do when it fails."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import resources
from dashboard.errors import JobError
from dashboard.formatting import duration
from dashboard.jobs import Job, JobState, cancel_job, load_job
from dashboard.widgets import guarded, plain_text

REFRESH_SECONDS = 1.0


def wait_for_job(name: str, start: Callable[[], Job], advice: str) -> None:
    """Offer a job, show how far it is, and renew the page when it is done.

    Args:
        name: What it computes; a browser session starts one job per name.
        start: Starts it.
        advice: What to expect, one sentence or two.
    """
    known = st.session_state.get(f"job {name}")
    job = None if known is None else _found(known)
    if job is not None and job.state is JobState.RUNNING:
        st.fragment(guarded(_watch), run_every=REFRESH_SECONDS)(job.job_id)
        return
    if job is not None and job.error:
        st.error(plain_text(job.error["message"]), icon=":material/error:")
    elif job is not None and job.state is JobState.CANCELED:
        st.caption("It was canceled.")
    st.caption(advice)
    if st.button("Compute it", icon=":material/play_arrow:", key=f"start {name}"):
        st.session_state[f"job {name}"] = start().job_id
        st.rerun()


def _watch(job_id: str) -> None:
    job = load_job(resources.settings().home, job_id)
    if job.state is not JobState.RUNNING:
        st.rerun()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    st.progress(share, text=plain_text(f"{job.stage or 'Starting'}, {duration(job.elapsed_s)}"))
    st.button(
        "Cancel",
        icon=":material/stop_circle:",
        on_click=_cancel,
        args=(job_id,),
        key=f"cancel {job_id}",
    )


def _cancel(job_id: str) -> None:
    cancel_job(resources.settings().home, job_id)


def _found(job_id: str) -> Job | None:
    """Return a job; None when it was taken off the list."""
    try:
        return load_job(resources.settings().home, job_id)
    except JobError:
        return None
