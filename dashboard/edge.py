"""The edge of the command line, where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from dashboard.console import Voice
from dashboard.errors import ErrorReport, report_error
from dashboard.settings import Settings

FAILED, STOPPED = 1, 130
"""Exit codes beside 0 and Typer's 2 for wrong usage."""


class Commands(TyperGroup):
    """A group of commands that ends each of them with one of the exit codes."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *unused: Any,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and leave the process with its exit code."""
        arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
        voice = Voice(json="--json" in arguments)
        extra["standalone_mode"] = False
        try:
            code = super().main(arguments, prog_name or "tumorxy", **extra)
        except typer.TyperException as error:
            _fail_usage(voice, error)
        except typer.Abort:
            _stop(voice)
        except Exception as error:  # noqa: BLE001 - the edge of the program; recorded, then told
            voice.fail(report_error(error, Settings.from_environment().home))
            sys.exit(FAILED)
        if code == STOPPED:
            _stop(voice)
        sys.exit(code if isinstance(code, int) else 0)


def _fail_usage(voice: Voice, error: typer.TyperException) -> NoReturn:
    voice.fail(ErrorReport(rule="usage", message=error.format_message()))
    voice.say("Add --help to a command to see what it takes.")
    sys.exit(error.exit_code)


def _stop(voice: Voice) -> NoReturn:
    voice.fail(
        ErrorReport(
            rule="stopped", message="Stopped. What was published before is as it was; run it again."
        )
    )
    sys.exit(STOPPED)
