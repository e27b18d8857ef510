from __future__ import annotations

from pathlib import Path

import pytest

from cache import health, snapshots
from cache.snapshots import Home
from cache.store import Store


@pytest.fixture
def home(filled: Store, tmp_path: Path) -> Home:
    """Return the home of a healthy store."""
    assert filled.check() == []
    return Home(tmp_path / "home")


def test_a_home_that_is_not_there_has_no_problems(tmp_path: Path) -> None:
    assert health.problems(Home(tmp_path / "none"), keep=2) == []


def test_leftovers_are_named_with_their_size(filled: Store, home: Home) -> None:
    (home.work / "draft-dead.duckdb").write_bytes(b"x" * (3 << 20))
    (home.snapshots / "2.duckdb").write_bytes(b"x" * (1 << 20))
    assert filled.check() == [
        "3.0 MiB of work files were left by a job that was interrupted; "
        "the next import deletes them.",
        "1.0 MiB of snapshots that are no longer needed are still there; "
        "the next import deletes them.",
    ]


def test_files_of_a_writer_at_work_are_no_leftovers(filled: Store) -> None:
    with filled.write() as writer:
        writer.add_layout("main", "model", "{}", "{}", "{}")
        assert filled.check() == []


def test_a_changed_file_is_named(filled: Store, home: Home) -> None:
    path = home.snapshots / "1.duckdb"
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    (problem,) = health.problems(home, keep=2)
    assert problem.startswith("Snapshot 1.duckdb is missing or no longer what its manifest says.")
    assert problem in filled.check()


def test_a_manifest_that_counts_other_rows_is_named(filled: Store) -> None:
    info = filled.snapshot()
    assert info is not None
    found = dict(info.row_counts) | {"sample": 11}
    assert health.miscounted(info, info.row_counts) == []
    assert health.miscounted(info, found) == [
        "Snapshot 1.duckdb holds 11 rows of sample; its manifest says 12."
    ]


def test_a_damaged_record_is_one_problem(filled: Store, home: Home) -> None:
    home.current.write_text("{}")
    (problem,) = filled.check()
    assert problem.startswith("CURRENT of the store is damaged")


def test_a_home_that_cannot_be_written_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(root: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr(health, "is_locked", refuse)
    (problem,) = health.problems(home, keep=2)
    assert "cannot be written by this user" in problem
    assert snapshots.current(home) is not None
