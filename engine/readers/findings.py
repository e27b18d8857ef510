"""Collect what became of every line of every file, and put it into an import report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.cohort import REPORT_FILES, REPORT_FINDINGS, ImportReport
from engine.errors import ImportRefusedError, shorten

REJECTED = "rejected"
SKIPPED = "skipped"
WARNING = "warning"

Lines = int | Sequence[int] | npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Rule(NamedTuple):
    """A rule that a line can break.

    Attributes:
        name: Short name with hyphens, for example `unknown-gene`.
        message: One sentence for the user: what was found, what was expected, what to do.
    """

    name: str
    message: str


@dataclass
class _Finding:
    """One rule in one file: how often, and its first example."""

    message: str
    count: int = 0
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def add(self, count: int, line: int | None, column: str | None, value: str | None) -> None:
        self.count += count
        if self.count == count or (line is not None and (self.line is None or line < self.line)):
            self.line, self.column, self.value = line, column, value


class FindingCollector:
    """Account of the lines of all files of one import.

    Each data line of a file must end as loaded, rejected or skipped, exactly once. A warning
    concerns a line or value that was loaded, or was loaded without that value.
    """

    def __init__(self) -> None:
        """Start without any file."""
        self._lines_read: dict[str, int] = {}
        self._loaded: dict[str, int] = {}
        self._findings: dict[tuple[str, str, str], _Finding] = {}

    def begin(self, file: str, lines_read: int) -> None:
        """Open the account of a file.

        Args:
            file: Name of the file, never its whole path.
            lines_read: Data lines in it, header and comments not counted.
        """
        self._lines_read[file] = lines_read
        self._loaded[file] = 0

    def load(self, file: str, num_lines: int = 1) -> None:
        """Count lines whose content was taken in."""
        self._loaded[file] += num_lines

    def reject(
        self,
        file: str,
        rule: Rule,
        lines: Lines,
        *,
        column: str | None = None,
        values: object = None,
    ) -> None:
        """Count lines that break a rule and were left out.

        Args:
            file: Name of the file.
            rule: The rule they break.
            lines: Line numbers in the file, from 1; one finding counts them all.
            column: Column at fault.
            values: What stood there: one text, or a sequence parallel to `lines`.
        """
        self._record(file, REJECTED, rule, lines, (column, values))

    def skip(
        self,
        file: str,
        rule: Rule,
        lines: Lines,
        *,
        column: str | None = None,
        values: object = None,
    ) -> None:
        """Count sound lines that were left out for a stated reason; arguments as in `reject`."""
        self._record(file, SKIPPED, rule, lines, (column, values))

    def warn(
        self,
        file: str,
        rule: Rule,
        lines: Lines = (),
        *,
        column: str | None = None,
        values: object = None,
    ) -> None:
        """Report something about lines that were loaded; arguments as in `reject`.

        Without `lines` the warning concerns the whole file and counts once.
        """
        self._record(file, WARNING, rule, lines, (column, values), whole_file=True)

    def count(self, file: str, outcome: str) -> int:
        """Return how many findings of one outcome a file has: lines, for rejected and skipped."""
        return sum(
            finding.count
            for (name, kind, _), finding in self._findings.items()
            if name == file and kind == outcome
        )

    def build(self) -> ImportReport:
        """Add up the report.

        Returns:
            Files in the order they were opened; findings sorted by file, outcome and count.
        """
        files = [
            {
                "file": file,
                "lines_read": lines_read,
                "loaded": self._loaded[file],
                REJECTED: self.count(file, REJECTED),
                SKIPPED: self.count(file, SKIPPED),
            }
            for file, lines_read in self._lines_read.items()
        ]
        findings = [
            {"file": file, "outcome": outcome, "rule": rule, **vars(finding)}
            for (file, outcome, rule), finding in self._findings.items()
        ]
        findings.sort(key=lambda row: (row["file"], row["outcome"], -int(row["count"])))
        return ImportReport(
            files=pa.Table.from_pylist(files, schema=REPORT_FILES),
            findings=pa.Table.from_pylist(findings, schema=REPORT_FINDINGS),
        )

    def refusal(self, file: str) -> ImportRefusedError:
        """Return the refusal of a file of which no line could be loaded, with the usual reason."""
        reasons = {
            (rule, outcome): finding
            for (name, outcome, rule), finding in self._findings.items()
            if name == file and outcome != WARNING
        }
        advice = "Correct the file and import it again"
        if not reasons:
            problem = "there is no row to take in"
            return ImportRefusedError(problem, advice=advice, file=file, rule="no-usable-row")
        (rule, _), usual = max(reasons.items(), key=lambda item: item[1].count)
        return ImportRefusedError(
            f"no row can be taken in, mostly for this reason: {usual.message.rstrip('.')}",
            advice=advice,
            file=file,
            rule=rule,
            line=usual.line,
            column=usual.column,
            value=usual.value,
        )

    def _record(
        self,
        file: str,
        outcome: str,
        rule: Rule,
        lines: Lines,
        example: tuple[str | None, object],
        *,
        whole_file: bool = False,
    ) -> None:
        numbers = np.atleast_1d(np.asarray(lines, dtype=np.int64))
        if not len(numbers) and not whole_file:
            return
        column, values = example
        line = int(numbers[0]) if len(numbers) else None
        finding = self._findings.setdefault((file, outcome, rule.name), _Finding(rule.message))
        finding.add(max(len(numbers), 1), line, column, _first(values))


class RowAccount:
    """Which rows of one table are still in; a row leaves once, by the first rule that it breaks.

    Args:
        collector: Where findings go.
        file: Name of the file.
        line_numbers: Line of each row in the file, (N,), int64, from 1.

    Attributes:
        keep: Which rows are still in, (N,).
        rejected: Which rows left because they break a rule, (N,).
    """

    def __init__(
        self, collector: FindingCollector, file: str, line_numbers: npt.NDArray[np.int64]
    ) -> None:
        """Start with every row in."""
        self._collector = collector
        self.line_numbers = line_numbers
        self.file = file
        self.keep: Mask = np.ones(len(line_numbers), dtype=np.bool_)
        self.rejected: Mask = np.zeros(len(line_numbers), dtype=np.bool_)

    def reject(
        self, rows: Mask, rule: Rule, *, column: str | None = None, values: Any = None
    ) -> None:
        """Leave out the rows of a mask that are still in, as breaking a rule.

        Args:
            rows: Mask over all rows of the table, (N,).
            rule: The rule they break.
            column: Column at fault.
            values: That column, (N,), for the example.
        """
        hit = self._leaving(rows)
        self.rejected[hit] = True
        lines = self.line_numbers[hit]
        self._collector.reject(self.file, rule, lines, column=column, values=_example(values, hit))

    def skip(
        self, rows: Mask, rule: Rule, *, column: str | None = None, values: Any = None
    ) -> None:
        """Leave out the rows of a mask that are still in, as sound; arguments as in `reject`."""
        hit = self._leaving(rows)
        lines = self.line_numbers[hit]
        self._collector.skip(self.file, rule, lines, column=column, values=_example(values, hit))

    def warn(
        self, rows: Mask, rule: Rule, *, column: str | None = None, values: Any = None
    ) -> None:
        """Report the rows of a mask that are still in and stay in; arguments as in `reject`."""
        hit = np.flatnonzero(rows & self.keep)
        if len(hit):
            lines = self.line_numbers[hit]
            self._collector.warn(
                self.file, rule, lines, column=column, values=_example(values, hit)
            )

    def load(self) -> npt.NDArray[np.int64]:
        """Count the rows that are still in as loaded, and return their positions in the table."""
        rows = np.flatnonzero(self.keep)
        self._collector.load(self.file, len(rows))
        return rows

    def _leaving(self, rows: Mask) -> npt.NDArray[np.int64]:
        hit = np.flatnonzero(rows & self.keep)
        self.keep[hit] = False
        return hit


def _example(values: Any, hit: npt.NDArray[np.int64]) -> str | None:
    """Return the value in the first row that was hit."""
    if values is None or not len(hit):
        return None
    return _first(values[int(hit[0])])


def _first(values: object) -> str | None:
    if isinstance(values, pa.Scalar):
        values = values.as_py()
    if values is None or isinstance(values, str):
        return None if values is None else shorten(values)
    if isinstance(values, Sequence | np.ndarray | pa.Array | pa.ChunkedArray):
        return _first(values[0]) if len(values) else None
    return shorten(str(values))
