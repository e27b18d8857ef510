from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dashboard.demo import explain_in_background
from dashboard.documents import read_json
from dashboard.explanations import GRADIENTS
from dashboard.job_runner import BACKGROUND
from dashboard.jobs import Job, JobState, cancel_job, list_jobs, load_job, start_job
from dashboard.service import Service
from dashboard.settings import Settings
from engine import synthetic
from tests.dashboard.studies import draw_cohort

NUM_TUMORS = 150
NUM_EXPLAINED = 60
PATIENCE_SECONDS = 120.0


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bundled cohort have 150 tumors."""
    draw, digest = synthetic.sample_cohort, synthetic.cohort_digest
    monkeypatch.setattr(synthetic, "sample_cohort", lambda: draw(num_tumors=NUM_TUMORS))
    monkeypatch.setattr(synthetic, "cohort_digest", lambda **_: digest(num_tumors=NUM_TUMORS))


@pytest.mark.usefixtures("small_demo")
def test_the_demo_is_built_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    first = service.demo()
    assert (first.study_id, first.num_tumors, first.was_ready) == ("synthetic_demo", 150, False)
    [study] = service.list_studies().to_pylist()
    assert study["synthetic"] is True
    before = service.store.snapshot()
    monkeypatch.setattr(synthetic, "sample_cohort", None)
    again = Service(service.home).demo()
    assert (again.was_ready, again.layout_id) == (True, first.layout_id)
    assert service.store.snapshot() == before


@pytest.mark.usefixtures("small_demo")
def test_a_map_that_is_there_is_kept(mapped: Service) -> None:
    with mapped.store.read() as reader:
        before = reader.layout()["layout_id"]
    outcome = mapped.demo()
    assert outcome.layout_id == before
    with mapped.store.read() as reader:
        placed = reader.coordinates(before, ["synthetic_demo"])["placed"].to_pylist()
    assert placed == [True] * NUM_TUMORS


@pytest.mark.usefixtures("small_demo")
def test_a_cohort_of_another_release_is_replaced(service: Service) -> None:
    service.import_cohort(draw_cohort("synthetic_demo", 20))
    assert service.demo().num_tumors == NUM_TUMORS


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def num_explained(service: Service) -> int:
    with service.store.read() as reader:
        digest, study = service.model_digest, ["synthetic_demo"]
        return int(reader.explained(digest, "cancer_type", GRADIENTS, study).num_rows)


@pytest.mark.slow
def test_explaining_steps_back_can_be_canceled_and_goes_on(tmp_path: Path) -> None:
    settings, service = Settings(home=tmp_path), Service(tmp_path)
    service.import_cohort(synthetic.sample_cohort(num_tumors=NUM_EXPLAINED))
    service.embed(["synthetic_demo"])
    service.layout()
    job = explain_in_background(settings)
    assert job is not None
    assert job.title == "Explain the cancer types of the synthetic cohort"
    assert explain_in_background(settings) is None

    def stands() -> Job:
        return load_job(tmp_path, job.job_id)

    wait_for(lambda: stands().stage == "Explaining tumors" or stands().state is not job.state)
    process = read_json(tmp_path / "jobs" / job.job_id / "process.json")
    assert process is not None
    assert psutil.Process(process["pid"]).nice() == psutil.Process().nice() + BACKGROUND
    assert cancel_job(tmp_path, job.job_id).state is JobState.CANCELED
    assert not psutil.pid_exists(process["pid"])
    assert num_explained(service) == 0
    assert explain_in_background(settings) is None
    again = start_job(settings, job.title, job.steps)
    wait_for(lambda: load_job(tmp_path, again.job_id).state is not JobState.RUNNING)
    [outcome] = load_job(tmp_path, again.job_id).outcomes
    assert outcome["num_explained"] == num_explained(service) > 0
    assert len(list_jobs(tmp_path)) == 2
