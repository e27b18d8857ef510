"""Small JSON files that carry their own checksum and are replaced as a whole."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from cache.errors import SnapshotDamagedError
from cache.keys import digest


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Replace a record so that a crash leaves the old one or the new one, whole.

    Args:
        path: Where the record lies; its folder exists.
        record: JSON values.
    """
    text = json.dumps({"record": record, "checksum": digest(record)}, indent=1)
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def read_record(path: Path) -> dict[str, Any]:
    """Read a record and verify its checksum.

    Args:
        path: Where the record lies.

    Returns:
        The record, as it was written.

    Raises:
        FileNotFoundError: If there is none.
        SnapshotDamagedError: If it is not what was written.
    """
    text = path.read_bytes()
    try:
        whole = json.loads(text)
        record, checksum = whole["record"], whole["checksum"]
        intact = digest(record) == checksum
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise SnapshotDamagedError(
            f"{path.name} of the store is damaged: its checksum does not match its contents"
        )
    return dict(record)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that a crash leaves the old target or the new one, whole.

    Args:
        source: The file.
        target: Where its copy lies; the folder exists.
    """
    temporary = target.with_name(target.name + ".new")
    shutil.copy2(source, temporary)
    sync(temporary)
    temporary.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a directory, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
