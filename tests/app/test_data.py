from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard import data_import, data_jobs
from dashboard.errors import UploadRefusedError
from dashboard.jobs import Job, JobState, Step
from tests.app.pages import Open, texts
from tests.app.small_home import build_home, draw_cohort


def job(state: JobState, **facts: Any) -> Job:
    steps = (Step(verb="import"), Step(verb="embed"))
    given = {"job_id": "20261121-000000-abcdef", "title": "Import a.maf", "steps": steps}
    started = datetime(2026, 11, 21, tzinfo=UTC)
    return Job(**given, state=state, created_at=started, elapsed_s=3.0, **facts)


def test_without_a_study_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path / "empty", "data")
    assert not app.exception
    assert "No study is imported yet" in texts(app)
    assert "No job has run yet" in texts(app)


def test_studies_and_the_account_of_every_line(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "data")
    assert not app.exception
    assert "2 studies, 90 tumors" in texts(app)
    studies, files = (frame.value for frame in app.dataframe)
    findings = app.table[0].value
    assert list(studies["Study"]) == ["other", "synthetic_demo"]
    assert list(studies["Data"]) == ["Imported", "Synthetic"]
    read = files["Lines read"].sum()
    assert read == files["Loaded"].sum() + files["Rejected"].sum() + files["Skipped"].sum()
    assert set(findings["Rule"]) == {"excel-gene", "off-panel"}
    assert "The genome build was read from the column" in texts(app)


def test_an_upload_becomes_a_job(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[Step], list[str]]] = []

    def start(_settings: object, title: str, steps: list[Step], *, uploads: list[Any]) -> None:
        started.append((title, steps, [upload.name for upload in uploads]))

    monkeypatch.setattr(data_import, "start_job", start)
    app = open_page(full_home, "data")
    assert app.button(key="data_import").disabled
    app.file_uploader(key="data_file").upload("cohort.maf", b"rows").run()
    app.text_input(key="data_study_id").set_value("my_study").run()
    app.checkbox(key="data_refit").check().run()
    app.button(key="data_import").click().run()
    assert not app.exception
    ((title, steps, names),) = started
    assert title == "Import cohort.maf"
    assert names == ["cohort.maf"]
    assert [step.verb for step in steps] == ["import", "embed", "layout"]
    assert steps[0].arguments["study_id"] == "my_study"


def test_an_unusable_study_id_is_told_before_anything_starts(
    full_home: Path, open_page: Open
) -> None:
    app = open_page(full_home, "data")
    app.file_uploader(key="data_file").upload("cohort.maf", b"rows").run()
    app.text_input(key="data_study_id").set_value("../escape").run()
    assert "A study id has letters" in texts(app)
    assert app.button(key="data_import").disabled


def test_only_the_import_folder_of_the_server_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "study").mkdir()
    (folder / ".hidden").touch()
    (folder / "link").symlink_to(tmp_path)
    assert data_import.importable(folder) == ["study"]
    assert data_import.importable(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (job(JobState.RUNNING, stage="Reading", done=5, total=10, step=0), "Step 1 of 2, Import"),
        (job(JobState.CANCELED), "Stopped before its end"),
        (
            job(
                JobState.DONE,
                outcomes=(
                    {"study_id": "s", "num_samples": 2, "num_alterations": 7},
                    {"num_computed": 1},
                ),
            ),
            "s: 2 tumors, 7 alterations, 1 embedding computed, 3 s",
        ),
        (job(JobState.FAILED, error={"message": "The disk is full."}), "The disk is full."),
    ],
)
def test_a_job_is_shown_as_it_stands(
    full_home: Path,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
    shown: Job,
    expected: str,
) -> None:
    monkeypatch.setattr(data_jobs, "list_jobs", lambda _home: [shown])
    app = open_page(full_home, "data")
    assert not app.exception
    assert expected in texts(app).replace("\\", "")
    if shown.state is JobState.RUNNING:
        assert app.progress[0].value == 25
        assert app.button(key=f"cancel_{shown.job_id}").label == "Cancel"


def test_the_error_of_a_job_is_text(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "![a](https://evil.example/p.png) is not a gene."
    failed = job(JobState.FAILED, error={"message": message})
    monkeypatch.setattr(data_jobs, "list_jobs", lambda _home: [failed])
    told = open_page(full_home, "data").error[0].value
    assert told.replace("\\", "") == message
    assert "](" not in told


def test_an_upload_that_is_refused_is_told_as_text(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UploadRefusedError("![a](https://evil.example/p.png) cannot be taken.")

    monkeypatch.setattr(data_import, "start_job", refuse)
    app = open_page(full_home, "data")
    app.file_uploader(key="data_file").upload("cohort.maf", b"rows").run()
    app.button(key="data_import").click().run()
    assert "evil" in app.error[0].value
    assert "](" not in app.error[0].value


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.DONE])
def test_a_button_of_a_job_that_is_gone_is_told(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, state: JobState
) -> None:
    shown = job(state)
    monkeypatch.setattr(data_jobs, "list_jobs", lambda _home: [shown])
    app = open_page(full_home, "data")
    verb = "cancel" if state is JobState.RUNNING else "remove"
    app.button(key=f"{verb}_{shown.job_id}").click().run()
    assert not app.exception
    assert not app.error
    assert f"There is no job {shown.job_id}" in app.toast[0].value.replace("\\", "")
    app.run()
    assert not app.toast


def test_a_study_is_removed_only_after_a_yes(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("gone", 12), draw_cohort("stays", 12, seed=2)])
    app = open_page(tmp_path, "data")
    app.button(key="data_remove").click().run()
    assert "This cannot be undone" in texts(app)
    with store.read() as reader:
        assert reader.list_studies()["study_id"].to_pylist() == ["gone", "stays"]
