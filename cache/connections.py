"""Connections to DuckDB: how they are opened, and what their errors mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import duckdb

from cache.errors import (
    CacheLockedError,
    DiskFullError,
    HomeNotWritableError,
    LimitsDifferError,
    QueryMemoryError,
    SnapshotDamagedError,
    WriteFailedError,
)

_Config: TypeAlias = dict[str, str | bool | int | float | list[str]]

_NO_EXTENSIONS: _Config = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}

_OF_ROWS_OR_SQL = (duckdb.ProgrammingError, duckdb.IntegrityError, duckdb.DataError)
"""Raised for a wrong statement or wrong rows; all other errors come from the file or the disk."""


def open_snapshot(path: Path, *, memory_bytes: int, threads: int) -> duckdb.DuckDBPyConnection:
    """Open a published snapshot, read-only and hardened.

    The connection reads nothing but this file, installs nothing, and no statement can change
    its settings. It writes no temporary files: a query that exceeds the memory fails.

    Args:
        path: The snapshot.
        memory_bytes: Memory that all connections to this file may use together, in bytes.
        threads: Threads per query.

    Returns:
        A connection, for one thread.

    Raises:
        CacheLockedError: If another program has the file open for writing.
        LimitsDifferError: If this process has it open with other limits.
        SnapshotDamagedError: If it cannot be read.
    """
    config: _Config = _NO_EXTENSIONS | {
        "enable_external_access": "false",
        "lock_configuration": "true",
        "memory_limit": f"{memory_bytes}B",
        "temp_directory": "",
        "threads": str(threads),
    }
    try:
        return duckdb.connect(path, read_only=True, config=config)
    except duckdb.ConnectionException as error:
        raise LimitsDifferError from error
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and "lock" in str(error):
            raise CacheLockedError from error
        raise damaged(path.name) from error


def open_draft(path: Path, *, memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """Open the file that a writer builds; it and its temporary files are the writer's alone."""
    config: _Config = _NO_EXTENSIONS | {
        "enable_external_access": "false",
        "memory_limit": f"{memory_bytes}B",
        "temp_directory": f"{path}.tmp",
        "threads": "2",
    }
    return duckdb.connect(path, config=config)


def rewrite(source: Path, target: Path, *, memory_bytes: int) -> None:
    """Copy the live rows of one file into a new one.

    Deleted rows stay in a DuckDB file as free space; a rewritten file never held them.

    Args:
        source: A closed file.
        target: The file to make.
        memory_bytes: Memory that the copy may use, in bytes.
    """
    config: _Config = _NO_EXTENSIONS | {
        "memory_limit": f"{memory_bytes}B",
        "temp_directory": f"{target}.tmp",
        "threads": "2",
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("ATTACH ? AS source (READ_ONLY)", [str(source)]).fetchall()
        connection.execute("ATTACH ? AS target", [str(target)]).fetchall()
        connection.execute("COPY FROM DATABASE source TO target").fetchall()
        connection.execute("CHECKPOINT target").fetchall()


def damaged(name: str) -> SnapshotDamagedError:
    """Return the error for a snapshot that cannot be read."""
    return SnapshotDamagedError(
        f"Snapshot {name} is damaged: its contents cannot be read as they were published"
    )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Translate what a query on a snapshot raises.

    Args:
        name: File name of the snapshot, for the message.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise QueryMemoryError from error
    except _OF_ROWS_OR_SQL:
        raise
    except duckdb.Error as error:
        raise damaged(name) from error


@contextmanager
def writing() -> Iterator[None]:
    """Translate what the system and the database raise while a snapshot is built or published."""
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise DiskFullError from error
        if error.errno in _NOT_WRITABLE:
            raise HomeNotWritableError from error
        raise
    except duckdb.OutOfMemoryException as error:
        raise QueryMemoryError from error
    except _OF_ROWS_OR_SQL:
        raise
    except duckdb.Error as error:
        if any(os.strerror(code) in str(error) for code in _DISK_FULL):
            raise DiskFullError from error
        raise WriteFailedError from error
