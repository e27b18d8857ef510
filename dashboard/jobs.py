"""Long work of the Data page: child processes that outlive a restart of the server.

A job is a folder below HOME/jobs. Each file in it has one writer:

- `job.json`: what to do; written once, before the process starts.
- `process.json`: number and start time of the process; written by whoever started it.
- `progress.json`: how far it is; written by the process.
- `stdout`: one JSON document, the result; `stderr`: what it said on the way.
- `canceled`: somebody stopped it.
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from dashboard.documents import read_json, write_json
from dashboard.errors import JobError
from dashboard.settings import Settings, make_private
from dashboard.uploads import Upload, discard_upload, save_uploads

JOB_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
STOP_SECONDS = 5.0
LONGEST_UPLOAD_SECONDS = 3600.0
# The system rounds the start time of a process to its clock ticks.
START_TOLERANCE_SECONDS = 1.0


class JobState(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One verb of a job.

    Attributes:
        verb: `import`, `embed` or `layout`.
        arguments: What the verb needs, as JSON: `path`, `study_id`, `genome`, `panel`,
            `cancer_type` of an import; `study_ids` of an embedding; `name` of a layout.
    """

    verb: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands now.

    Attributes:
        job_id: Name of its folder.
        title: What it does, for a user.
        steps: What it does, in order.
        state: running, done, failed or canceled.
        created_at: When it was asked for, UTC.
        elapsed_s: Seconds it has run, or ran.
        step: Number of the step it is at, from 0.
        stage: What that step does, in words.
        done: Units finished in this stage.
        total: Units of this stage; 0 when not known.
        outcomes: Results of the finished steps, as their commands print them with --json.
        error: The error report (`rule`, `message`, ...) of a failed job.
    """

    job_id: str
    title: str
    steps: tuple[Step, ...]
    state: JobState
    created_at: datetime
    elapsed_s: float
    step: int = 0
    stage: str = ""
    done: int = 0
    total: int = 0
    outcomes: tuple[dict[str, Any], ...] = ()
    error: dict[str, Any] | None = None


def start_job(
    settings: Settings, title: str, steps: Sequence[Step], *, uploads: Sequence[Upload] = ()
) -> Job:
    """Start a job in a process of its own.

    Args:
        settings: Where everything lives.
        title: What it does, for a user.
        steps: What to do, in order; a step that fails ends the job.
        uploads: Files that came through the browser. They are kept until the job ends, and an
            import step without a `path` reads them.

    Returns:
        The job, running.

    Raises:
        UploadRefusedError: If an uploaded file cannot be taken; no job is left behind.
    """
    job_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    _sweep_uploads(settings.home)
    if uploads:
        source = save_uploads(settings.home, job_id, uploads)
        steps = [_with_path(step, source) for step in steps]
    folder = make_private(settings.home / "jobs" / job_id)
    document = {"job_id": job_id, "title": title, "steps": steps, "created_at": datetime.now(UTC)}
    write_json(folder / "job.json", document)
    _start_process(settings, folder)
    return load_job(settings.home, job_id)


def list_jobs(home: Path) -> list[Job]:
    """Return every job, the newest first."""
    names = [entry.name for entry in _folders(home / "jobs") if JOB_ID.fullmatch(entry.name)]
    jobs = []
    for name in sorted(names, reverse=True):
        # A folder without a document is a job that is being made or removed at this moment.
        with suppress(JobError):
            jobs.append(load_job(home, name))
    return jobs


def load_job(home: Path, job_id: str) -> Job:
    """Return one job.

    Args:
        home: The TumorXY home.
        job_id: Name of the job.

    Raises:
        JobError: If there is no such job.
    """
    folder = _folder(home, job_id)
    document = read_json(folder / "job.json")
    if document is None:
        raise JobError(f"There is no job {job_id}. Look at the list of jobs again.")
    result = read_json(folder / "stdout") or {}
    state = _state(folder, result)
    created_at = datetime.fromisoformat(document["created_at"])
    return Job(
        job_id=job_id,
        title=document["title"],
        steps=tuple(Step(**step) for step in document["steps"]),
        state=state,
        created_at=created_at,
        elapsed_s=(_ended_at(folder, state) - created_at).total_seconds(),
        outcomes=tuple(result.get("outcomes", ())),
        error=_error(state, result),
        **_progress(folder),
    )


def cancel_job(home: Path, job_id: str) -> Job:
    """Stop a running job: ask it to end, and kill it when it does not within 5 seconds.

    A job that has ended stays as it is. What was published before stays too.

    Args:
        home: The TumorXY home.
        job_id: Name of the job.

    Returns:
        The job after that.

    Raises:
        JobError: If there is no such job.
    """
    if load_job(home, job_id).state is JobState.RUNNING:
        folder = _folder(home, job_id)
        (folder / "canceled").touch(mode=0o600)
        process = _process(folder)
        if process is not None:
            _end(process)
        discard_upload(home, job_id)
    return load_job(home, job_id)


def remove_job(home: Path, job_id: str) -> None:
    """Forget a job that has ended.

    Args:
        home: The TumorXY home.
        job_id: Name of the job.

    Raises:
        JobError: If there is no such job, or it still runs.
    """
    if load_job(home, job_id).state is JobState.RUNNING:
        raise JobError(f"The job {job_id} still runs. Cancel it first.")
    discard_upload(home, job_id)
    shutil.rmtree(_folder(home, job_id))


def job_command(job_id: str) -> list[str]:
    """Return the command that carries out a job."""
    return [sys.executable, "-m", "dashboard.cli", "run-job", job_id, "--json"]


def _with_path(step: Step, source: Path) -> Step:
    if step.verb != "import" or "path" in step.arguments:
        return step
    return Step(verb=step.verb, arguments={**step.arguments, "path": str(source)})


def _start_process(settings: Settings, folder: Path) -> None:
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            job_command(folder.name),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=settings.environment(),
            # A signal to the server's group, such as Ctrl-C, must not reach the job.
            start_new_session=True,
        )
    started = psutil.Process(process.pid).create_time()
    write_json(folder / "process.json", {"pid": process.pid, "started": started})
    # Somebody must collect the exit status, or the ended process stays in the process table.
    threading.Thread(target=process.wait, daemon=True).start()


def _folder(home: Path, job_id: str) -> Path:
    if not JOB_ID.fullmatch(job_id):
        raise JobError(f"{job_id!r} is not the name of a job. Look at the list of jobs again.")
    return home / "jobs" / job_id


def _folders(parent: Path) -> Iterable[Path]:
    return [entry for entry in parent.iterdir() if entry.is_dir()] if parent.is_dir() else []


def _process(folder: Path) -> psutil.Process | None:
    """Return the job's process while it lives; another one may have its number by now."""
    record = read_json(folder / "process.json")
    if record is None:
        return None
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < START_TOLERANCE_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _state(folder: Path, result: dict[str, Any]) -> JobState:
    if result and result.get("error") is None:
        return JobState.DONE
    if _process(folder) is not None:
        return JobState.RUNNING
    return JobState.CANCELED if (folder / "canceled").exists() else JobState.FAILED


def _ended_at(folder: Path, state: JobState) -> datetime:
    if state is JobState.RUNNING:
        return datetime.now(UTC)
    traces = [folder / name for name in ("job.json", "stdout", "stderr", "progress.json")]
    return datetime.fromtimestamp(max(t.stat().st_mtime for t in traces if t.exists()), UTC)


def _error(state: JobState, result: dict[str, Any]) -> dict[str, Any] | None:
    if state is not JobState.FAILED:
        return None
    lost = {
        "rule": "job-died",
        "message": "The job ended without a result: it was stopped from outside, or the memory "
        "was used up. What was published before it is untouched. Start it again.",
    }
    return result.get("error") or lost


def _progress(folder: Path) -> dict[str, Any]:
    found = read_json(folder / "progress.json") or {}
    return {name: found[name] for name in ("step", "stage", "done", "total") if name in found}


def _end(process: psutil.Process) -> None:
    """Ask a process to end, and kill it and its children when it does not or leaves them."""
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs([process], timeout=STOP_SECONDS)
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=STOP_SECONDS)


def _sweep_uploads(home: Path) -> None:
    """Delete uploads of jobs that ended without deleting them, killed ones for example."""
    for folder in _folders(home / "uploads"):
        if JOB_ID.fullmatch(folder.name) and _is_abandoned(home / "jobs" / folder.name, folder):
            discard_upload(home, folder.name)


def _is_abandoned(job: Path, upload: Path) -> bool:
    if (job / "process.json").exists():
        return _process(job) is None
    # An upload that another session is still writing has no process yet.
    age = datetime.now(UTC).timestamp() - upload.stat().st_mtime
    return age > LONGEST_UPLOAD_SECONDS
