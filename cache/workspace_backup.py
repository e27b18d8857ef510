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
from cache.records import read_record, sync_directory, write_record
from cache.snapshots import file_digest
from cache.workspace_decisions import HEAD
from cache.workspace_file import STAGED, WorkspaceFile
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
    """Put a backup in the place of the workspace, all of it or nothing.

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
    staged = WorkspaceFile(file.home / STAGED)
    with writing():
        file.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.alone(), writing():
        try:
            with staged.writing() as connection:
                for table in TABLES:
                    _read_table(connection, folder, table)
            if HEAD in names:
                shutil.copy2(folder / HEAD, staged.home / HEAD)
            _swap(file, staged)
            if HEAD in names:
                (staged.home / HEAD).replace(file.home / HEAD)
            else:
                (file.home / HEAD).unlink(missing_ok=True)
        finally:
            shutil.rmtree(staged.home, ignore_errors=True)


def _swap(file: WorkspaceFile, staged: WorkspaceFile) -> None:
    if file.path.exists():
        shutil.copy2(file.path, file.path.with_name(f"{file.path.name}.before"))
        # The log of the file that goes must not be taken into the one that comes.
        file.path.with_name(f"{file.path.name}.wal").unlink(missing_ok=True)
    staged.path.replace(file.path)
    sync_directory(file.home)


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
