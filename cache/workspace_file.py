"""The file of the workspace: opened briefly, by one process at a time.

    TUMORXY_HOME/
        workspace.duckdb        what people made in the dashboard
        workspace.json          number and digest of the last decision, with a checksum
        workspace.lock          held while the file is open
        workspace.restored/     a whole backup, unpacked, on its way into their place

A DuckDB file that one process writes is closed to all others, readers too. So nobody keeps this
one open: it is opened for one read or one change (about 20 ms), closed with all of it in the file
and no write-ahead log beside it, and the lock lets one process in at a time. What a killed process
has committed stands in the write-ahead log, which the next one to open the file takes in. Likewise
the next one finishes what a killed process restored: once `workspace.restored` has its name, all of
the backup holds.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from cache.connections import rewrite, writing
from cache.errors import (
    CacheError,
    DiskFullError,
    HomeNotWritableError,
    SchemaTooNewError,
    WorkspaceBusyError,
    WorkspaceDamagedError,
)
from cache.migrations import migrate
from cache.records import copy_whole, sync
from cache.snapshots import free_bytes
from cache.workspace_schema import STEPS

NAME = "workspace.duckdb"
HEAD = "workspace.json"

STAGED = "workspace.new"
"""Folder in which a backup is unpacked, and from which it is deleted."""

RESTORED = "workspace.restored"
"""Its name from the moment on which the backup takes the place of the workspace."""

BEFORE = f"{NAME}.before"
"""What a restored backup took the place of; its write-ahead log ends in `.wal`, as usual."""

SECRET_BYTES = 32

POLL_SECONDS = 0.005
"""A turn takes about 50 ms: who asks seldom is overtaken by those who work without a pause."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceLimits:
    """What a workspace may use.

    Args:
        min_free_bytes: Free disk space below which nothing is written, in bytes.
        memory_bytes: Memory of a connection, in bytes.
        timeout_s: How long to wait for another process, in seconds.
    """

    min_free_bytes: int = 64 << 20
    memory_bytes: int = 512 << 20
    timeout_s: float = 10


class WorkspaceFile:
    """The workspace of one TumorXY home; may be shared by threads.

    Args:
        home: The TumorXY home. It need not exist before something is kept.
        limits: What it may use.
    """

    def __init__(self, home: Path, limits: WorkspaceLimits | None = None) -> None:
        self.home = Path(home)
        self.path = self.home / NAME
        self._limits = limits or WorkspaceLimits()
        # One per thread in effect; a thread that holds it may take it again.
        self._lock = FileLock(self.home / "workspace.lock", mode=0o600)

    def version(self) -> tuple[int, int, int]:
        """Return what changes with every change of the file; zeros while there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for one read, in this thread.

        Yields:
            A connection that can change nothing; to an empty workspace where nothing was kept.

        Raises:
            WorkspaceBusyError: If another program keeps the file open.
            WorkspaceDamagedError: If it cannot be read.
            SchemaTooNewError: If a newer version of the program wrote it.
        """
        if not self.path.exists() and not (self.home / RESTORED).exists():
            with _closing(_empty()) as connection:
                yield connection
            return
        with self._undisturbed(), _closing(self._opened()) as connection, _translated():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Change the workspace in one transaction, committed at the end of the `with` block.

        An error in the block discards everything; so does a crash.

        Yields:
            A connection, for this thread, in a transaction.

        Raises:
            WorkspaceBusyError: If another program keeps the file open.
            WorkspaceDamagedError: If it cannot be read.
            SchemaTooNewError: If a newer version of the program wrote it.
            DiskFullError: If there is too little space, before or while writing.
            HomeNotWritableError: If this user may not write into the home.
        """
        with writing():
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.alone():
            self._require_space()
            with self._changing() as connection:
                yield connection

    def rewrite(self) -> None:
        """Copy the live rows into a new file: deleted names stand in the old one's free space.

        Nothing may be left in a write-ahead log: call it after a change, within `alone`.
        """
        target = self.path.with_name(f"{NAME}.{uuid.uuid4().hex}.new")
        try:
            with writing():
                rewrite(self.path, target, memory_bytes=self._limits.memory_bytes)
                target.chmod(0o600)
                target.replace(self.path)
                sync(self.home)
        finally:
            target.unlink(missing_ok=True)

    def clear_leftovers(self) -> None:
        """Delete what a restored backup and killed processes left beside the file."""
        for path in self.home.glob(f"{NAME}.*"):
            if path.suffix == ".new" or path.name.startswith(BEFORE):
                path.unlink()
        shutil.rmtree(self.home / STAGED, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads and processes out; the system frees the lock of a dead process.

        Raises:
            WorkspaceBusyError: If another process stays in.
            HomeNotWritableError: If this user may not write into the home.
        """
        try:
            with writing():
                self._lock.acquire(timeout=self._limits.timeout_s, poll_interval=POLL_SECONDS)
        except Timeout:
            raise WorkspaceBusyError from None
        try:
            with writing():
                self.take_restored()
            yield
        finally:
            self._lock.release()

    def take_restored(self) -> None:
        """Put a whole unpacked backup in the place of the workspace; call it within `alone`.

        A crash at any moment leaves the rest to the next call.
        """
        restored = self.home / RESTORED
        if not restored.is_dir():
            return
        # The log of the file that goes must not be taken into the one that comes.
        self.path.with_name(f"{NAME}.wal").unlink(missing_ok=True)
        if (restored / NAME).exists():
            (restored / NAME).replace(self.path)
        if (restored / HEAD).exists():
            copy_whole(restored / HEAD, self.home / HEAD)
        else:
            (self.home / HEAD).unlink(missing_ok=True)
        sync(self.home)
        # A folder that is half deleted must not be taken for a backup without decisions.
        shutil.rmtree(self.home / STAGED, ignore_errors=True)
        restored.replace(self.home / STAGED)
        shutil.rmtree(self.home / STAGED, ignore_errors=True)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Keep others out while the file is read, where this user may write.

        In a home that this user may only read, whoever changes the file keeps it locked.
        """
        with ExitStack() as stack:
            with suppress(HomeNotWritableError):
                stack.enter_context(self.alone())
            yield

    @contextmanager
    def _changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connected(read_only=False)
        self.path.chmod(0o600)
        with _closing(connection), writing():
            connection.execute("BEGIN").fetchall()
            if migrate(connection, STEPS):
                _give_secret(connection)
            yield connection
            connection.execute("COMMIT").fetchall()
            connection.execute("CHECKPOINT").fetchall()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        """Open the file for reading; bring it to the newest schema first where it is older."""
        connection = self._connected(read_only=True)
        found = _version_of(connection)
        newest = STEPS[-1].number
        if found == newest:
            return connection
        connection.close()
        if found > newest:
            raise SchemaTooNewError(found, newest)
        with self._changing():
            pass
        return self._connected(read_only=True)

    def _connected(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_external_access": "false",
            "lock_configuration": "true",
            "memory_limit": f"{self._limits.memory_bytes}B",
            "temp_directory": "",
            "threads": "1",
        }
        try:
            return duckdb.connect(self.path, read_only=read_only, config=config)
        except duckdb.Error as error:
            raise _why_closed(error) from error

    def _require_space(self) -> None:
        free = free_bytes(self.home)
        if free < self._limits.min_free_bytes:
            raise DiskFullError(f"{free / 2**20:.0f} MiB are free in the TumorXY home")


def _empty() -> duckdb.DuckDBPyConnection:
    """Return an empty workspace in memory: what is not there reads as empty."""
    connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
    migrate(connection, STEPS)
    return connection


def _why_closed(error: duckdb.Error) -> CacheError:
    """Tell why the file cannot be opened."""
    text = str(error)
    if isinstance(error, duckdb.ConnectionException) or "Could not set lock" in text:
        return WorkspaceBusyError()
    if any(os.strerror(code) in text for code in (errno.EACCES, errno.EPERM, errno.EROFS)):
        return HomeNotWritableError()
    if any(os.strerror(code) in text for code in (errno.ENOSPC, errno.EDQUOT)):
        return DiskFullError()
    return WorkspaceDamagedError()


def _give_secret(connection: duckdb.DuckDBPyConnection) -> None:
    if not connection.table("workspace").fetchall():
        secret = secrets.token_bytes(SECRET_BYTES)
        connection.execute("INSERT INTO workspace VALUES (?)", [secret]).fetchall()


def _version_of(connection: duckdb.DuckDBPyConnection) -> int:
    with _translated():
        rows = connection.execute("SELECT max(number) FROM schema_version").fetchall()
    return int(rows[0][0] or 0)


@contextmanager
def _closing(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Tell a damaged file from a wrong statement."""
    try:
        yield
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError) as error:
        if isinstance(error, duckdb.CatalogException):
            raise WorkspaceDamagedError from error
        raise
    except duckdb.Error as error:
        raise WorkspaceDamagedError from error
