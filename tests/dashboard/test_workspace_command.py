from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.workspace import Workspace
from tests.cache.kept import DECISION, tumors


def run(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["workspace", *arguments, "--json"])
    return dict(json.loads(done.stdout), exit_code=done.exit_code)


def test_a_backup_is_restored_over_what_came_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(tmp_path / "home"))
    kept = Workspace(tmp_path / "home")
    kept.name_set(kept.keep_selection(tumors("first", 3)), "Mine")
    kept.record_decision(DECISION)
    told = run("backup", str(tmp_path / "backup"))
    assert "decision.parquet" in told["files"]  # type: ignore[operator]
    kept.delete_set(kept.list_sets()[0].set_id)
    kept.record_decision(DECISION)
    assert run("restore", str(tmp_path / "backup"))["exit_code"] == 0
    assert [found.name for found in kept.list_sets()] == ["Mine"]
    assert len(kept.decision_log().entries) == 1
    assert kept.decision_log().problem == ""


def test_a_folder_without_a_backup_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(tmp_path / "home"))
    told = run("restore", str(tmp_path))
    assert told["exit_code"] == 1
    assert "holds no backup of a workspace" in str(told["error"])
