"""What is wrong with the files of a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cache import snapshots
from cache.connections import writing
from cache.errors import CacheError
from cache.locking import is_locked
from cache.snapshots import Home, SnapshotInfo


def problems(home: Home, *, keep: int) -> list[str]:
    """Compare the published snapshot with its manifest, and look for leftovers.

    Args:
        home: Where the store lies.
        keep: How many snapshots are kept.

    Returns:
        One sentence per problem; empty when all is well.
    """
    if not home.root.is_dir():
        return []
    try:
        info = snapshots.current(home)
        if info is not None:
            snapshots.require_intact(info)
        with writing():
            locked = is_locked(home.root)
    except CacheError as error:
        return [str(error)]
    # While a writer is at work, its files are no leftovers.
    return [] if locked else _of_leftovers(home, info, keep=keep)


def miscounted(info: SnapshotInfo, found: Mapping[str, int]) -> list[str]:
    """Compare the rows of a snapshot with its manifest.

    Args:
        info: The manifest.
        found: Rows per table, as counted.
    """
    return [
        f"Snapshot {info.path.name} holds {found[table]} rows of {table}; its manifest says {rows}."
        for table, rows in info.row_counts.items()
        if found[table] != rows
    ]


def _of_leftovers(home: Home, info: SnapshotInfo | None, *, keep: int) -> list[str]:
    """Name what the next writer will delete."""
    drafts = snapshots.leftovers(home)
    old = snapshots.superseded(home, info, keep=keep)
    found = []
    if drafts:
        found.append(
            f"{_size(drafts)} of work files were left by a job that was interrupted; "
            "the next import deletes them."
        )
    if old:
        found.append(
            f"{_size(old)} of snapshots that are no longer needed are still there; "
            "the next import deletes them."
        )
    return found


def _size(paths: list[Path]) -> str:
    num_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    return f"{num_bytes / 2**20:.1f} MiB"
