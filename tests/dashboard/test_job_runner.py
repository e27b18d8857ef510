from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard import jobs
from dashboard.documents import read_json
from dashboard.job_runner import JobProgress, run
from dashboard.jobs import Step
from dashboard.service import Service
from dashboard.settings import Settings
from dashboard.uploads import Upload
from tests.dashboard.studies import draw_cohort, write_maf

RunSteps = Callable[..., dict[str, Any]]


@pytest.fixture
def run_steps(service: Service, monkeypatch: pytest.MonkeyPatch) -> RunSteps:
    """Run steps as the process of a job would, in this process."""
    settings = Settings(home=service.home)
    monkeypatch.setattr(jobs, "job_command", lambda job_id: [sys.executable, "-c", ""])

    def start_and_run(*steps: Step, uploads: tuple[Upload, ...] = ()) -> dict[str, Any]:
        job = jobs.start_job(settings, "t", steps, uploads=uploads)
        return run(settings, job.job_id) | {"job_id": job.job_id}

    return start_and_run


def test_one_job_imports_and_embeds_an_upload_and_deletes_it(
    run_steps: RunSteps, service: Service, tmp_path: Path
) -> None:
    maf = write_maf(tmp_path / "a.maf", draw_cohort("a", 20))
    upload = Upload(name="a.maf", content=io.BytesIO(maf.read_bytes()))
    steps = (
        Step(verb="import", arguments={"study_id": "mine", "genome": "GRCh37"}),
        Step(verb="embed", arguments={"study_ids": ["mine"]}),
    )
    result = run_steps(*steps, uploads=(upload,))
    assert result["error"] is None
    imported, embedded = result["outcomes"]
    assert (imported["study_id"], imported["num_samples"]) == ("mine", 19)
    assert embedded["num_tumors"] == 19
    assert not (service.home / "uploads" / result["job_id"]).exists()
    progress = read_json(service.home / "jobs" / result["job_id"] / "progress.json")
    assert progress == {"step": 1, "stage": "Publishing embeddings", "done": 1, "total": 1}


def test_a_step_that_fails_ends_the_job_and_keeps_what_was_done(
    run_steps: RunSteps, tmp_path: Path
) -> None:
    maf = write_maf(tmp_path / "a.maf", draw_cohort("a", 20))
    broken = tmp_path / "b.maf"
    broken.write_text("Hugo_Symbol\tTumor_Sample_Barcode\n")
    result = run_steps(
        Step(verb="import", arguments={"path": str(maf), "genome": "GRCh37"}),
        Step(verb="import", arguments={"path": str(broken)}),
        Step(verb="embed"),
    )
    assert len(result["outcomes"]) == 1
    assert result["error"]["file"] == "b.maf"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step(verb="dance"), "expected import, embed, layout, cluster, explain or explain-all"),
        (Step(verb="import", arguments={"path": "a.maf", "genome": "hg17"}), "hg17"),
        (Step(verb="import", arguments={"path": "/no/such.maf"}), "such.maf"),
    ],
)
def test_a_step_that_cannot_be_done_is_told(run_steps: RunSteps, step: Step, message: str) -> None:
    result = run_steps(step)
    assert message in result["error"]["message"]
    assert result["error"]["rule"] != "unforeseen"


def test_progress_is_written_at_once_for_a_new_stage_and_else_seldom(tmp_path: Path) -> None:
    progress = JobProgress(tmp_path, 2)

    def written() -> tuple[str, int]:
        found = read_json(tmp_path / "progress.json")
        assert found is not None
        assert found["step"] == 2
        return found["stage"], found["done"]

    progress("Reading", 0, 10)
    progress("Reading", 5, 10)
    assert written() == ("Reading", 0)
    progress("Reading", 10, 10)
    assert written() == ("Reading", 10)
    progress("Embedding", 1, 10)
    assert written() == ("Embedding", 1)
