from __future__ import annotations

from pathlib import Path

import pytest

from cache import snapshots
from cache.errors import DiskFullError, SnapshotDamagedError
from cache.snapshots import Draft, Home, SnapshotInfo


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    snapshots.initialize(home)
    return home


def publish(home: Home, contents: bytes, *, forget_older: bool = False) -> SnapshotInfo:
    base = snapshots.current(home)
    with snapshots.drafting(home, base) as path:
        path.write_bytes(contents)
        draft = Draft(
            path=path,
            token=contents.decode(),
            row_counts={"sample": len(contents)},
            schema_version=1,
            forget_older=forget_older,
        )
        return snapshots.publish(home, base, draft)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_published_in_a_new_home(home: Home) -> None:
    assert snapshots.current(home) is None
    assert snapshots.current(Home(home.root / "not" / "there")) is None


def test_a_home_is_private(home: Home) -> None:
    assert [path.stat().st_mode & 0o077 for path in (home.root, home.snapshots, home.work)] == [
        0
    ] * 3


def test_what_was_published_is_current(home: Home) -> None:
    info = publish(home, b"one")
    assert snapshots.current(home) == info
    assert (info.number, info.size_bytes, info.row_counts) == (1, 3, {"sample": 3})
    assert info.path.read_bytes() == b"one"
    assert info.sha256 == snapshots.file_digest(info.path)
    assert info.published_at.utcoffset() is not None
    assert names(home.snapshots) == ["1.duckdb", "1.json"]
    assert names(home.work) == []


def test_a_draft_starts_as_a_copy_and_leaves_nothing(home: Home) -> None:
    base = publish(home, b"one")
    with snapshots.drafting(home, base) as path:
        assert path.read_bytes() == b"one"
        assert not path.samefile(base.path)
        path.write_bytes(b"changed")
        path.with_name(path.name + ".tmp").mkdir()
    assert names(home.work) == []
    assert base.path.read_bytes() == b"one"


def test_a_damaged_snapshot_is_never_copied_into_the_next(home: Home) -> None:
    base = publish(home, b"one")
    base.path.write_bytes(b"onE")
    with (
        pytest.raises(SnapshotDamagedError, match=r"Snapshot 1\.duckdb is missing or no longer"),
        snapshots.drafting(home, base),
    ):
        pass
    assert names(home.work) == []


def test_only_the_newest_snapshots_are_kept(home: Home) -> None:
    for contents in (b"one", b"two", b"three", b"four"):
        info = publish(home, contents)
    snapshots.prune(home, info, keep=2)
    assert names(home.snapshots) == ["3.duckdb", "3.json", "4.duckdb", "4.json"]
    assert snapshots.manifest(home, 3).token == "three"


def test_older_snapshots_go_when_samples_were_removed(home: Home) -> None:
    publish(home, b"with the study")
    info = publish(home, b"without", forget_older=True)
    assert snapshots.superseded(home, info, keep=2) == [
        home.snapshots / "1.duckdb",
        home.snapshots / "1.json",
    ]
    # A crash before the deletion: the next writer still knows that they must go.
    info = publish(home, b"later")
    snapshots.prune(home, info, keep=9)
    assert names(home.snapshots) == ["2.duckdb", "2.json", "3.duckdb", "3.json"]


def test_leftovers_of_dead_writers_are_deleted(home: Home) -> None:
    info = publish(home, b"one")
    (home.work / "draft-abc.duckdb").write_bytes(b"half")
    (home.work / "draft-abc.duckdb.tmp").mkdir()
    (home.work / "other").write_bytes(b"not ours")
    (home.snapshots / "2.duckdb").write_bytes(b"published but for CURRENT")
    (home.snapshots / "2.json").write_bytes(b"{}")
    snapshots.prune(home, info, keep=2)
    assert names(home.work) == ["other"]
    assert names(home.snapshots) == ["1.duckdb", "1.json"]


def test_a_lost_current_is_no_empty_store(home: Home) -> None:
    publish(home, b"one")
    home.current.unlink()
    with pytest.raises(SnapshotDamagedError, match="CURRENT is missing"):
        snapshots.current(home)
    with pytest.raises(SnapshotDamagedError, match="CURRENT is missing"):
        snapshots.initialize(home)


def test_a_first_publication_cut_short_is_an_empty_store(home: Home) -> None:
    publish(home, b"one")
    snapshots.write_record(home.current, {"number": 0})
    assert snapshots.current(home) is None
    snapshots.prune(home, None, keep=2)
    assert names(home.snapshots) == []


def test_a_lost_manifest_is_damage(home: Home) -> None:
    publish(home, b"one")
    (home.snapshots / "1.json").unlink()
    with pytest.raises(SnapshotDamagedError, match="manifest of snapshot 1 is missing"):
        snapshots.current(home)


def test_a_snapshot_deleted_between_two_looks_is_no_damage(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, b"one")
    manifest = snapshots.manifest

    def overtaken(home: Home, number: int) -> SnapshotInfo:
        if number == 1:
            snapshots.prune(home, publish_again(), keep=1)
        return manifest(home, number)

    def publish_again() -> SnapshotInfo:
        monkeypatch.setattr(snapshots, "manifest", manifest)
        return publish(home, b"two")

    monkeypatch.setattr(snapshots, "manifest", overtaken)
    info = snapshots.current(home)
    assert info is not None
    assert info.number == 2


@pytest.mark.parametrize("damage", ["cut", "grown", "gone", "foreign log"])
def test_damage_seen_at_a_glance(home: Home, damage: str) -> None:
    info = publish(home, b"one")
    snapshots.require_size(info)
    if damage == "gone":
        info.path.unlink()
    elif damage == "foreign log":
        info.path.with_name("1.duckdb.wal").write_bytes(b"")
    else:
        info.path.write_bytes({"cut": b"on", "grown": b"one!"}[damage])
    with pytest.raises(SnapshotDamagedError, match="no longer what its manifest says"):
        snapshots.require_size(info)


def test_damage_seen_by_reading_all(home: Home) -> None:
    info = publish(home, b"one")
    snapshots.require_intact(info)
    info.path.write_bytes(b"oNe")
    snapshots.require_size(info)
    with pytest.raises(SnapshotDamagedError, match="no longer what its manifest says"):
        snapshots.require_intact(info)


def test_writing_needs_room_for_the_copy_and_the_floor(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = publish(home, b"x" * 100)
    monkeypatch.setattr(snapshots, "free_bytes", lambda path: 1099)
    snapshots.require_space(home, info, min_free_bytes=999)
    with pytest.raises(DiskFullError, match=r"0\.0 GiB are free .* Nothing was changed"):
        snapshots.require_space(home, info, min_free_bytes=1000)


def test_free_space_is_told_in_bytes(tmp_path: Path) -> None:
    assert snapshots.free_bytes(tmp_path) > 1 << 20
