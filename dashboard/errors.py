"""What can go wrong in the faces, and how every error is told to a user.

DashboardError
├── SourceNotFoundError     the path to import or place does not exist
├── NothingToDoError        the verb has nothing to work on, for example a map of no tumors
├── StudyChangedError       a study was imported again or removed while something was computed
├── NoMapError              a tumor is to be placed and there is no map for this model
├── ExportError             the export cannot be written where it was asked for
├── FigureError             a figure cannot be saved in the format that was asked for
├── JobError                a job cannot be started, found or stopped
├── ExplainError            a number of a tumor cannot be explained as it was asked for
├── ReportError             the report of a tumor cannot be made or written as it was asked for
├── FinetuneError           a head of the user's own cannot be trained or found under this name
├── UploadRefusedError      an uploaded file cannot be taken
├── ServeError              the dashboard cannot be opened
├── AccessError             a data route is asked for by someone who may not, or has no rule
└── NotConfirmedError       something would be deleted and nobody said yes
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cache.errors import CacheError
from dashboard.settings import make_private
from engine.errors import EngineError, ImportRefusedError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
"""What the operating system says when a disk or a quota is used up."""


class DashboardError(Exception):
    """Base class of every error that the faces raise on purpose."""


class SourceNotFoundError(DashboardError):
    """The path to import or place does not exist."""


class NothingToDoError(DashboardError):
    """The verb has nothing to work on."""


class StudyChangedError(DashboardError):
    """A study was imported again or removed while something was computed from it."""


class NoMapError(DashboardError):
    """There is no map on which a tumor could be placed."""


class ExportError(DashboardError):
    """The export cannot be written where it was asked for."""


class FigureError(DashboardError):
    """A figure cannot be saved in the format that was asked for."""


class JobError(DashboardError):
    """A job cannot be started, found or stopped."""


class ExplainError(DashboardError):
    """A number of a tumor cannot be explained as it was asked for."""


class ReportError(DashboardError):
    """The report of a tumor cannot be made or written as it was asked for."""


class FinetuneError(DashboardError):
    """A head of the user's own cannot be trained or found under this name."""


class UploadRefusedError(DashboardError):
    """An uploaded file cannot be taken."""


class ServeError(DashboardError):
    """The dashboard cannot be opened."""


class AccessError(DashboardError):
    """Data are asked for by someone who may not have them, or are served without a rule."""


class NotConfirmedError(DashboardError):
    """Something would be deleted and nobody said yes."""


def require_source(path: Path) -> None:
    """Refuse a path at which there is nothing.

    Raises:
        SourceNotFoundError: If there is nothing.
    """
    if not path.exists():
        raise SourceNotFoundError(
            f"There is no file or folder {path.name!r} where it was looked for. Check the path."
        )


EXPECTED = (DashboardError, EngineError, CacheError)
"""Errors whose text is written for a user."""


@dataclass(frozen=True, kw_only=True)
class ErrorReport:
    """An error as it is shown, and as it stands under `error` in a JSON document.

    Attributes:
        rule: Short name of what was broken, for example `missing-column` or `store-busy`.
        message: Plain sentences: what was found, what was expected, what to do.
        file: Name of the file concerned.
        line: Line in that file, counted from 1.
        column: Name of the column.
        value: What stood there, shortened.
        advice: What to do next, where it is known apart from the message.
        error_id: Name of the record in the logs, for an error that nobody foresaw.
    """

    rule: str
    message: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    advice: str | None = None
    error_id: str | None = None


def report_error(error: BaseException, home: Path) -> ErrorReport:
    """Turn any error into what a user is told.

    An error that nobody foresaw is recorded in the logs under an id; its text is not shown,
    since it may hold paths or values of a patient.

    Args:
        error: What was raised.
        home: The TumorXY home, for the logs.

    Returns:
        The report.
    """
    if isinstance(error, ImportRefusedError):
        return _refusal(error, home)
    if isinstance(error, EXPECTED):
        return ErrorReport(rule=rule_of(error), message=str(error))
    known = _system_error(error)
    return known if known is not None else _unforeseen(error, home)


def rule_of(error: BaseException) -> str:
    """Name the broken rule after the class of the error: `StoreBusyError` is `store-busy`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", type(error).__name__)
    return "-".join(word.lower() for word in words if word != "Error")


def _refusal(error: ImportRefusedError, home: Path) -> ErrorReport:
    # A reader that broke leaves what it wrote as a note: for the logs, not for the page.
    broke = bool(getattr(error, "__notes__", ()))
    return ErrorReport(
        rule=error.rule,
        message=str(error),
        file=error.file,
        line=error.line,
        column=error.column,
        value=error.value,
        advice=error.advice or None,
        error_id=record_error(error, home) if broke else None,
    )


def _system_error(error: BaseException) -> ErrorReport | None:
    if isinstance(error, MemoryError):
        return ErrorReport(
            rule="out-of-memory",
            message="The memory of this machine is used up; nothing was changed. Close other "
            "programs, or work on fewer studies at once.",
        )
    if not isinstance(error, OSError):
        return None
    name = Path(os.fsdecode(error.filename)).name if error.filename else None
    if error.errno in FULL_DISK:
        return ErrorReport(
            rule="disk-full",
            message="The disk is full; nothing was changed. Free some space and try again.",
            file=name,
        )
    if isinstance(error, PermissionError):
        return ErrorReport(
            rule="not-permitted",
            message=f"{name or 'A file'} cannot be opened: this user has no right to it. "
            "Change its rights, or work in a folder of your own.",
            file=name,
        )
    return None


def _unforeseen(error: BaseException, home: Path) -> ErrorReport:
    error_id = record_error(error, home)
    return ErrorReport(
        rule="unforeseen",
        message=f"Something went wrong that TumorXY does not know (error {error_id}); nothing "
        "was published. The details are in the logs folder of the TumorXY home: send that "
        "record to whoever looks after this installation.",
        error_id=error_id,
    )


def record_error(error: BaseException, home: Path) -> str:
    """Write the traceback to the logs.

    Args:
        error: What was raised.
        home: The TumorXY home; the record is `logs/<id>.txt`, readable by its owner only.

    Returns:
        The id of the record.
    """
    now = datetime.now(UTC)
    error_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    text = f"{now.isoformat()}\n{''.join(traceback.format_exception(error))}"
    try:
        record = make_private(home / "logs") / f"{error_id}.txt"
        record.touch(mode=0o600)
        record.write_text(text, encoding="utf-8")
    except OSError:
        # A full or read-only disk must not hide the first error behind a second.
        return f"{error_id} (not recorded)"
    return error_id
