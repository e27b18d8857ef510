"""The command as a process of its own: streams, signals, and what they leave behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from dashboard import jobs
from dashboard.jobs import JobState, Step
from dashboard.service import Service
from dashboard.settings import Settings
from tests.dashboard.studies import draw_cohort, write_maf

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60.0


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dashboard.cli", *arguments]


def _run(settings: Settings, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments),
        env=settings.environment(),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def maf(tmp_path: Path) -> Path:
    return write_maf(tmp_path / "study.maf", draw_cohort("a", 30))


def test_stdout_is_one_document_and_stderr_the_rest(
    settings: Settings, maf: Path, tmp_path: Path
) -> None:
    result = _run(settings, "import", str(maf), "--genome", "GRCh37", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    [file] = document["files"]
    assert file["lines_read"] == file["loaded"] + file["rejected"] + file["skipped"] > 0
    assert "Reading mutations" in result.stderr
    assert stat_is_private(settings.home)


def stat_is_private(folder: Path) -> bool:
    return folder.stat().st_mode & 0o077 == 0


def test_a_refused_file_leaves_the_earlier_study_as_it_is(
    settings: Settings, maf: Path, tmp_path: Path
) -> None:
    _run(settings, "import", str(maf), "--genome", "GRCh37", "--json", cwd=tmp_path)
    before = Service(settings.home).store.snapshot()
    maf.write_text("Hugo_Symbol\tNCBI_Build\n")
    result = _run(settings, "import", str(maf), "--json", cwd=tmp_path)
    assert result.returncode == 1
    error = json.loads(result.stdout)["error"]
    assert error["file"] == "study.maf"
    assert str(tmp_path) not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert Service(settings.home).store.snapshot() == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_store_whole(
    sent: signal.Signals, settings: Settings, maf: Path, tmp_path: Path
) -> None:
    lines = maf.read_text().splitlines()
    maf.write_text("\n".join([lines[0], *(lines[1:] * 8000)]) + "\n")
    with subprocess.Popen(
        _command("import", str(maf), "--genome", "GRCh37", "--json"),
        env=settings.environment(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Reading" in process.stderr.readline()
        process.send_signal(sent)
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert json.loads(out)["error"]["rule"] == "stopped"
    service = Service(settings.home)
    assert not service.store.exists()
    assert service.store.check() == []


def test_two_imports_at_once_both_arrive(settings: Settings, maf: Path, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            _command("import", str(maf), "--study", name, "--genome", "GRCh37", "--json"),
            env=settings.environment(),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in ("one", "two")
    ]
    assert [process.wait(PATIENCE_SECONDS) for process in processes] == [0, 0]
    studies = Service(settings.home).list_studies()["study_id"].to_pylist()
    assert sorted(studies) == ["one", "two"]


def test_a_killed_import_leaves_the_store_whole(
    settings: Settings, maf: Path, tmp_path: Path
) -> None:
    Service(settings.home).import_cohort(draw_cohort("before", 20))
    before = Service(settings.home).store.snapshot()
    lines = maf.read_text().splitlines()
    maf.write_text("\n".join([lines[0], *(lines[1:] * 8000)]) + "\n")
    with subprocess.Popen(
        _command("import", str(maf), "--genome", "GRCh37", "--json"),
        env=settings.environment(),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Reading" in process.stderr.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    service = Service(settings.home)
    assert service.store.snapshot() == before
    assert service.store.check() == []
    assert service.list_studies()["study_id"].to_pylist() == ["before"]


def test_a_job_runs_the_command_and_can_be_canceled(
    settings: Settings, maf: Path, tmp_path: Path
) -> None:
    step = Step(verb="import", arguments={"path": str(maf), "genome": "GRCh37"})
    job = jobs.start_job(settings, "Import", [step, Step(verb="embed")])
    _wait_for(settings, job.job_id)
    done = jobs.load_job(settings.home, job.job_id)
    assert done.state is JobState.DONE, done.error
    assert [outcome["num_samples"] for outcome in done.outcomes[:1]] == [29]
    assert done.outcomes[1]["num_computed"] > 0
    assert (done.step, done.done) == (1, done.total)
    lines = maf.read_text().splitlines()
    maf.write_text("\n".join([lines[0], *(lines[1:] * 8000)]) + "\n")
    second = jobs.start_job(settings, "Import", [step])
    time.sleep(1)
    assert jobs.cancel_job(settings.home, second.job_id).state is JobState.CANCELED
    assert Service(settings.home).store.check() == []


def _wait_for(settings: Settings, job_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while jobs.load_job(settings.home, job_id).state is JobState.RUNNING:
        assert time.monotonic() < deadline, "the job never ended"
        time.sleep(0.1)


def test_the_dashboard_is_served_from_any_folder(settings: Settings, tmp_path: Path) -> None:
    with subprocess.Popen(
        _command("serve", "--json"),
        env=settings.environment(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        try:
            while not lines or lines[-1] != "}\n":
                lines.append(process.stdout.readline())
                assert lines[-1], "it ended before it was open"
            address = json.loads("".join(lines))["address"]
            with urllib.request.urlopen(address) as response:
                assert b"<title>" in response.read()
        finally:
            process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, rest) == (0, "")
