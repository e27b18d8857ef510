from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dashboard import jobs
from dashboard.documents import write_json
from dashboard.errors import JobError, UploadRefusedError
from dashboard.jobs import Job, JobState, Step
from dashboard.settings import Settings
from dashboard.uploads import Upload

PATIENCE_SECONDS = 20.0
DONE = 'import json; print(json.dumps({"outcomes": [{"n": 1}], "error": None}))'
REFUSED = (
    "import json, sys;"
    'print(json.dumps({"outcomes": [{"n": 1}], "error": {"rule": "r", "message": "m"}}));'
    "sys.exit(1)"
)
SLEEPS = "import time; time.sleep(60)"
SLEEPS_WITH_CHILD = (
    "import subprocess, sys, time;"
    'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]);'
    "print(child.pid, file=sys.stderr, flush=True); time.sleep(60)"
)
DEAF = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    'print("deaf", file=sys.stderr, flush=True); time.sleep(60)'
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let jobs run a line of Python instead of the command."""

    def use(code: str) -> None:
        monkeypatch.setattr(jobs, "job_command", lambda job_id: [sys.executable, "-c", code])

    return use


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def _ended(settings: Settings, job_id: str) -> Job:
    _wait(lambda: jobs.load_job(settings.home, job_id).state is not JobState.RUNNING)
    return jobs.load_job(settings.home, job_id)


def _stderr(settings: Settings, job_id: str) -> str:
    path = settings.home / "jobs" / job_id / "stderr"
    _wait(lambda: path.read_text().endswith("\n"))
    return path.read_text()


def test_a_job_ends_with_the_results_of_its_steps(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(DONE)
    steps = [Step(verb="embed", arguments={"study_ids": ["a"]}), Step(verb="layout")]
    started = jobs.start_job(settings, "Map a", steps)
    job = _ended(settings, started.job_id)
    assert (job.state, job.outcomes, job.error) == (JobState.DONE, ({"n": 1},), None)
    assert (job.title, job.steps) == ("Map a", tuple(steps))
    assert 0 <= job.elapsed_s < PATIENCE_SECONDS


def test_a_refusal_keeps_the_results_of_earlier_steps(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(REFUSED)
    job = _ended(settings, jobs.start_job(settings, "t", [Step(verb="embed")]).job_id)
    assert job.state is JobState.FAILED
    assert job.error == {"rule": "r", "message": "m"}
    assert job.outcomes == ({"n": 1},)


def test_a_killed_process_is_a_failed_job_with_advice(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(SLEEPS)
    job = jobs.start_job(settings, "t", [Step(verb="embed")])
    assert job.state is JobState.RUNNING
    record = json.loads((settings.home / "jobs" / job.job_id / "process.json").read_text())
    psutil.Process(record["pid"]).kill()
    ended = _ended(settings, job.job_id)
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert ended.error["rule"] == "job-died"


def test_cancel_ends_the_process_and_its_children(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(SLEEPS_WITH_CHILD)
    job = jobs.start_job(settings, "t", [Step(verb="embed")])
    child = int(_stderr(settings, job.job_id))
    assert jobs.cancel_job(settings.home, job.job_id).state is JobState.CANCELED
    _wait(lambda: not psutil.pid_exists(child) or _is_zombie(child))


def _is_zombie(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_cancel_kills_a_process_that_does_not_listen(
    settings: Settings, runs: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STOP_SECONDS", 0.2)
    runs(DEAF)
    job = jobs.start_job(settings, "t", [Step(verb="embed")])
    _stderr(settings, job.job_id)
    assert jobs.cancel_job(settings.home, job.job_id).state is JobState.CANCELED


def test_cancel_leaves_an_ended_job_as_it_is(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(DONE)
    job = _ended(settings, jobs.start_job(settings, "t", [Step(verb="embed")]).job_id)
    assert jobs.cancel_job(settings.home, job.job_id).state is JobState.DONE


def test_another_process_with_the_same_number_is_not_the_job(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(REFUSED)
    job = _ended(settings, jobs.start_job(settings, "t", [Step(verb="embed")]).job_id)
    record = settings.home / "jobs" / job.job_id / "process.json"
    write_json(record, {"pid": os.getpid(), "started": 1.0})
    assert jobs.load_job(settings.home, job.job_id).state is JobState.FAILED


def test_progress_of_the_process_is_read(settings: Settings, runs: Callable[[str], None]) -> None:
    runs(SLEEPS)
    job = jobs.start_job(settings, "t", [Step(verb="embed"), Step(verb="layout")])
    write_json(
        settings.home / "jobs" / job.job_id / "progress.json",
        {"step": 1, "stage": "Fitting the map", "done": 3, "total": 10},
    )
    now = jobs.load_job(settings.home, job.job_id)
    assert (now.step, now.stage, now.done, now.total) == (1, "Fitting the map", 3, 10)
    jobs.cancel_job(settings.home, job.job_id)


def test_jobs_are_listed_newest_first_and_forgotten_when_ended(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    assert jobs.list_jobs(settings.home) == []
    runs(DONE)
    names = [jobs.start_job(settings, "t", [Step(verb="embed")]).job_id for _ in range(2)]
    (settings.home / "jobs" / "not-a-job").mkdir()
    assert [job.job_id for job in jobs.list_jobs(settings.home)] == sorted(names, reverse=True)
    for name in names:
        _ended(settings, name)
        jobs.remove_job(settings.home, name)
    assert jobs.list_jobs(settings.home) == []


def test_a_running_job_is_not_forgotten(settings: Settings, runs: Callable[[str], None]) -> None:
    runs(SLEEPS)
    job = jobs.start_job(settings, "t", [Step(verb="embed")])
    with pytest.raises(JobError, match=r"still runs\. Cancel it first"):
        jobs.remove_job(settings.home, job.job_id)
    jobs.cancel_job(settings.home, job.job_id)


@pytest.mark.parametrize("name", ["../jobs", "20260102-030405-abcdef"])
def test_an_unknown_job_is_refused(name: str, settings: Settings) -> None:
    with pytest.raises(JobError, match="job"):
        jobs.load_job(settings.home, name)


def test_an_upload_becomes_the_path_of_the_import_and_goes_with_the_job(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(SLEEPS)
    upload = Upload(name="a.maf", content=io.BytesIO(b"x"))
    steps = [Step(verb="import", arguments={"study_id": "s"}), Step(verb="embed")]
    job = jobs.start_job(settings, "t", steps, uploads=[upload])
    path = Path(job.steps[0].arguments["path"])
    assert path.read_bytes() == b"x"
    assert job.steps[1] == steps[1]
    jobs.cancel_job(settings.home, job.job_id)
    assert not path.exists()


def test_the_next_job_sweeps_what_a_killed_one_left(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(DONE)  # a process that does not delete its upload
    upload = Upload(name="a.maf", content=io.BytesIO(b"x"))
    first = jobs.start_job(settings, "t", [Step(verb="import")], uploads=[upload])
    _ended(settings, first.job_id)
    _wait(lambda: jobs._process(settings.home / "jobs" / first.job_id) is None)
    being_written = settings.home / "uploads" / "20260102-030405-abcdef"
    being_written.mkdir()
    second = jobs.start_job(settings, "t", [Step(verb="embed")])
    _ended(settings, second.job_id)
    assert not (settings.home / "uploads" / first.job_id).exists()
    assert being_written.exists()


def test_a_refused_upload_leaves_no_job(settings: Settings) -> None:
    upload = Upload(name="..", content=io.BytesIO(b"x"))
    with pytest.raises(UploadRefusedError, match="cannot be used"):
        jobs.start_job(settings, "t", [Step(verb="import")], uploads=[upload])
    assert jobs.list_jobs(settings.home) == []


def test_a_folder_without_a_document_does_not_hide_the_other_jobs(
    settings: Settings, runs: Callable[[str], None]
) -> None:
    runs(DONE)
    job = jobs.start_job(settings, "one", [Step(verb="embed")])
    _ended(settings, job.job_id)
    (settings.home / "jobs" / "20260101-000000-abcdef").mkdir()
    assert [listed.job_id for listed in jobs.list_jobs(settings.home)] == [job.job_id]
