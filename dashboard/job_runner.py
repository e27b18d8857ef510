"""The inside of a job's process: carries out its steps and writes down how far it is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from dashboard.documents import plain, write_json
from dashboard.errors import DashboardError, JobError, report_error
from dashboard.jobs import Step, load_job
from dashboard.service import Service
from dashboard.settings import Settings
from dashboard.uploads import discard_upload
from engine.progress import Progress
from engine.readers.options import ReadOptions

WRITE_EVERY_SECONDS = 0.2
BACKGROUND = 10
"""How far work that nobody waits for steps back behind the pages."""


def run(settings: Settings, job_id: str) -> dict[str, Any]:
    """Carry out a job.

    Args:
        settings: Where everything lives.
        job_id: Name of the job.

    Returns:
        `outcomes`, one per finished step, and `error`, the report of the step that failed or None.
    """
    job = load_job(settings.home, job_id)
    folder = settings.home / "jobs" / job_id
    service = Service(settings.home)
    outcomes: list[Any] = []
    try:
        for number, step in enumerate(job.steps):
            outcomes.append(plain(_run_step(service, step, JobProgress(folder, number))))
    except Exception as error:  # noqa: BLE001 - the edge of the process; recorded, then told
        return {"outcomes": outcomes, "error": plain(report_error(error, settings.home))}
    finally:
        discard_upload(settings.home, job_id)
    return {"outcomes": outcomes, "error": None}


class JobProgress:
    """Writes progress into the job's folder, at most five times a second."""

    def __init__(self, folder: Path, step: int) -> None:
        """Write into `folder` for the step of that number, from 0."""
        self._path = folder / "progress.json"
        self._step = step
        self._stage = ""
        self._written = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Write the progress, unless it was written a moment ago and the stage is the same."""
        now = time.monotonic()
        goes_on = stage == self._stage and (done < total or total == 0)
        if goes_on and now - self._written < WRITE_EVERY_SECONDS:
            return
        self._stage, self._written = stage, now
        write_json(self._path, {"step": self._step, "stage": stage, "done": done, "total": total})


def _run_step(service: Service, step: Step, progress: Progress) -> Any:
    given = dict(step.arguments)
    match step.verb:
        case "import":
            path = Path(given.pop("path"))
            return service.import_path(path, _options(given), progress)
        case "embed":
            return service.embed(given.get("study_ids"), progress)
        case "layout":
            return service.layout(given.get("name", "main"), progress)
        case "cluster":
            from dashboard import found_clusters

            return found_clusters.find(service.store, service.home, given.get("name"), progress)
        case "explain":
            return _explain(service, given, progress)
        case "explain-all":
            from dashboard.explain_all import explain_all

            os.nice(BACKGROUND)
            return explain_all(service, given.get("task"), given.get("study_ids"), progress)
    raise JobError(
        f"A job cannot {step.verb!r}; expected import, embed, layout, cluster, explain or "
        "explain-all."
    )


def _explain(service: Service, given: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Explain a stored tumor; the result is in the store, so only its name is returned."""
    from dashboard.explain_verb import explain_stored
    from dashboard.explanations import Asked

    asked = Asked(task=given["task"], class_name=given["class_name"])
    explain_stored(service, (given["study_id"], given["sample_id"]), asked, progress)
    return given


def _options(given: dict[str, Any]) -> ReadOptions:
    try:
        return ReadOptions(**given)
    except ValueError as error:
        raise DashboardError(str(error)) from error
