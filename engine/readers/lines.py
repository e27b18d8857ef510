"""Cut a text file into lines without losing one: the bytes below every table.

Nothing here knows about quotes: a quote is a character like any other, so that one opened in a
row and closed 900 rows later cannot swallow what lies between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import ImportRefusedError
from engine.readers.limits import open_text
from engine.readers.options import Limits

UTF8_MARK = b"\xef\xbb\xbf"
READ_BYTES = 1 << 20
SHOWN_BYTES = 20
LONGEST_LINE_BYTES = 1 << 24
"""A matrix of 100,000 samples has rows of less than 1 MiB."""
BLOCK_BYTES = 1 << 24
OTHER_DELIMITERS = {",": "commas", ";": "semicolons", "|": "bars", " ": "spaces"}
TAB, NEWLINE, CARRIAGE_RETURN = 9, 10, 13

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TextLines:
    """A text file as bytes, with its comment lines, its header and where each data line lies.

    Attributes:
        file: Name of the file.
        data: Its content, UTF-8, decompressed.
        comments: Lines before the header that begin with `#`, without line break.
        header: Column names as written, without quotes.
        header_line: Line of the header, from 1.
        starts: First byte of each data line, (N,).
        ends: Byte after the last of each data line, line break not counted, (N,).
        num_tabs: Tabs in each data line, (N,).
        line_numbers: Line of each data line in the file, from 1, (N,).
        digest: SHA-256 of the decompressed file.
    """

    file: str
    data: bytes
    comments: tuple[str, ...]
    header: tuple[str, ...]
    header_line: int
    starts: Int64s
    ends: Int64s
    num_tabs: Int64s
    line_numbers: Int64s
    digest: str

    @property
    def num_lines(self) -> int:
        """Data lines: header and comments not counted, blank lines counted."""
        return len(self.starts)

    def keep(self, rows: npt.NDArray[np.bool_]) -> TextLines:
        """Return the lines of a mask, one directly after the other in `data`."""
        if rows.all():
            return self
        kept = np.flatnonzero(rows)
        starts, ends = self.starts[kept], self.ends[kept]
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        data = b"".join(self.data[start:end] + b"\n" for start, end in pairs)
        stops = np.cumsum(ends - starts + 1)
        return replace(
            self,
            data=data,
            starts=stops - (ends - starts + 1),
            ends=stops - 1,
            num_tabs=self.num_tabs[kept],
            line_numbers=self.line_numbers[kept],
        )

    def field(self, row: int, column: int) -> str:
        """Return one field as text, without blanks and quotes around it."""
        content = self.data[self.starts[row] : self.ends[row]]
        return unquote(content.split(b"\t", column + 1)[column].decode().strip())

    def line(self, row: int) -> str:
        """Return one data line as text."""
        return self.data[self.starts[row] : self.ends[row]].decode()


def read_lines(path: Path, limits: Limits, *, max_columns: int | None = None) -> TextLines:
    """Read a tab-separated file into memory and find its lines.

    Args:
        path: Plain or gzip text, UTF-8 with or without byte order mark.
        limits: How large it may be.
        max_columns: Largest number of columns; that of `limits` if None.

    Returns:
        Comments, header and data lines; at least one data line.

    Raises:
        ImportRefusedError: If the file is empty, has no data line, is not UTF-8, is not separated
            by tabs, has too many columns or too long a line, or repeats a column name.
    """
    with open_text(path, limits) as stream:
        data = b"".join(iter(lambda: stream.read(READ_BYTES), b""))
    data = data.removeprefix(UTF8_MARK)
    _refuse_encoding(path.name, data)
    starts, ends, num_tabs = _scan(data)
    _check_length(path.name, ends - starts)
    first = _first_row(data, starts, ends)
    if first == len(starts):
        raise _refusal(path.name, "empty-file", "the file is empty; expected a header and rows")
    _check_width(path.name, int(num_tabs[first]) + 1, first + 1, max_columns or limits.max_columns)
    comments, header = _top(path.name, data, starts[: first + 1], ends[: first + 1])
    body = slice(first + 1, None)
    lines = TextLines(
        file=path.name,
        data=data,
        comments=comments,
        header=header,
        header_line=first + 1,
        starts=starts[body],
        ends=ends[body],
        num_tabs=num_tabs[body],
        line_numbers=np.arange(first + 1, len(starts), dtype=np.int64) + 1,
        digest=hashlib.sha256(data).hexdigest(),
    )
    if not np.any(lines.ends > lines.starts):
        raise _refusal(path.name, "header-only", "there is a header and no row; expected rows")
    return lines


def _top(
    file: str, data: bytes, starts: Int64s, ends: Int64s
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the comments and the names of the columns."""
    text = [data[a:b].decode() for a, b in zip(starts, ends, strict=True)]
    header = tuple(unquote(name.strip()) for name in text[-1].split("\t"))
    _check_header(file, header, len(text))
    return tuple(line for line in text[:-1] if line.startswith("#")), header


def unquote(text: str) -> str:
    """Take away the quotes around a field."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _scan(data: bytes) -> tuple[Int64s, Int64s, Int64s]:
    """Find where each line begins and ends, and count its tabs; block by block to bound memory."""
    content = np.frombuffer(data, dtype=np.uint8)
    newlines: list[Int64s] = []
    tabs: list[Int64s] = []
    for offset in range(0, len(content), BLOCK_BYTES):
        block = content[offset : offset + BLOCK_BYTES]
        newlines.append(np.flatnonzero(block == NEWLINE) + offset)
        before = 0 if not tabs else tabs[-1][-1]
        tabs.append(_tabs_before(block, newlines[-1] - offset) + before)
    breaks = np.concatenate([*newlines, np.zeros(0, dtype=np.int64)])
    counts = [block[:-1] for block in tabs]
    last_break = int(breaks[-1]) + 1 if len(breaks) else 0
    if last_break < len(content):
        breaks = np.append(breaks, len(content))
        counts.append(tabs[-1][-1:])
    starts = np.concatenate([[0], breaks[:-1] + 1])[: len(breaks)].astype(np.int64)
    num_tabs = np.diff(np.concatenate([[0], *counts])).astype(np.int64)
    ends = breaks - _ends_in_carriage_return(content, starts, breaks)
    return starts, ends, num_tabs


def _tabs_before(block: npt.NDArray[np.uint8], breaks: Int64s) -> Int64s:
    """Count the tabs of a block before each of its line breaks, and in all of it at the end."""
    tabs = np.flatnonzero(block == TAB)
    return np.append(np.searchsorted(tabs, breaks), len(tabs)).astype(np.int64)


def _ends_in_carriage_return(
    content: npt.NDArray[np.uint8], starts: Int64s, breaks: Int64s
) -> npt.NDArray[np.bool_]:
    has_text = breaks > starts
    last = content[np.maximum(breaks - 1, 0)] if len(content) else content
    return np.asarray(has_text & (last == CARRIAGE_RETURN))


def _first_row(data: bytes, starts: Int64s, ends: Int64s) -> int:
    """Return the number of the first line that is neither blank nor a comment."""
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if data[start:end].strip() and data[start : start + 1] != b"#":
            return row
    return len(starts)


def _refuse_encoding(file: str, data: bytes) -> None:
    if data.isascii():  # spares the copy that decoding makes
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        start = max(data.rfind(b"\n", 0, error.start) + 1, error.start - SHOWN_BYTES)
        shown = data[start : error.start + SHOWN_BYTES].partition(b"\n")[0]
        raise ImportRefusedError(
            "a byte is not UTF-8 text; expected UTF-8",
            advice="Save the file as UTF-8 (iconv -f LATIN1 -t UTF-8 does it for old files)",
            file=file,
            rule="encoding",
            line=data.count(b"\n", 0, error.start) + 1,
            value=shown.decode(errors="replace"),
        ) from None


def _check_length(file: str, lengths: Int64s) -> None:
    longest = int(np.argmax(lengths)) if len(lengths) else 0
    if len(lengths) and lengths[longest] > LONGEST_LINE_BYTES:
        problem = f"the line is longer than {LONGEST_LINE_BYTES >> 20} MiB; expected a row of text"
        raise _refusal(file, "line-too-long", problem, line=longest + 1)


def _check_width(file: str, num_columns: int, line: int, max_columns: int) -> None:
    """Refuse too many columns before the header is cut into so many texts."""
    if num_columns > max_columns:
        problem = f"{num_columns:,} columns; expected at most {max_columns:,}"
        raise _refusal(file, "too-many-columns", problem, line=line)


def _check_header(file: str, header: tuple[str, ...], line: int) -> None:
    if len(header) == 1:
        raise _wrong_delimiter(file, header[0], line)
    seen: set[str] = set()
    for name in header:
        if name.upper() in seen:
            raise ImportRefusedError(
                "a column name stands twice in the header; expected each once",
                advice="Rename or remove one of the two columns",
                file=file,
                rule="repeated-column",
                line=line,
                column=name,
            )
        seen.add(name.upper())


def _wrong_delimiter(file: str, header: str, line: int) -> ImportRefusedError:
    counts = {words: header.count(char) for char, words in OTHER_DELIMITERS.items()}
    words = max(counts, key=lambda key: counts[key])
    found = f"{counts[words]} {words} and no tab" if counts[words] else "a single column"
    return ImportRefusedError(
        f"the header has {found}; expected columns separated by tabs",
        advice="Save the file as tab-separated text",
        file=file,
        rule="wrong-delimiter",
        line=line,
        value=header,
    )


def _refusal(file: str, rule: str, problem: str, *, line: int | None = None) -> ImportRefusedError:
    advice = "Check that the export finished and that this is the right file"
    return ImportRefusedError(problem, advice=advice, file=file, rule=rule, line=line)
