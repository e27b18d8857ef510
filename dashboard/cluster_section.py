"""Found clusters on the Map page: look for them, watch, and select one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from dashboard import found_clusters, resources
from dashboard.errors import JobError
from dashboard.formatting import duration
from dashboard.found_clusters import STABLE, UNSTABLE, FoundCluster, FoundClusters
from dashboard.glossary import meaning
from dashboard.jobs import Job, JobState, Step, cancel_job, list_jobs, start_job
from dashboard.queries import MapData, Rows
from dashboard.widgets import guarded, plain_text
from dashboard.wording import count

VERB = "cluster"
CHOSEN = "map_cluster"
OFFER = "map_clusters"
REFRESH_SECONDS = 1.0

MEANING = meaning(
    "Cluster",
    "They are found in the full space of the model (HDBSCAN).",
    f"**Stability**: {meaning('Stability')} Below {UNSTABLE} a cluster is no thing of its own, "
    f"above {STABLE} it is stable.",
)


def show_clusters(data: MapData, select: Callable[[Rows], None]) -> None:
    """Offer the found clusters, or to look for them.

    Args:
        data: The map.
        select: Called with the rows of a cluster when the reader chooses it.
    """
    with st.expander(
        "Found clusters", icon=":material/bubble_chart:", key=OFFER, on_change="rerun"
    ) as offer:
        if not offer.open:
            return
        found = found_clusters.load(resources.settings().home, data)
        if found is None:
            st.fragment(guarded(_look), run_every=_interval())(data)
        else:
            _offer(data, found, select)


def _running() -> Job | None:
    jobs = list_jobs(resources.settings().home)
    return next(
        (j for j in jobs if j.state is JobState.RUNNING and j.steps[0].verb == VERB),
        None,
    )


def _interval() -> float | None:
    return REFRESH_SECONDS if _running() else None


def _look(data: MapData) -> None:
    home = resources.settings().home
    job = _running()
    if job is None and found_clusters.load(home, data) is not None:
        st.rerun()
    if job is None:
        st.caption("Nobody has looked for clusters among these tumors yet.", help=MEANING)
        _tell_failure()
        if st.button("Find clusters", icon=":material/search:", key="cluster_find"):
            step = Step(verb=VERB, arguments={"name": data.name})
            start_job(resources.settings(), f"Find clusters on the map {data.name}", [step])
            st.rerun()
        return
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    st.progress(share, text=f"{job.stage or 'Starting'}, {duration(job.elapsed_s)}")
    if st.button("Cancel", icon=":material/stop_circle:", key="cluster_cancel"):
        try:
            cancel_job(home, job.job_id)
        except JobError as error:
            st.caption(plain_text(str(error)))
        st.rerun()


def _tell_failure() -> None:
    """Tell why the last look for clusters failed, if it did."""
    jobs = list_jobs(resources.settings().home)
    last = next((job for job in jobs if job.steps[0].verb == VERB), None)
    if last is not None and last.error:
        st.error(plain_text(last.error["message"]))


def _offer(data: MapData, found: FoundClusters, select: Callable[[Rows], None]) -> None:
    if not found.clusters:
        st.caption("No dense place stands out: the tumors form a continuum.", help=MEANING)
        return
    st.caption(
        f"{count(len(found.clusters), 'cluster')}; {found.share_in_clusters:.0%} of the tumors "
        "are in one.",
        help=MEANING,
    )
    st.selectbox(
        "Select a cluster",
        range(len(found.clusters)),
        index=None,
        format_func=lambda number: label_of(found.clusters[number]),
        placeholder="Choose one to select its tumors",
        key=CHOSEN,
        on_change=_select,
        args=(found, select),
    )
    chosen = st.session_state.get(CHOSEN)
    if chosen is not None and chosen < len(found.clusters):
        st.caption(plain_text(found.clusters[chosen].sentence))


def _select(found: FoundClusters, select: Callable[[Rows], None]) -> None:
    chosen = st.session_state.get(CHOSEN)
    if chosen is not None:
        select(np.flatnonzero(found.labels == chosen))


def label_of(cluster: FoundCluster) -> str:
    """Name a cluster with its size and stability."""
    word = "stable" if cluster.stability >= STABLE else "fair"
    word = "unstable" if cluster.stability < UNSTABLE else word
    return (
        f"{cluster.name} · {count(cluster.num_tumors, 'tumor')} · stability "
        f"{cluster.stability:.2f} ({word})"
    )
