from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import app
from dashboard.service import Service
from dashboard.settings import HOME_VARIABLE

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, installed_model: Path) -> Run:
    """Run the command on the home of `service`."""

    def run_command(*arguments: str, answer: str | None = None) -> Result:
        environment = {HOME_VARIABLE: str(tmp_path / "home")}
        return CliRunner(env=environment).invoke(app, list(arguments), input=answer)

    return run_command


def _document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_list_of_an_empty_home_says_how_to_begin(run: Run) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert "tumorxy demo" in result.stdout
    assert _document(run("list", "--json")) == {"studies": []}


def test_list_shows_the_studies(run: Run, with_study: Service) -> None:
    [study] = _document(run("list", "--json"))["studies"]
    assert (study["study_id"], study["num_samples"], study["synthetic"]) == ("first", 60, True)
    shown = run("list").stdout
    assert "first" in shown
    assert "synthetic" in shown


def test_embed_reports_what_was_computed(run: Run, with_study: Service) -> None:
    first, again = run("embed", "--json"), run("embed", "first", "--json")
    assert _document(first)["num_computed"] == 59
    assert "Embedding first" in first.stderr
    assert (_document(again)["num_computed"], _document(again)["num_reused"]) == (0, 60)
    assert "0 embeddings computed, 60 tumors reused" in run("embed").stdout


def test_export_lists_its_files(run: Run, with_study: Service, tmp_path: Path) -> None:
    with_study.embed()
    document = _document(run("export", "first", "--out", str(tmp_path / "out"), "--json"))
    assert document["study_id"] == "first"
    assert {"file": "embeddings.parquet", "num_rows": 60} in document["files"]
    assert "samples.parquet" in run("export", "first", "--out", str(tmp_path / "out")).stdout


def test_remove_asks_first(run: Run, with_study: Service) -> None:
    refused = run("remove", "first", answer="n\n")
    assert refused.exit_code == 1
    assert "was not removed" in refused.stderr
    assert with_study.list_studies().num_rows == 1
    assert run("remove", "first", answer="y\n").exit_code == 0
    assert with_study.list_studies().num_rows == 0


def test_remove_with_json_needs_yes(run: Run, with_study: Service) -> None:
    result = run("remove", "first", "--json")
    assert result.exit_code == 1
    assert _document(result)["error"]["rule"] == "not-confirmed"
    assert _document(run("remove", "first", "--json", "--yes")) == {"removed": "first"}


def test_an_unknown_study_is_a_sentence_and_exit_code_1(run: Run, with_study: Service) -> None:
    result = run("embed", "absent")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "holds no study named 'absent'" in result.stderr
    error = _document(run("embed", "absent", "--json"))["error"]
    assert error["rule"] == "study-not-found"


def test_a_missing_file_is_refused(run: Run) -> None:
    result = run("import", "/no/such/place/a.maf", "--json")
    assert result.exit_code == 1
    error = _document(result)["error"]
    assert error["rule"] == "source-not-found"
    assert "a.maf" in error["message"]
    assert "/no/such" not in error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "a.maf", "--genome", "GRCh99"),
        ("import", "a.maf", "--study", "../x"),
        ("import",),
        ("export", "first"),
        ("serve", "--port", "many"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    told = run(*arguments, "--json")
    assert told.exit_code == 2
    assert _document(told)["error"]["rule"] == "usage"


def test_an_unforeseen_error_gets_an_id_and_no_traceback(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Service) -> None:
        raise RuntimeError("secret of a patient")

    monkeypatch.setattr(Service, "list_studies", fail)
    result = run("list", "--json")
    assert result.exit_code == 1
    error = _document(result)["error"]
    assert error["rule"] == "unforeseen"
    assert "secret" not in result.output
    record = tmp_path / "home" / "logs" / f"{error['error_id']}.txt"
    assert "secret of a patient" in record.read_text()


def test_an_interrupt_is_exit_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Service) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Service, "list_studies", interrupt)
    result = run("list", "--json")
    assert result.exit_code == 130
    assert _document(result)["error"]["rule"] == "stopped"
    assert "Stopped." in run("list").stderr


def test_doctor_tells_what_to_fix(run: Run, with_study: Service) -> None:
    result = run("doctor", "--json")
    document = _document(result)
    checks = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is True
    assert result.exit_code == 0
    assert checks["map"]["status"] == "warn"
    assert "tumorxy layout" in checks["map"]["advice"]
    assert "tumorxy" in run("doctor").stdout


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    commands = "import embed layout place export list remove serve pretrain doctor demo"
    assert all(f" {name} " in shown for name in commands.split())
    assert "run-job" not in shown
