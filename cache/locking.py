"""One writer at a time, over threads and processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from cache.errors import SnapshotDamagedError, StoreBusyError
from cache.records import read_record, write_record


@contextmanager
def writer_lock(root: Path, *, timeout_s: float, purpose: str) -> Iterator[None]:
    """Hold the writer lock of a store; the system frees it when its process dies.

    Args:
        root: The TumorXY home.
        timeout_s: How long to wait for another writer, in seconds.
        purpose: What the lock is for, as another user is told: "import tcga_pancan".

    Raises:
        StoreBusyError: If another writer still holds it after the wait.
    """
    lock = FileLock(root / "write.lock")
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise StoreBusyError(_who_holds(root)) from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        write_record(root / "writer.json", {"since": since, "purpose": purpose})
        yield
    finally:
        lock.release()


def is_locked(root: Path) -> bool:
    """Tell whether a writer is at work."""
    lock = FileLock(root / "write.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _who_holds(root: Path) -> str:
    try:
        holder = read_record(root / "writer.json")
    except (FileNotFoundError, SnapshotDamagedError):
        return "Another import is running. Wait until it has finished, and try again."
    since = datetime.fromisoformat(holder["since"]).astimezone().strftime("%H:%M")
    return (
        f"Another import has been running since {since} ({holder['purpose']}). "
        "Wait until it has finished, and try again."
    )
