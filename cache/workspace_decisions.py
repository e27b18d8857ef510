"""The decision log: what a board decided about a case, append-only and chained by digests.

Each entry carries the digest of the one before it, and `workspace.json` beside the file carries
the number and digest of the last one. So an entry that was changed, removed or slipped in by hand
shows. Whoever rewrites the whole chain and that record leaves no trace in them: keep exports, which
carry the digests, elsewhere.

An entry names its case by a random id. Which tumor that is stands in a table of its own, from which
removing a study takes it; the entry and the chain stay.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from cache.errors import InvalidEntryError, NotKeptError, SnapshotDamagedError
from cache.keys import digest
from cache.records import read_record, write_record
from cache.workspace_file import HEAD, WorkspaceFile
from cache.workspace_text import cleaned, require_unnamed

START = "0" * 64
"""Stands where the first entry has the digest of the one before it."""


@dataclass(frozen=True, kw_only=True)
class NewDecision:
    """What a board decided, before it is recorded.

    Args:
        study_id: Study of the tumor.
        sample_id: The tumor.
        pseudonym: What the meeting called it; empty outside of meetings.
        decided_on: Day of the decision.
        decided_by: Who decided: a name, a role or a board.
        decision: What was decided.
        rationale: Why.
        model_digest: Digest of the model whose numbers were shown.
        layout: Name and version of the map that was shown.
        snapshot: Number of the snapshot that was shown.
        queue_id: The meeting; empty outside of meetings.
        corrects: Number of the entry that this one corrects.
    """

    study_id: str
    sample_id: str
    pseudonym: str
    decided_on: date
    decided_by: str
    decision: str
    rationale: str
    model_digest: str
    layout: str
    snapshot: int
    queue_id: str = ""
    corrects: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An entry of the log; the fields of `NewDecision`, and what recording added.

    Args:
        number: Its place in the log, from 1.
        case_id: The case, the same for all entries about one tumor.
        pseudonym: As in `NewDecision`, like the following.
        decided_on: Day of the decision, `YYYY-MM-DD`.
        decided_by: Who decided.
        decision: What was decided.
        rationale: Why.
        model_digest: Digest of the model.
        layout: Name and version of the map.
        snapshot: Number of the snapshot.
        queue_id: The meeting.
        corrects: Number of the entry that this one corrects.
        recorded_at: When it was recorded, UTC, ISO 8601.
        previous: Digest of the entry before it.
        digest: Digest of everything above.
        study_id: Study of the tumor; None once it was removed.
        sample_id: The tumor; None once its study was removed.
    """

    number: int
    case_id: str
    pseudonym: str
    decided_on: str
    decided_by: str
    decision: str
    rationale: str
    model_digest: str
    layout: str
    snapshot: int
    queue_id: str
    corrects: int | None
    recorded_at: str
    previous: str
    digest: str
    study_id: str | None
    sample_id: str | None


@dataclass(frozen=True, kw_only=True)
class Log:
    """All decisions.

    Args:
        entries: In the order in which they were recorded.
        problem: What does not fit, one sentence; empty when the chain is whole.
    """

    entries: tuple[Decision, ...]
    problem: str = ""

    def corrected(self) -> dict[int, int]:
        """Return the entries that were corrected, each with the number of the correction."""
        return {e.corrects: e.number for e in self.entries if e.corrects is not None}


class DecisionLog:
    """The decisions of a workspace.

    Args:
        file: Its file.
    """

    def __init__(self, file: WorkspaceFile) -> None:
        self._file = file
        self._head = file.home / HEAD

    def record(self, new: NewDecision) -> int:
        """Append a decision.

        Args:
            new: What was decided.

        Returns:
            Its number.

        Raises:
            InvalidEntryError: If a text is empty or too long or names the sample, or the entry
                that is to be corrected is of another case or was corrected already.
            NotKeptError: If the entry that is to be corrected is not there.
        """
        texts = _texts(new)
        with self._file.alone():
            with self._file.writing() as connection:
                entries = _entries(connection)
                case_id = _case_id(connection, new)
                _require_correctable(entries, case_id, new.corrects)
                row = _row(new, texts, case_id, entries)
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO decision VALUES ({marks})", row).fetchall()
                # Written before the entry is committed and confirmed after it: whichever moment a
                # crash takes, the record tells which entries there must be.
                self._write_head(row, pending=True)
            with suppress(OSError):
                self._write_head(row, pending=False)
        return int(row[0])

    def read(self) -> Log:
        """Return every entry, and whether the chain is whole."""
        with self._file.reading() as connection:
            entries = _entries(connection)
            head = _read_head(self._head)
        return Log(entries=tuple(entries), problem=_problem(entries, head))

    def _write_head(self, row: list[Any], *, pending: bool) -> None:
        write_record(self._head, {"number": row[0], "digest": row[-1], "pending": pending})


def forget_tumors(connection: duckdb.DuckDBPyConnection, study_id: str) -> int:
    """Cut the entries about tumors of a study off from their names; return how many cases."""
    sql = "SELECT count(*) FROM decision_case WHERE study_id = ?"
    number = int(connection.execute(sql, [study_id]).fetchall()[0][0])
    connection.execute("DELETE FROM decision_case WHERE study_id = ?", [study_id]).fetchall()
    return number


def _texts(new: NewDecision) -> tuple[str, str, str, str]:
    """Return pseudonym, person, decision and rationale, cleaned and naming nobody."""
    for kind in ("decision", "rationale", "pseudonym"):
        require_unnamed(getattr(new, kind), kind, new.sample_id)
    return (
        cleaned(new.pseudonym, "pseudonym", required=False),
        cleaned(new.decided_by, "person"),
        cleaned(new.decision, "decision"),
        cleaned(new.rationale, "rationale"),
    )


def _case_id(connection: duckdb.DuckDBPyConnection, new: NewDecision) -> str:
    sql = "SELECT case_id FROM decision_case WHERE study_id = ? AND sample_id = ?"
    rows = connection.execute(sql, [new.study_id, new.sample_id]).fetchall()
    if rows:
        return str(rows[0][0])
    values = [secrets.token_hex(8), new.study_id, new.sample_id]
    connection.execute("INSERT INTO decision_case VALUES (?, ?, ?)", values).fetchall()
    return values[0]


def _require_correctable(entries: list[Decision], case_id: str, corrects: int | None) -> None:
    if corrects is None:
        return
    found = next((entry for entry in entries if entry.number == corrects), None)
    if found is None:
        raise NotKeptError("decision")
    if found.case_id != case_id:
        raise InvalidEntryError("The entry to correct is about another case. Choose one of this.")
    if any(entry.corrects == corrects for entry in entries):
        raise InvalidEntryError("This entry was corrected already. Correct the newer one instead.")


def _row(
    new: NewDecision, texts: tuple[str, str, str, str], case_id: str, entries: list[Decision]
) -> list[Any]:
    pseudonym, person, decision, rationale = texts
    previous = entries[-1].digest if entries else START
    row: list[Any] = [
        len(entries) + 1,
        case_id,
        pseudonym,
        new.decided_on.isoformat(),
        person,
        decision,
        rationale,
        new.model_digest,
        new.layout,
        new.snapshot,
        new.queue_id,
        new.corrects,
        datetime.now(UTC).isoformat(timespec="seconds"),
        previous,
    ]
    return [*row, digest(*row)]


def _entries(connection: duckdb.DuckDBPyConnection) -> list[Decision]:
    rows = connection.execute(
        """SELECT d.*, c.study_id, c.sample_id FROM decision d
        LEFT JOIN decision_case c USING (case_id) ORDER BY d.number"""
    )
    names = [column[0] for column in rows.description]
    return [Decision(**dict(zip(names, row, strict=True))) for row in rows.fetchall()]


def _read_head(path: Path) -> dict[str, Any] | None:
    """Return the record of the last entry; None where there is none, or it is damaged."""
    try:
        return read_record(path)
    except (FileNotFoundError, SnapshotDamagedError):
        return None


def _problem(entries: list[Decision], head: dict[str, Any] | None) -> str:
    previous = START
    for place, entry in enumerate(entries, 1):
        values = astuple(entry)[:14]
        if entry.number != place or entry.previous != previous or digest(*values) != entry.digest:
            return (
                f"Entry {place} of the decision log is not what was recorded, or one before it is "
                "missing: the log was changed outside of TumorXY. Compare it with an export."
            )
        previous = entry.digest
    return _problem_with_end(entries, head)


def _problem_with_end(entries: list[Decision], head: dict[str, Any] | None) -> str:
    """Compare the last entry with the record beside the file."""
    if head is None:
        missing = "The record of the last decision (workspace.json) is missing or damaged."
        return f"{missing} Compare the log with an export." if entries else ""
    last = (len(entries), entries[-1].digest if entries else START)
    # A pending entry was never acknowledged: it may be there or not.
    before = head["pending"] and len(entries) == head["number"] - 1
    if before or last == (head["number"], head["digest"]):
        return ""
    return (
        f"The decision log has {len(entries)} entries, and its record tells of {head['number']}: "
        "the log was changed outside of TumorXY. Compare it with an export."
    )
