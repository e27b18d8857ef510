"""Snapshots on disk: how one is drafted, published, kept and thrown away.

    TUMORXY_HOME/
        CURRENT                 number of the published snapshot (0: none), with a checksum
        snapshots/7.duckdb      never changed after it was published
        snapshots/7.json        its manifest: sha256, size, row counts, schema version
        work/draft-*            what a writer builds; of a dead writer if nobody holds the lock
        write.lock              held by the one writer
        writer.json             since when, and for what

A snapshot is published in the order: data file, manifest, CURRENT, each synced to disk before
the next. A crash between any two leaves CURRENT at the old snapshot, which is whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cache.errors import DiskFullError, SnapshotDamagedError
from cache.records import read_record, sync, write_record

_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Home:
    """Where the files of a store lie.

    Args:
        root: The TumorXY home.
    """

    root: Path

    @property
    def current(self) -> Path:
        """The record that names the published snapshot."""
        return self.root / "CURRENT"

    @property
    def snapshots(self) -> Path:
        """The folder of published snapshots and their manifests."""
        return self.root / "snapshots"

    @property
    def work(self) -> Path:
        """The folder of drafts."""
        return self.root / "work"

    def create(self) -> None:
        """Make the folders, readable by their owner only."""
        for folder in (self.root, self.snapshots, self.work):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, kw_only=True)
class SnapshotInfo:
    """What the manifest says about a published snapshot.

    Args:
        number: Increases by one with each snapshot.
        path: The file.
        sha256: Digest of the file, 64 hexadecimal characters.
        size_bytes: Size of the file.
        token: Random text that also stands in the file: a swapped file does not have it.
        row_counts: Rows per table.
        published_at: When, in UTC.
        schema_version: Number of the newest migration in the file.
        keep_from: Snapshots with a lower number hold samples that were removed, and must go.
        content: Number of the snapshot that last changed more than attributions: whatever was read
            from it, attributions apart, is the same here.
    """

    number: int
    path: Path
    sha256: str
    size_bytes: int
    token: str
    row_counts: Mapping[str, int]
    published_at: datetime
    schema_version: int
    keep_from: int
    content: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A finished file that is ready to be published.

    Args:
        path: The file, checkpointed and closed, on the disk of the home.
        token: As in `SnapshotInfo`.
        row_counts: Rows per table.
        schema_version: Number of the newest migration in the file.
        forget_older: Whether older snapshots must go, because samples were removed.
        same_content: Whether nothing but attributions differs from the published snapshot.
    """

    path: Path
    token: str
    row_counts: Mapping[str, int]
    schema_version: int
    forget_older: bool
    same_content: bool = False


def current(home: Home) -> SnapshotInfo | None:
    """Return the published snapshot, None when nothing was ever published.

    Raises:
        SnapshotDamagedError: If CURRENT or the manifest is damaged or missing.
    """
    number = _current_number(home)
    while number:
        try:
            return manifest(home, number)
        except FileNotFoundError:
            latest = _current_number(home)
            if latest == number:
                raise SnapshotDamagedError(
                    f"The manifest of snapshot {number} is missing"
                ) from None
            # A writer has published and deleted since CURRENT was read.
            number = latest
    return None


def _current_number(home: Home) -> int:
    """Return the number of the published snapshot; 0 when nothing was ever published."""
    try:
        return int(read_record(home.current)["number"])
    except FileNotFoundError:
        if any(home.snapshots.glob("*")):
            raise SnapshotDamagedError("Snapshots are there, but CURRENT is missing") from None
        return 0


def initialize(home: Home) -> None:
    """Make the folders, and a CURRENT that says that nothing was published.

    With it a first publication that was cut short differs from a CURRENT that was lost.
    """
    home.create()
    if current(home) is None and not home.current.exists():
        write_record(home.current, {"number": 0})


def manifest(home: Home, number: int) -> SnapshotInfo:
    """Read the manifest of one snapshot.

    Raises:
        FileNotFoundError: If there is none.
        SnapshotDamagedError: If it is not what was written.
    """
    record = read_record(home.snapshots / f"{number}.json")
    return SnapshotInfo(
        number=number,
        path=home.snapshots / f"{number}.duckdb",
        sha256=record["sha256"],
        size_bytes=record["size_bytes"],
        token=record["token"],
        row_counts=record["row_counts"],
        published_at=datetime.fromisoformat(record["published_at"]),
        schema_version=record["schema_version"],
        keep_from=record["keep_from"],
        content=record.get("content", number),
    )


@contextmanager
def drafting(home: Home, base: SnapshotInfo | None) -> Iterator[Path]:
    """Copy the published snapshot to a file that a writer may change, and clean up after it.

    Args:
        home: Where; its writer lock is held.
        base: The published snapshot; None starts with no file.

    Yields:
        Where the draft lies. It is gone afterwards unless it was published.

    Raises:
        SnapshotDamagedError: If the published file is not what its manifest says.
    """
    path = home.work / f"draft-{uuid.uuid4().hex}.duckdb"
    try:
        if base is not None:
            _copy_verified(base, path)
        yield path
    finally:
        _remove_drafts(home)


def _copy_verified(base: SnapshotInfo, path: Path) -> None:
    """Copy a snapshot; a damaged block must not travel into the next one under a new digest."""
    checksum = hashlib.sha256()
    try:
        with base.path.open("rb") as source, path.open("xb") as target:
            while chunk := source.read(_CHUNK_BYTES):
                checksum.update(chunk)
                target.write(chunk)
    except FileNotFoundError:
        raise _changed(base) from None
    if checksum.hexdigest() != base.sha256:
        raise _changed(base)


def _changed(info: SnapshotInfo) -> SnapshotDamagedError:
    return SnapshotDamagedError(
        f"Snapshot {info.path.name} is missing or no longer what its manifest says"
    )


def publish(home: Home, base: SnapshotInfo | None, draft: Draft) -> SnapshotInfo:
    """Make a draft the snapshot that every new reader sees.

    Args:
        home: Where; its writer lock is held.
        base: The snapshot that is published now.
        draft: What takes its place.

    Returns:
        The new snapshot.
    """
    number = 1 if base is None else base.number + 1
    before = 0 if base is None else base.keep_from
    path = home.snapshots / f"{number}.duckdb"
    record = {
        "sha256": file_digest(draft.path),
        "size_bytes": draft.path.stat().st_size,
        "token": draft.token,
        "row_counts": dict(draft.row_counts),
        "published_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "schema_version": draft.schema_version,
        "keep_from": number if draft.forget_older else before,
        "content": base.content if base is not None and draft.same_content else number,
    }
    _sync_file(draft.path)
    draft.path.replace(path)
    sync(home.snapshots)
    write_record(home.snapshots / f"{number}.json", record)
    write_record(home.current, {"number": number})
    return manifest(home, number)


def prune(home: Home, info: SnapshotInfo | None, *, keep: int) -> None:
    """Delete what no reader starts from: old snapshots, and leftovers of dead writers.

    Readers that still have a deleted snapshot open go on reading it.

    Args:
        home: Where; its writer lock is held.
        info: The published snapshot.
        keep: How many snapshots to keep, the published one among them.
    """
    _remove_drafts(home)
    for path in superseded(home, info, keep=keep):
        path.unlink()


def superseded(home: Home, info: SnapshotInfo | None, *, keep: int) -> list[Path]:
    """Return the files under `snapshots` that are neither published nor kept behind."""
    newest = 0 if info is None else info.number
    oldest = 1 if info is None else max(newest - keep + 1, info.keep_from)
    kept = {f"{n}.{suffix}" for n in range(oldest, newest + 1) for suffix in ("duckdb", "json")}
    return sorted(path for path in home.snapshots.glob("*") if path.name not in kept)


def leftovers(home: Home) -> list[Path]:
    """Return the drafts; when nobody holds the writer lock they belong to dead writers."""
    return sorted(home.work.glob("draft-*"))


def _remove_drafts(home: Home) -> None:
    for path in leftovers(home):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def require_space(home: Home, base: SnapshotInfo | None, *, min_free_bytes: int) -> None:
    """Refuse to start writing on a disk that is nearly full.

    Args:
        home: Where the draft and the snapshot will lie.
        base: The snapshot that will be copied.
        min_free_bytes: Free space to leave beside the copy, in bytes.

    Raises:
        DiskFullError: If there is less.
    """
    needed = min_free_bytes + (0 if base is None else base.size_bytes)
    free = free_bytes(home.root)
    if free < needed:
        raise DiskFullError(
            f"{free / 2**30:.1f} GiB are free in the TumorXY home, and at least "
            f"{needed / 2**30:.1f} GiB are needed before anything is written"
        )


def free_bytes(path: Path) -> int:
    """Return the space that is free to this user on the disk of a path, in bytes."""
    return shutil.disk_usage(path).free


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal characters."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_size(info: SnapshotInfo) -> None:
    """Refuse a snapshot whose file is missing, cut short, or followed by foreign writes.

    Raises:
        SnapshotDamagedError: If it differs from the manifest at a glance.
    """
    foreign = info.path.with_name(info.path.name + ".wal")
    if not info.path.is_file() or info.path.stat().st_size != info.size_bytes or foreign.exists():
        raise _changed(info)


def require_intact(info: SnapshotInfo) -> None:
    """Refuse a snapshot that differs from its manifest in any byte.

    Raises:
        SnapshotDamagedError: If it does.
    """
    require_size(info)
    if file_digest(info.path) != info.sha256:
        raise _changed(info)
