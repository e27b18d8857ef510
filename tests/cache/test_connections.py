from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cache import connections
from cache.errors import (
    CacheError,
    CacheLockedError,
    DiskFullError,
    HomeNotWritableError,
    LimitsDifferError,
    QueryMemoryError,
    SnapshotDamagedError,
    WriteFailedError,
)

MEMORY = 256 << 20

HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with one table of 100,000 rows."""
    path = tmp_path / "1.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(100000)").fetchall()
    return path


@pytest.fixture
def snapshot(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connections.open_snapshot(path, memory_bytes=MEMORY, threads=2) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "COPY t TO '/tmp/copy_of_a_table.csv'",
        "EXPORT DATABASE '/tmp/copy_of_a_database'",
        "ATTACH '/tmp/another.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '100GB'",
        "SET temp_directory = '/tmp'",
        "SET threads = 64",
        "PRAGMA temp_directory = '/tmp'",
        "RESET memory_limit",
        "INSERT INTO t VALUES (1)",
        "DELETE FROM t",
        "CREATE TABLE new (i INT)",
        "DROP TABLE t",
    ],
)
def test_a_snapshot_reads_and_writes_nothing_else(
    snapshot: duckdb.DuckDBPyConnection, statement: str
) -> None:
    with pytest.raises(duckdb.Error):
        snapshot.execute(statement).fetchall()
    assert snapshot.execute("SELECT count(*) FROM t").fetchall() == [(100_000,)]


def test_a_query_beyond_the_memory_is_a_named_error(path: Path) -> None:
    with (
        connections.open_snapshot(path, memory_bytes=8 << 20, threads=1) as connection,
        pytest.raises(QueryMemoryError, match="Ask for fewer studies at once"),
        connections.reading("1.duckdb"),
    ):
        connection.execute("SELECT list(a.i * b.i) FROM t a, t b GROUP BY a.i").fetchall()


def test_other_limits_in_one_process_are_refused(
    snapshot: duckdb.DuckDBPyConnection, path: Path
) -> None:
    with pytest.raises(LimitsDifferError, match="the same StoreLimits"):
        connections.open_snapshot(path, memory_bytes=MEMORY, threads=1)
    assert snapshot.execute("SELECT count(*) FROM t").fetchall() == [(100_000,)]


def test_a_file_that_another_program_writes_is_locked(path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(
            CacheLockedError, match="Another program has the snapshot open"
        ) as caught:
            connections.open_snapshot(path, memory_bytes=MEMORY, threads=2)
        child.kill()
    assert str(path.parent) not in str(caught.value)


@pytest.mark.parametrize("contents", [b"", b"no database", b"\0" * 20_000])
def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "7.duckdb"
    path.write_bytes(contents)
    with pytest.raises(SnapshotDamagedError, match=r"Snapshot 7\.duckdb is damaged") as caught:
        connections.open_snapshot(path, memory_bytes=MEMORY, threads=2)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left", "/srv/home/file"), DiskFullError),
        (OSError(errno.EFBIG, "File too large", "/srv/home/file"), DiskFullError),
        (OSError(errno.EDQUOT, "Quota", "/srv/home/file"), DiskFullError),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/home"), HomeNotWritableError),
        (OSError(errno.EROFS, "Read-only", "/srv/home"), HomeNotWritableError),
        (duckdb.IOException('write "/srv/home/f": No space left on device'), DiskFullError),
        (duckdb.FatalException('write "/srv/home/f": File too large'), DiskFullError),
        (duckdb.IOException('write "/srv/home/f": Input/output error'), WriteFailedError),
        (duckdb.OutOfMemoryException("failed to allocate"), QueryMemoryError),
    ],
)
def test_failures_of_the_disk_are_translated(raised: Exception, expected: type[CacheError]) -> None:
    with pytest.raises(expected) as caught, connections.writing():
        raise raised
    assert "/srv" not in str(caught.value)
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize("raised", [FileNotFoundError("x"), duckdb.BinderException("x")])
def test_mistakes_of_the_program_are_not_translated(raised: Exception) -> None:
    with pytest.raises(type(raised), match="x"), connections.writing():
        raise raised


def test_a_rewritten_file_holds_the_same_rows_in_the_same_order(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "it's new.duckdb"
    connections.rewrite(path, target, memory_bytes=MEMORY)
    with duckdb.connect(target, read_only=True) as connection:
        rows = connection.execute("SELECT i FROM t").fetchnumpy()["i"]
    assert rows.tolist() == list(range(100_000))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.duckdb", "it's new.duckdb"]
