"""The only door to a file: plain or gzip, bounded, and never outside the folder that was named."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from engine.errors import ImportRefusedError
from engine.readers.options import Limits

GZIP_MAGIC = b"\x1f\x8b"
ARCHIVES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"BCF\x02": "a BCF file (binary VCF)",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
}
"""First bytes of files that hold no text, and how to call them."""

TAR_MAGIC_OFFSET = 257
SNIFFED_BYTES = 1 << 16
# A small file may be repetitive without being a bomb; below this nothing can be harmed.
HARMLESS_BYTES = 1 << 20
BUFFER_BYTES = 1 << 20


def member(folder: Path, name: str) -> Path:
    """Find a file that another file names, without leaving the folder.

    Args:
        folder: Folder of the study.
        name: Name as it stands in the file, relative to the folder.

    Returns:
        The path; it need not exist.

    Raises:
        ImportRefusedError: If the name is absolute, contains `..` or passes through a link.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0] or "\0" in name:
        raise ImportRefusedError(
            "the name leads out of the study folder; expected a file inside it",
            advice="Name a file of the folder, without '..' and without a leading '/'",
            file=folder.name,
            rule="path-outside-folder",
            value=name,
        )
    path = folder
    for part in parts:
        path = path / part
        _refuse_link(path)
    return path


def open_text(path: Path, limits: Limits) -> BinaryIO:
    """Open a plain or gzip text file as a stream of bytes that cannot run away.

    bgzip and concatenated gzip are read to their end. Archives, binary files, UTF-16 and files
    with carriage returns as the only line breaks are refused. A UTF-8 byte order mark is left in.

    Args:
        path: File to read.
        limits: Largest expansion, number of bytes and number of lines.

    Returns:
        Decompressed bytes; reading past a limit, or from damaged gzip, raises
        `ImportRefusedError` with the line reached. Close it after use.

    Raises:
        ImportRefusedError: If the file is missing, a link, no regular file, too large or no text.
    """
    raw = _open_regular(path)
    try:
        size = os.fstat(raw.fileno()).st_size
        if size > limits.max_bytes:
            raise _too_large(path.name, limits, line=None)
        is_gzip = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        raw.seek(0)
        stream = io.BufferedReader(_BoundedStream(raw, path, limits, is_gzip=is_gzip), BUFFER_BYTES)
        _refuse_non_text(path, stream.peek(SNIFFED_BYTES)[:SNIFFED_BYTES])
    except BaseException:
        raw.close()
        raise
    return stream


class _BoundedStream(io.RawIOBase):
    """Decompressed bytes with running totals; stops at the first limit passed."""

    def __init__(self, raw: io.FileIO, path: Path, limits: Limits, *, is_gzip: bool) -> None:
        self._raw = raw
        self._inner = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        self._file = path.name
        self._limits = limits
        self._is_gzip = is_gzip
        self._bytes = 0
        self._lines = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        count = self._fill(buffer)
        self._bytes += count
        self._lines += buffer[:count].tobytes().count(b"\n")
        self._refuse_excess()
        return count

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._raw.close()
        super().close()

    def _fill(self, buffer: memoryview) -> int:
        try:
            return self._inner.readinto(buffer) or 0
        except EOFError:
            raise self._damaged("truncated-gzip", "the gzip data end too early") from None
        except (gzip.BadGzipFile, zlib.error):
            raise self._damaged("damaged-gzip", "the gzip data are damaged") from None

    def _damaged(self, rule: str, found: str) -> ImportRefusedError:
        return ImportRefusedError(
            f"{found}; expected a complete gzip file",
            advice="Copy or download the file again (gzip -t tells whether it is whole)",
            file=self._file,
            rule=rule,
            line=self._lines + 1,
        )

    def _refuse_excess(self) -> None:
        limits = self._limits
        if self._bytes > limits.max_bytes:
            raise _too_large(self._file, limits, line=self._lines)
        if self._lines > limits.max_rows:
            raise ImportRefusedError(
                f"more than {limits.max_rows:,} lines; expected at most that many",
                advice="Split the file by sample and import the parts",
                file=self._file,
                rule="too-many-rows",
                line=self._lines,
            )
        expanded_too_far = self._bytes > limits.max_expansion * max(self._raw.tell(), 1)
        if self._is_gzip and self._bytes > HARMLESS_BYTES and expanded_too_far:
            raise ImportRefusedError(
                f"it expands to more than {limits.max_expansion} times its size; "
                "expected real data, which never do",
                advice="If you trust the file, unpack it and import the unpacked file",
                file=self._file,
                rule="expansion",
                line=self._lines + 1,
            )


def _open_regular(path: Path) -> io.FileIO:
    """Open without following a link and without waiting for the other end of a pipe."""
    _refuse_link(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ImportRefusedError(
            "this is no regular file; expected a file with text",
            advice="Name the file itself",
            file=path.name,
            rule="not-a-file",
        )
    return io.FileIO(descriptor)


def _unreadable(path: Path, error: OSError) -> ImportRefusedError:
    if error.errno == errno.ENOENT:
        problem, rule = "there is no such file; expected a file to read", "missing-file"
    else:
        problem, rule = "the file cannot be opened; expected a readable file", "unreadable-file"
    return ImportRefusedError(
        problem, advice="Check its name and its permissions", file=path.name, rule=rule
    )


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise ImportRefusedError(
            "this is a symbolic link; expected the file itself",
            advice="Copy the file here and import the copy",
            file=path.name,
            rule="symlink",
        )


def _too_large(file: str, limits: Limits, *, line: int | None) -> ImportRefusedError:
    return ImportRefusedError(
        f"more than {limits.max_bytes / (1 << 20):,.0f} MiB; expected at most that much",
        advice="Split the file by sample and import the parts",
        file=file,
        rule="too-large",
        line=line,
    )


def _refuse_non_text(path: Path, start: bytes) -> None:
    """Refuse what is no text by its first bytes, after decompression."""
    found = next((name for magic, name in ARCHIVES.items() if start.startswith(magic)), None)
    if start[TAR_MAGIC_OFFSET:].startswith(b"ustar"):
        found = "a tar archive"
    if found is not None:
        raise ImportRefusedError(
            f"this is {found}; expected text, plain or gzip",
            advice="Unpack or convert it to text first, then import the result",
            file=path.name,
            rule="archive",
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start:
        raise ImportRefusedError(
            "the text is UTF-16 or the file is binary; expected UTF-8 text",
            advice="Save it as UTF-8 (iconv -f UTF-16 -t UTF-8 does it)",
            file=path.name,
            rule="encoding",
        )
    if b"\r" in start and b"\n" not in start:
        raise ImportRefusedError(
            "lines end in carriage returns only; expected line feeds",
            advice="Save it with Unix line breaks (tr '\\r' '\\n' does it)",
            file=path.name,
            rule="line-breaks",
            line=1,
        )
