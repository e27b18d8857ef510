"""Read a user's own labels: a table with a sample, perhaps its study and patient, and a class."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ImportRefusedError
from engine.readers.limits import open_text
from engine.readers.options import Limits

if TYPE_CHECKING:
    import _csv

SAMPLE, STUDY, PATIENT, LABEL = "sample_id", "study_id", "patient_id", "label"
NEEDED = (SAMPLE, LABEL)
LONGEST_LABEL = 60
READ_BYTES = 1 << 20
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "unknown", "."})
"""Labels, lower case, that say nothing; such a row is left out and counted."""

LIMITS = Limits(max_bytes=64 << 20, max_rows=1_000_000)


@dataclass(frozen=True, kw_only=True)
class LabelRow:
    """One labeled tumor as it stands in the file; study and patient are None where not given."""

    line: int
    sample_id: str
    study_id: str | None
    patient_id: str | None
    label: str


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """A labels file.

    Attributes:
        name: Name of the file.
        rows: Its labeled tumors, in order.
        num_unlabeled: Rows without a label.
        digest: SHA-256 of its text.
    """

    name: str
    rows: tuple[LabelRow, ...]
    num_unlabeled: int
    digest: str


def read_labels(path: Path) -> LabelFile:
    """Read a labels file.

    Args:
        path: Tab- or comma-separated text with a header, plain or gzip. Columns `sample_id` and
            `label`; `study_id` and `patient_id` where ids alone do not tell; others are ignored.

    Returns:
        Its rows.

    Raises:
        ImportRefusedError: If the file is not such a table, a row lacks a sample, or a sample
            has two labels.
    """
    with open_text(path, LIMITS) as stream:
        content = b"".join(iter(lambda: stream.read(READ_BYTES), b""))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refusal(path, "not-utf-8", "the text is not UTF-8", line=line) from error
    lines = text.splitlines()
    first = next((i for i, row in enumerate(lines) if row.strip() and row[0] != "#"), None)
    if first is None:
        raise _refusal(path, "empty-file", "the file is empty; expected a header and rows")
    delimiter = "\t" if "\t" in lines[first] else ","
    table = csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=delimiter)
    header = [name.strip().lower() for name in next(table)]
    _check_header(path, header, first + 1)
    rows, num_unlabeled = _rows(path, table, header, first)
    _refuse_contradictions(path, rows)
    digest = hashlib.sha256(content).hexdigest()
    return LabelFile(name=path.name, rows=rows, num_unlabeled=num_unlabeled, digest=digest)


def _check_header(path: Path, header: list[str], line: int) -> None:
    for name in header:
        if header.count(name) > 1:
            raise _refusal(path, "repeated-column", "a column name occurs twice", line, name)
    for name in NEEDED:
        if name not in header:
            raise ImportRefusedError(
                f"the column {name} is missing; expected {' and '.join(NEEDED)}, and where needed "
                f"{STUDY} and {PATIENT}, separated by tabs or commas",
                file=path.name,
                rule="missing-column",
                line=line,
                column=name,
                value=", ".join(header),
                advice="Name the columns in the first line",
            )


def _rows(
    path: Path, table: _csv.Reader, header: list[str], first: int
) -> tuple[tuple[LabelRow, ...], int]:
    rows, num_unlabeled = [], 0
    for fields in table:
        line = first + table.line_num
        if not any(field.strip() for field in fields):
            continue
        if len(fields) != len(header):
            raise _refusal(
                path,
                "wrong-number-of-columns",
                f"the row has {len(fields)} columns, the header {len(header)}",
                line,
            )
        row = _row(path, dict(zip(header, map(str.strip, fields), strict=True)), line)
        if row.label.lower() in MISSING:
            num_unlabeled += 1
        else:
            rows.append(row)
    return tuple(rows), num_unlabeled


def _row(path: Path, values: dict[str, str], line: int) -> LabelRow:
    label = values[LABEL]
    if not values[SAMPLE]:
        raise _refusal(path, "missing-sample", "the row names no sample", line, SAMPLE)
    if len(label) > LONGEST_LABEL or not label.isprintable():
        problem = f"a label has at most {LONGEST_LABEL} printable characters"
        raise _refusal(path, "bad-label", problem, line, LABEL, label)
    return LabelRow(
        line=line,
        sample_id=values[SAMPLE],
        study_id=values.get(STUDY) or None,
        patient_id=values.get(PATIENT) or None,
        label=label,
    )


def _refuse_contradictions(path: Path, rows: tuple[LabelRow, ...]) -> None:
    seen: dict[tuple[str | None, str], LabelRow] = {}
    for row in rows:
        earlier = seen.setdefault((row.study_id, row.sample_id), row)
        if earlier is not row:
            problem = f"the sample stands in line {earlier.line} already, as {earlier.label}"
            raise _refusal(path, "repeated-sample", problem, row.line, SAMPLE, row.sample_id)


def _refusal(
    path: Path,
    rule: str,
    problem: str,
    line: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> ImportRefusedError:
    return ImportRefusedError(
        problem,
        file=path.name,
        rule=rule,
        line=line,
        column=column,
        value=value,
        advice="Correct the file and run it again",
    )
