from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from dashboard.console import Voice
from dashboard.errors import ErrorReport


def _voice(*, json: bool, terminal: bool = False) -> tuple[Voice, io.StringIO]:
    err = io.StringIO()
    console = Console(file=err, force_terminal=terminal, width=100)
    return Voice(json=json, err=console), err


def test_json_goes_to_stdout_untouched_by_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Voice(json=True).show({"name": "[bold]x[/]" * 40}, lambda console: None)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"name": "[bold]x[/]" * 40}
    assert captured.err == ""


def test_tables_go_to_stdout_without_json(capsys: pytest.CaptureFixture[str]) -> None:
    Voice().show({}, lambda console: console.print("a table"))
    assert capsys.readouterr().out == "a table\n"


def test_an_error_is_a_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Voice().fail(ErrorReport(rule="r", message="a.maf: [broken] " + "x" * 200))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Error: a.maf: [broken] " + "x" * 200 + "\n"


def test_an_error_is_a_document_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    Voice(json=True).fail(ErrorReport(rule="missing-column", message="m", file="a.maf", line=1))
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["rule"], error["file"], error["line"], error["column"]) == (
        "missing-column",
        "a.maf",
        1,
        None,
    )


def test_progress_in_a_pipe_is_one_line_per_stage() -> None:
    voice, err = _voice(json=True)
    with voice.progress() as progress:
        for done in range(3):
            progress("Reading [mutations]", done, 2)
        progress("Publishing", 0, 0)
    assert err.getvalue() == "Reading [mutations]\nPublishing\n"


def test_progress_in_a_terminal_is_a_bar_per_stage() -> None:
    voice, err = _voice(json=False, terminal=True)
    with voice.progress() as progress:
        progress("Reading", 1, 2)
        progress("Publishing", 0, 0)
        progress("Reading", 2, 2)
    shown = err.getvalue()
    assert "Reading" in shown
    assert "2/2" in shown
    assert "Publishing" in shown
