"""The store: reads from published snapshots, writes by publishing the next one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cache import health, snapshots
from cache.connections import damaged, open_draft, open_snapshot, reading, rewrite, writing
from cache.errors import CacheError, NoSnapshotError, SchemaTooNewError, SnapshotDamagedError
from cache.locking import writer_lock
from cache.migrations import count_rows, migrate, newest_version
from cache.reader import Reader
from cache.snapshots import Draft, Home, SnapshotInfo
from cache.writer import Writer


@dataclass(frozen=True, kw_only=True)
class StoreLimits:
    """What a store may use.

    Args:
        min_free_bytes: Free disk space that a write must leave, in bytes.
        keep_snapshots: Snapshots to keep, the published one among them.
        reader_memory_bytes: Memory of all readers of one snapshot in a process, in bytes.
        reader_threads: Threads per query.
        writer_memory_bytes: Memory of a writer, in bytes.
    """

    min_free_bytes: int = 1 << 30
    keep_snapshots: int = 2
    reader_memory_bytes: int = 1 << 30
    reader_threads: int = 2
    writer_memory_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        """Refuse limits under which nothing works."""
        if min(self.keep_snapshots, self.reader_threads) < 1:
            raise ValueError("keep_snapshots and reader_threads must be at least 1")


class Store:
    """The snapshots under one TumorXY home; may be shared by threads.

    Args:
        home: The TumorXY home. It need not exist before something is written.
        limits: What the store may use.
    """

    def __init__(self, home: Path, limits: StoreLimits | None = None) -> None:
        self._home = Home(Path(home))
        self._limits = limits or StoreLimits()
        self._mutex = threading.Lock()
        # Kept open, used by nobody: a file opens in 14 ms, once more in 0.04 ms. Readers get
        # connections of their own, as closing one that has cursors closes those as well.
        self._open: tuple[str, duckdb.DuckDBPyConnection] | None = None

    def exists(self) -> bool:
        """Tell whether anything was ever published."""
        return self.snapshot() is not None

    def snapshot(self) -> SnapshotInfo | None:
        """Return the published snapshot, None when nothing was ever published.

        Raises:
            SnapshotDamagedError: If its records are damaged or missing.
        """
        return snapshots.current(self._home)

    def check(self) -> list[str]:
        """Compare the published snapshot with its manifest, and look for leftovers.

        Reads all of each file: about a second per gigabyte.

        Returns:
            One sentence per problem; empty when all is well.
        """
        found = health.problems(self._home, keep=self._limits.keep_snapshots)
        try:
            with self.read() as reader:
                found += health.miscounted(reader.info, reader.row_counts())
        except NoSnapshotError:
            return found
        except CacheError as error:
            if str(error) not in found:
                found.append(str(error))
        return found

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open the published snapshot for this thread.

        Yields:
            A reader; it stays on its snapshot while others are published.

        Raises:
            NoSnapshotError: If nothing was ever published.
            SchemaTooNewError: If a newer version of the program published it.
            SnapshotDamagedError: If it is not what was published.
        """
        connection, info = self._connect()
        reader = Reader(connection, info)
        try:
            yield reader
        finally:
            reader.close()

    @contextmanager
    def write(
        self, timeout_s: float = 30, *, purpose: str = "a change of the store"
    ) -> Iterator[Writer]:
        """Change the store in one transaction; publish at the end of the `with` block.

        An error in the block discards everything; so does a crash.

        Args:
            timeout_s: How long to wait for another writer, in seconds.
            purpose: What another writer is told while it waits: "import tcga_pancan".

        Yields:
            A writer.

        Raises:
            StoreBusyError: If another writer is at work after the wait.
            DiskFullError: If there is too little space, before or while writing.
            SchemaTooNewError: If a newer version of the program published the store.
            SnapshotDamagedError: If the published snapshot is not what was published.
        """
        with ExitStack() as stack:
            with writing():
                self._home.create()
                lock = writer_lock(self._home.root, timeout_s=timeout_s, purpose=purpose)
                stack.enter_context(lock)
                base = self._prepare()
                path = stack.enter_context(snapshots.drafting(self._home, base))
                memory = self._limits.writer_memory_bytes
                connection = stack.enter_context(closing(open_draft(path, memory_bytes=memory)))
                connection.execute("BEGIN").fetchall()
                migrated = migrate(connection)
            writer = Writer(connection)
            stack.callback(writer.close)
            # What the caller's own files raise in the block is not about the store.
            yield writer
            writer.require_sound()
            changed = bool(migrated) or writer.changed
            if changed or writer.explained:
                with writing():
                    self._publish(base, path, connection, writer, same_content=not changed)

    def _prepare(self) -> SnapshotInfo | None:
        """Return the snapshot to start from; delete leftovers, refuse what cannot end well."""
        snapshots.initialize(self._home)
        base = self.snapshot()
        if base is not None:
            _require_known_schema(base)
        snapshots.prune(self._home, base, keep=self._limits.keep_snapshots)
        min_free = self._limits.min_free_bytes
        snapshots.require_space(self._home, base, min_free_bytes=min_free)
        return base

    def _publish(
        self,
        base: SnapshotInfo | None,
        path: Path,
        connection: duckdb.DuckDBPyConnection,
        writer: Writer,
        *,
        same_content: bool,
    ) -> None:
        """Commit a draft and put it in the place of the published snapshot."""
        token = uuid.uuid4().hex
        row_counts = _seal(connection, token)
        connection.close()
        if writer.erased_samples:
            path = _rewritten(path, self._limits.writer_memory_bytes)
        draft = Draft(
            path=path,
            token=token,
            row_counts=row_counts,
            schema_version=newest_version(),
            forget_older=writer.erased_samples,
            same_content=same_content,
        )
        info = snapshots.publish(self._home, base, draft)
        snapshots.prune(self._home, info, keep=self._limits.keep_snapshots)

    def _connect(self) -> tuple[duckdb.DuckDBPyConnection, SnapshotInfo]:
        """Return a connection to the published snapshot that nobody else uses."""
        with self._mutex:
            while True:
                info = self.snapshot()
                if info is None:
                    raise NoSnapshotError
                _require_known_schema(info)
                if info.schema_version < newest_version():
                    self._upgrade()
                elif self._open is not None and self._open[0] == info.token:
                    return self._connection(info), info
                else:
                    self._reopen(info)

    def _upgrade(self) -> None:
        """Publish the same rows in the newest schema."""
        with self.write(purpose="upgrade of the store"):
            pass

    def _reopen(self, info: SnapshotInfo) -> None:
        """Open a snapshot in place of the one that is open; its readers keep theirs."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
        try:
            self._open = (info.token, self._opened(info))
        except SnapshotDamagedError:
            # Unless a writer has published and deleted since CURRENT was read.
            if self.snapshot() == info:
                raise

    def _opened(self, info: SnapshotInfo) -> duckdb.DuckDBPyConnection:
        snapshots.require_size(info)
        connection = self._connection(info)
        with reading(info.path.name):
            tokens = connection.execute("SELECT token FROM snapshot").fetchall()
        if tokens != [(info.token,)]:
            connection.close()
            raise damaged(info.path.name)
        return connection

    def _connection(self, info: SnapshotInfo) -> duckdb.DuckDBPyConnection:
        return open_snapshot(
            info.path,
            memory_bytes=self._limits.reader_memory_bytes,
            threads=self._limits.reader_threads,
        )


def _require_known_schema(info: SnapshotInfo) -> None:
    if info.schema_version > newest_version():
        raise SchemaTooNewError(info.schema_version, newest_version())


def _seal(connection: duckdb.DuckDBPyConnection, token: str) -> dict[str, int]:
    """Commit a draft and write all of it to its file.

    Returns:
        Rows per table.
    """
    connection.execute("DELETE FROM snapshot").fetchall()
    connection.execute("INSERT INTO snapshot VALUES (?)", [token]).fetchall()
    connection.execute("COMMIT").fetchall()
    connection.execute("CHECKPOINT").fetchall()
    return count_rows(connection)


def _rewritten(path: Path, memory_bytes: int) -> Path:
    target = path.with_name(f"draft-{uuid.uuid4().hex}.duckdb")
    rewrite(path, target, memory_bytes=memory_bytes)
    return target
