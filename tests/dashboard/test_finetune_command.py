from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import app
from dashboard.service import Service
from dashboard.settings import HOME_VARIABLE
from tests.dashboard.finetunable import write_labels

Run = Callable[..., Result]


@pytest.fixture
def run(ready: Service) -> Run:
    def run_command(*arguments: str) -> Result:
        runner = CliRunner(env={HOME_VARIABLE: str(ready.home)})
        return runner.invoke(app, ["finetune", *arguments])

    return run_command


def test_a_head_is_trained_listed_and_removed(run: Run, tmp_path: Path) -> None:
    trained = run("--labels", str(write_labels(tmp_path)), "--task", "lung")
    assert trained.exit_code == 0, trained.stderr
    for words in ("lung: cross-validated by patient", "burden alone", "This head minus it"):
        assert words in trained.stdout
    assert "60 stored tumors predicted" in trained.stdout
    assert "Research use only" in trained.stdout
    listed = run("--list", "--json")
    [head] = json.loads(listed.stdout)["heads"]
    assert (head["task"], head["num_tumors"]) == ("lung", 40)
    assert head["model_digest"] == json.loads(listed.stdout)["model_digest"]
    assert "lung" in run("--list").stdout
    assert json.loads(run("--remove", "lung", "--json").stdout) == {"removed": "lung"}
    assert "There is no head yet" in run("--list").stdout


def test_a_head_of_another_model_is_marked_and_can_be_removed(
    run: Run, ready: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_model: Path
) -> None:
    ready.heads.train(write_labels(tmp_path), "lung")
    digest = ready.encoder.digest
    monkeypatch.setattr("engine.weights.SHIPPED", small_model)
    shown = " ".join(run("--list").stdout.replace("│", " ").split())
    assert "Not used: it reads another model" in shown
    assert run("--remove", "lung").exit_code == 0
    with ready.store.read() as reader:
        assert reader.predicted_tasks(digest) == ()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--task", "lung"),
        ("--labels", "labels.tsv"),
        ("--list", "--remove", "lung"),
        ("--list", "--task", "lung"),
    ],
)
def test_wrong_usage_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--labels" in result.stderr


def test_refusals_are_sentences(run: Run, tmp_path: Path) -> None:
    few = run("--labels", str(write_labels(tmp_path, 24)), "--task", "lung")
    assert few.exit_code == 1
    assert "labels.tsv, column label: too few labeled tumors" in few.stderr
    assert run("--remove", "nobody", "--json").exit_code == 1
    absent = run("--labels", str(tmp_path / "nowhere.tsv"), "--task", "lung", "--json")
    assert "nowhere.tsv" in json.loads(absent.stdout)["error"]["message"]
