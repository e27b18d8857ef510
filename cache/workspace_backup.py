"""A backup of the workspace as files, and the way back.

A backup is a folder with one Parquet file per table, the record of the last decision, and a record
with the digest of each file. It holds names of tumors, and the secret behind the ids of sets.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cache.connections import writing
from cache.errors import (
    InvalidEntryError,
    SchemaTooNewError,
    SnapshotDamagedError,
    WorkspaceDamagedError,
)
from cache.records import copy_whole, read_record, sync, write_record
from cache.snapshots import file_digest
from cache.workspace_file import BEFORE, HEAD, RESTORED, STAGED, WorkspaceFile
from cache.workspace_schema import STEPS, TABLES

RECORD = "backup.json"


def back_up(file: WorkspaceFile, folder: Path) -> list[Path]:
    """Write the workspace as files.

    Args:
        file: The workspace.
        folder: Where to write; an earlier backup in it is replaced.

    Returns:
        The files.

    Raises:
        DiskFullError: If there is too little space.
        HomeNotWritableError: If the folder cannot be written.
    """
    with file.reading() as connection, writing():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [_write_table(connection, folder, table) for table in TABLES]
        head = file.home / HEAD
        if head.exists():
            paths.append(Path(shutil.copy2(head, folder / HEAD)))
        else:
            (folder / HEAD).unlink(missing_ok=True)
        digests = {path.name: file_digest(path) for path in paths}
        write_record(folder / RECORD, {"schema_version": STEPS[-1].number, "files": digests})
    return [*paths, folder / RECORD]


def restore(file: WorkspaceFile, folder: Path) -> None:
    """Put a backup in the place of the workspace, all of it or nothing, also when it is killed.

    A workspace that is there is kept as `workspace.duckdb.before`.

    Args:
        file: The workspace.
        folder: A folder that `back_up` wrote.

    Raises:
        InvalidEntryError: If the folder holds no backup.
        SchemaTooNewError: If a newer version of the program wrote it.
        WorkspaceDamagedError: If a file of the backup is not what was written.
    """
    names = _require_whole(folder)
    with writing():
        file.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.alone(), writing():
        staged = WorkspaceFile(file.home / STAGED)
        try:
            _unpack(folder, names, staged)
            _keep_before(file)
            staged.home.replace(file.home / RESTORED)
        finally:
            shutil.rmtree(staged.home, ignore_errors=True)
        sync(file.home)
        file.take_restored()


def _unpack(folder: Path, names: set[str], staged: WorkspaceFile) -> None:
    """Write a backup as a workspace into an empty folder."""
    shutil.rmtree(staged.home, ignore_errors=True)
    with staged.writing() as connection:
        for table in TABLES:
            _read_table(connection, folder, table)
    sync(staged.path)
    if HEAD in names:
        copy_whole(folder / HEAD, staged.home / HEAD)
    sync(staged.home)


def _keep_before(file: WorkspaceFile) -> None:
    """Copy the workspace that goes, with what a killed process left in its write-ahead log."""
    log, kept = file.path.with_name(f"{file.path.name}.wal"), file.home / BEFORE
    kept_log = kept.with_name(f"{kept.name}.wal")
    kept_log.unlink(missing_ok=True)
    for source, target in ((file.path, kept), (log, kept_log)):
        if source.exists():
            copy_whole(source, target)


def _write_table(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> Path:
    path = folder / f"{table}.parquet"
    pq.write_table(connection.table(table).to_arrow_table(), path, compression="zstd")
    path.chmod(0o600)
    return path


def _read_table(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> None:
    try:
        rows = pq.read_table(folder / f"{table}.parquet")
    except (pa.ArrowException, OSError) as error:
        raise WorkspaceDamagedError from error
    connection.execute(f"DELETE FROM {table}").fetchall()
    connection.register("backed_up", rows)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM backed_up").fetchall()
    connection.unregister("backed_up")


def _require_whole(folder: Path) -> set[str]:
    """Return the files of a backup; refuse one in which a byte was changed."""
    try:
        record = read_record(folder / RECORD)
    except FileNotFoundError:
        raise InvalidEntryError(
            f"The folder {folder.name!r} holds no backup of a workspace. Name one that "
            "`tumorxy workspace backup` wrote."
        ) from None
    except SnapshotDamagedError as error:
        raise WorkspaceDamagedError from error
    if record["schema_version"] > STEPS[-1].number:
        raise SchemaTooNewError(record["schema_version"], STEPS[-1].number)
    expected = record["files"]
    needed = {f"{table}.parquet" for table in TABLES}
    if not needed <= expected.keys() <= {*needed, HEAD}:
        raise WorkspaceDamagedError
    for name, told in expected.items():
        path = folder / name
        if not path.is_file() or file_digest(path) != told:
            raise WorkspaceDamagedError
    return set(expected)
