"""The bundled synthetic cohort, from nothing to a map, and nothing twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dashboard.jobs import Job, Step, list_jobs, start_job
from dashboard.outcomes import DemoOutcome
from dashboard.published_map import installed_digest, newest_layout
from dashboard.settings import Settings
from engine.progress import Progress

if TYPE_CHECKING:
    from dashboard.service import Service

EXPLAIN_ALL = "explain-all"
"""Verb of the step that explains many tumors."""


def build_demo(service: Service, progress: Progress) -> DemoOutcome:
    """Import, embed and lay out the bundled cohort; skip what is there.

    A map that the user has already is left as it is: the cohort is placed on it.

    Args:
        service: The service whose home gets the cohort.
        progress: Told how far the work is.

    Returns:
        What is there now.
    """
    from engine.synthetic import STUDY, sample_cohort

    started = time.monotonic()
    was_ready = _is_ready(service)
    if not was_ready:
        if _imported(service) is None:
            progress("Drawing the synthetic cohort", 0, 1)
            cohort = sample_cohort()
            progress("Drawing the synthetic cohort", 1, 1)
            service.import_cohort(cohort, progress)
        service.embed([STUDY.study_id], progress)
        if _map(service) is None:
            service.layout(progress=progress)
    study, layout = _imported(service), _map(service)
    assert study is not None
    assert layout is not None
    return DemoOutcome(
        study_id=STUDY.study_id,
        num_tumors=study["num_samples"],
        layout_id=layout["layout_id"],
        was_ready=was_ready,
        elapsed_s=time.monotonic() - started,
    )


def explain_in_background(settings: Settings) -> Job | None:
    """Start a job that explains the cancer type of the bundled cohort, once.

    It takes some minutes, steps back behind the pages and can be canceled on the Data page.

    Args:
        settings: Where everything lives.

    Returns:
        The job; None when one was started before.
    """
    if any(step.verb == EXPLAIN_ALL for job in list_jobs(settings.home) for step in job.steps):
        return None
    from engine.synthetic import STUDY

    step = Step(verb=EXPLAIN_ALL, arguments={"study_ids": [STUDY.study_id]})
    return start_job(settings, "Explain the cancer types of the synthetic cohort", [step])


def _is_ready(service: Service) -> bool:
    study = _imported(service)
    layout = None if study is None else _map(service)
    if study is None or layout is None:
        return False
    with service.store.read() as reader:
        shown = reader.coordinates(layout["layout_id"], [study["study_id"]]).num_rows
    return bool(shown == study["num_samples"])


def _imported(service: Service) -> dict[str, Any] | None:
    """Return the cohort's row of `list_studies` when it is the bundled one."""
    from engine.synthetic import STUDY, cohort_digest

    for study in service.list_studies().to_pylist():
        if study["study_id"] == STUDY.study_id and study["source_digest"] == cohort_digest():
            return dict(study)
    return None


def _map(service: Service) -> dict[str, Any] | None:
    """Return the newest map when it belongs to the installed model."""
    with service.store.read() as reader:
        layout = newest_layout(reader)
    if layout is None or layout["model_digest"] != installed_digest():
        return None
    return layout
