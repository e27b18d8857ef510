"""How a command speaks: progress and errors on stderr, its result once on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from dashboard.documents import to_json
from dashboard.errors import ErrorReport
from engine.progress import Progress

PIPE_WIDTH = 160
"""Columns of a table that goes into a file or a pipe, where no terminal tells its width."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What one run of a command writes.

    Attributes:
        json: Whether stdout gets one JSON document instead of tables.
    """

    json: bool = False
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def show(self, outcome: Any, draw: Callable[[Console], None]) -> None:
        """Print the result of the command: the only thing that goes to stdout.

        Args:
            outcome: What the verb returned; its fields are the document's.
            draw: Prints the same for a reader.
        """
        if self.json:
            print_document(outcome)
        else:
            draw(self.out)

    def fail(self, report: ErrorReport) -> None:
        """Print an error: a sentence on stderr, or the document `{"error": ...}` on stdout."""
        if self.json:
            print_document({"error": report})
        else:
            self.err.print(Text.assemble(("Error: ", "bold red"), report.message), soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print a remark on stderr."""
        self.err.print(Text(sentence), soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Draw progress on stderr: bars in a terminal, a line per stage elsewhere."""
        if not self.err.is_terminal:
            yield _Lines(self.err)
            return
        with _bars(self.err) as bars:
            yield _Bars(bars)


def print_document(value: Any) -> None:
    """Write one JSON document to stdout, untouched by any terminal width or markup."""
    sys.stdout.write(to_json(value) + "\n")
    sys.stdout.flush()


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    return (
        console
        if console.is_terminal
        else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)
    )


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


class _Bars:
    """One bar per stage; a bar without a known total pulses."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total or None)
        self._bars.update(self._tasks[stage], completed=done, total=total or None)


class _Lines:
    """A line when a stage begins, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._console.print(Text(stage), soft_wrap=True)
