"""Read tab-separated text as Arrow strings: quoting off, nothing missing, every line counted.

`NA` is text here: a gene or a sample may be called that. What counts as missing is decided by
the reader of each column.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from engine.errors import ImportRefusedError
from engine.readers.findings import FindingCollector, Mask, RowAccount, Rule
from engine.readers.lines import TextLines, read_lines
from engine.readers.options import Limits

MISSING = ("", ".", "-", "NA", "N/A", "na", "n/a", "nan", "NaN", "null", "NULL", "None")
"""What stands for no value in columns of numbers, positions and free text."""

BLANK_LINE = Rule("blank-line", "The line is blank and was left out.")
COLUMN_COUNT = Rule(
    "column-count",
    "The line has another number of columns than the header and was left out; "
    "look for a missing or an extra tab.",
)
STRAY_RETURN = Rule(
    "stray-carriage-return",
    "A carriage return stands inside the line, so where the row ends is not clear; "
    "the line was left out.",
)
QUOTED_FIELD = Rule(
    "quoted-field",
    "Fields stand in quotes; expected none. The quotes were taken away.",
)
STRAY_QUOTE = Rule(
    "stray-quote",
    "A quote opens and does not close in the same field; it was read as an ordinary character "
    "and the rows after it were kept.",
)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns that a reader wants: name here to names in files, compared without case.

    Attributes:
        required: Without one of these the file is refused.
        optional: Taken where they are there.
    """

    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class TextTable:
    """A table of text and where each row stands in the file.

    Attributes:
        file: Name of the file.
        rows: String columns without nulls, (N,), named as in `Columns`, else in upper case.
        written: Name of each column as the file writes it.
        account: Which rows are still in; its line numbers run parallel to `rows`.
        comments: Comment lines before the header.
        header_line: Line of the header, from 1.
        digest: SHA-256 of the decompressed file.
    """

    file: str
    rows: pa.Table
    written: Mapping[str, str]
    account: RowAccount
    comments: tuple[str, ...]
    header_line: int
    digest: str

    def __contains__(self, column: str) -> bool:
        """Tell whether the file has this column."""
        return column in self.written

    def __getitem__(self, column: str) -> pa.ChunkedArray:
        """Return one column as text."""
        return self.rows[column]

    def mask(self, column: str, pattern: str) -> Mask:
        """Tell which fields of a column match a regular expression anywhere, (N,)."""
        return as_mask(pc.match_substring_regex(self.rows[column], pattern))


def as_mask(values: pa.ChunkedArray | pa.Array) -> Mask:
    """Turn Arrow booleans into a numpy mask; null counts as False."""
    filled = pc.fill_null(values, fill_value=False)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.bool_)


def is_missing(values: pa.ChunkedArray) -> Mask:
    """Tell which fields hold no value, (N,)."""
    return as_mask(pc.is_in(values, value_set=pa.array(MISSING)))


def read_table(
    path: Path,
    limits: Limits,
    collector: FindingCollector,
    columns: Columns | None = None,
) -> TextTable:
    """Read a tab-separated file and account for each of its lines.

    Args:
        path: Plain or gzip text.
        limits: How large it may be, and how many broken lines it may have.
        collector: Opens the account of this file; blank and broken lines are entered.
        columns: Columns to read; all if None.

    Returns:
        The sound rows. The caller ends the account of each.

    Raises:
        ImportRefusedError: If the file cannot be read as a table, lacks a required column or
            more than `limits.max_broken_share` of its lines are broken.
    """
    lines = read_lines(path, limits)
    written = _choose(lines, columns)
    lines = sound_lines(lines, limits, collector)
    table = text_table(lines, _parse(lines, written), written, collector)
    return _without_quotes(table) if b'"' in lines.data else table


def text_table(
    lines: TextLines, rows: pa.Table, written: Mapping[str, str], collector: FindingCollector
) -> TextTable:
    """Put columns that were cut out of lines into a table with an account of its rows."""
    account = RowAccount(collector, lines.file, lines.line_numbers)
    return TextTable(
        lines.file, rows, written, account, lines.comments, lines.header_line, lines.digest
    )


def _choose(lines: TextLines, columns: Columns | None) -> dict[str, str]:
    """Find the wanted columns in the header: name here to name as written."""
    there = {name.upper(): name for name in lines.header}
    if columns is None:
        return there
    missing = [
        name
        for name, aliases in columns.required.items()
        if not any(alias.upper() in there for alias in aliases)
    ]
    if missing:
        raise _missing_column(lines, missing, columns)
    wanted = {**columns.required, **columns.optional}
    found = {
        name: next((there[a.upper()] for a in aliases if a.upper() in there), None)
        for name, aliases in wanted.items()
    }
    return {name: column for name, column in found.items() if column is not None}


def _missing_column(lines: TextLines, missing: list[str], columns: Columns) -> ImportRefusedError:
    first = columns.required[missing[0]][0]
    upper = {name.upper(): name for name in lines.header}
    near = difflib.get_close_matches(first.upper(), upper, n=1, cutoff=0.7)
    required = ", ".join(aliases[0] for aliases in columns.required.values())
    advice = f"Rename the column {upper[near[0]]!r}" if near else "Add the column"
    also = [columns.required[name][0] for name in missing[1:]]
    return ImportRefusedError(
        f"the column {first} is missing{' (and ' + ', '.join(also) + ')' if also else ''}; "
        f"required are {required}",
        advice=advice,
        file=lines.file,
        rule="missing-column",
        line=lines.header_line,
        column=first,
        value=", ".join(lines.header),
    )


def sound_lines(lines: TextLines, limits: Limits, collector: FindingCollector) -> TextLines:
    """Open the account of a file, enter its blank and broken lines, and return the others.

    Raises:
        ImportRefusedError: If more than `limits.max_broken_share` of the lines are broken.
    """
    collector.begin(lines.file, lines.num_lines)
    account = RowAccount(collector, lines.file, lines.line_numbers)
    broken = lines.num_tabs != len(lines.header) - 1
    blank = lines.ends - lines.starts == lines.num_tabs
    for row in np.flatnonzero(broken & ~blank).tolist():
        blank[row] = not lines.line(row).strip()
    account.skip(blank, BLANK_LINE)
    broken &= ~blank
    _refuse_if_many(lines, broken, int(np.count_nonzero(~blank)), limits)
    example = _Lines(lines)
    account.reject(broken, COLUMN_COUNT, values=example)
    account.reject(_has_stray_return(lines), STRAY_RETURN, values=example)
    return lines.keep(account.keep)


@dataclass(frozen=True)
class _Lines:
    """Data lines by row number, cut out only when one is shown."""

    lines: TextLines

    def __getitem__(self, row: int) -> str:
        return self.lines.line(row)


def _refuse_if_many(lines: TextLines, broken: Mask, num_rows: int, limits: Limits) -> None:
    num_broken = int(np.count_nonzero(broken))
    if num_broken <= limits.max_broken_share * num_rows:
        return
    row = int(np.flatnonzero(broken)[0])
    raise ImportRefusedError(
        f"{num_broken:,} of {num_rows:,} rows have another number of columns than the header; "
        f"expected {len(lines.header)}, and this first one has {int(lines.num_tabs[row]) + 1}",
        advice="Check that tabs separate all columns and that no tab stands inside a field",
        file=lines.file,
        rule=COLUMN_COUNT.name,
        line=int(lines.line_numbers[row]),
        value=lines.line(row),
    )


def _has_stray_return(lines: TextLines) -> Mask:
    """Tell which lines hold a carriage return before their end, (N,)."""
    hit = np.zeros(lines.num_lines, dtype=np.bool_)
    if b"\r" in lines.data:
        returns = np.flatnonzero(np.frombuffer(lines.data, dtype=np.uint8) == ord("\r"))
        rows = np.searchsorted(lines.starts, returns, side="right") - 1
        inside = (rows >= 0) & (returns < lines.ends[rows])
        hit[rows[inside]] = True
    return hit


def _parse(lines: TextLines, written: Mapping[str, str]) -> pa.Table:
    """Let Arrow split the lines; it sees no quote, no escape and no null."""
    body = pa.py_buffer(lines.data).slice(int(lines.starts[0]))
    names = [f"{position}:{name}" for position, name in enumerate(lines.header)]
    position_of = {name: position for position, name in enumerate(lines.header)}
    chosen = [names[position_of[column]] for column in written.values()]
    longest = int((lines.ends - lines.starts).max())
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, block_size=max(1 << 22, 4 * longest)
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter="\t", quote_char=False, double_quote=False, escape_char=False
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(dict.fromkeys(chosen)),
            column_types=dict.fromkeys(chosen, pa.string()),
            strings_can_be_null=False,
            null_values=[],
        ),
    )
    assert table.num_rows == lines.num_lines, "the parser and the line count disagree"
    return pa.table(
        {
            name: pc.utf8_trim_whitespace(table[column])
            for name, column in zip(written, chosen, strict=True)
        }
    )


def _without_quotes(table: TextTable) -> TextTable:
    """Take quotes away around fields, and report the ones that stand alone."""
    rows = table.rows
    for position, name in enumerate(rows.column_names):
        quoted = pc.match_substring_regex(rows[name], r'^"[^"]*"$')
        written = table.written[name]
        table.account.warn(as_mask(quoted), QUOTED_FIELD, column=written, values=rows[name])
        alone = as_mask(pc.match_substring_regex(rows[name], r'^"[^"]*$|^[^"]*"$'))
        table.account.warn(alone, STRAY_QUOTE, column=written, values=rows[name])
        bare = pc.utf8_trim(rows[name], '"')
        rows = rows.set_column(position, name, pc.if_else(quoted, bare, rows[name]))
    return replace(table, rows=rows)
