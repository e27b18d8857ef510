"""Files that came through the browser: kept below HOME/uploads until their job ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from dashboard.errors import UploadRefusedError
from dashboard.settings import make_private

UNSAFE = re.compile(r"[^A-Za-z0-9_.\-]+")
LONGEST_NAME = 120
MOST_FILES = 2_000
DEEPEST = 4


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One uploaded file.

    Attributes:
        name: Its name as the browser gave it; with folders in it when a folder was uploaded.
        content: Its bytes, from the current position on.
    """

    name: str
    content: BinaryIO


def save_uploads(home: Path, job_id: str, uploads: Sequence[Upload]) -> Path:
    """Write uploaded files below HOME/uploads/<job id>.

    Args:
        home: The TumorXY home.
        job_id: Name of the job that will read them.
        uploads: The files; at least one.

    Returns:
        The file, when there is one; else the innermost folder that holds them all.

    Raises:
        UploadRefusedError: If a name cannot be used or two are the same; nothing is kept.
    """
    names = [safe_name(upload.name) for upload in uploads]
    _check(names)
    root = make_private(home / "uploads" / job_id)
    try:
        for name, upload in zip(names, uploads, strict=True):
            _write(root / name, upload.content)
    except OSError:
        discard_upload(home, job_id)
        raise
    return root / names[0] if len(names) == 1 else root / _common_folder(names)


def discard_upload(home: Path, job_id: str) -> None:
    """Delete the uploaded files of a job, if there are any."""
    shutil.rmtree(home / "uploads" / job_id, ignore_errors=True)


def safe_name(name: str) -> PurePosixPath:
    r"""Turn a browser's file name into one that is safe on this disk.

    Args:
        name: For example `C:\data\tumör 1.maf` or `study/data_mutations.txt`.

    Returns:
        A relative path without `..`, hidden parts or unusual characters.

    Raises:
        UploadRefusedError: If nothing usable is left, or folders are nested too deeply.
    """
    parts = [_safe_part(part) for part in name.replace("\\", "/").split("/")]
    usable = [part for part in parts if part]
    if not usable or len(usable) > DEEPEST:
        raise UploadRefusedError(
            f"The file name {name[:80]!r} cannot be used. Rename the file with letters, digits, "
            f"'_', '.' or '-', in at most {DEEPEST - 1} folders, and upload it again."
        )
    return PurePosixPath(*usable)


def _safe_part(part: str) -> str:
    cleaned = UNSAFE.sub("_", part).lstrip(".")
    # The end of a long name says what the file is: `.maf.gz`.
    return cleaned if len(cleaned) <= LONGEST_NAME else cleaned[-LONGEST_NAME:].lstrip(".")


def _check(names: Sequence[PurePosixPath]) -> None:
    if len(names) > MOST_FILES:
        raise UploadRefusedError(
            f"{len(names):,} files were uploaded; expected at most {MOST_FILES:,}. Leave out what "
            "does not belong to the study."
        )
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise UploadRefusedError(
            f"Two uploaded files would both be called {min(twice)}. Rename one of them."
        )


def _write(path: Path, content: BinaryIO) -> None:
    make_private(path.parent)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _common_folder(names: Sequence[PurePosixPath]) -> PurePosixPath:
    folders = [name.parent.parts for name in names]
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return PurePosixPath(*shared)
