"""Queues of a tumor board: which cases are shown, in which order, under which pseudonyms."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from cache.errors import InvalidEntryError, NotKeptError
from cache.workspace_file import WorkspaceFile
from cache.workspace_text import cleaned, require_unnamed

MOST_CASES = 200
"""Cases of one queue; a meeting shows far fewer."""


@dataclass(frozen=True, kw_only=True)
class QueueCase:
    """A tumor in a queue.

    Args:
        study_id: Its study.
        sample_id: Its name within the study; never shown in a meeting.
        pseudonym: What the meeting calls it; empty for "Case" and its place in the queue.
    """

    study_id: str
    sample_id: str
    pseudonym: str = ""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The cases of a meeting.

    Args:
        queue_id: Its id, 16 hexadecimal characters; stands in the address of the meeting.
        name: What somebody called it.
        created_at: When it was made, UTC.
        num_gone: Cases that were in it, and whose study was removed.
        cases: The cases, in order.
    """

    queue_id: str
    name: str
    created_at: datetime
    num_gone: int
    cases: tuple[QueueCase, ...] = field(default=())

    def pseudonym(self, position: int) -> str:
        """Return what the meeting calls the case at a position, from 0."""
        return self.cases[position].pseudonym or f"Case {position + 1}"


Edit = Callable[[list[QueueCase]], Sequence[QueueCase]]
"""Makes new cases of a queue from the present ones."""


class Queues:
    """The queues of a workspace.

    Args:
        file: Its file.
    """

    def __init__(self, file: WorkspaceFile) -> None:
        self._file = file

    def create(self, name: str) -> str:
        """Make an empty queue.

        Args:
            name: Its name.

        Returns:
            Its id.

        Raises:
            InvalidEntryError: If the name is empty or too long.
        """
        queue_id = secrets.token_hex(8)
        values = [queue_id, cleaned(name, "name"), datetime.now(UTC).replace(tzinfo=None), 0]
        with self._file.writing() as connection:
            connection.execute("INSERT INTO queue VALUES (?, ?, ?, ?)", values).fetchall()
        return queue_id

    def list_all(self) -> list[Queue]:
        """Return the queues with their cases, the newest first."""
        sql = "SELECT * FROM queue ORDER BY created_at DESC, queue_id"
        with self._file.reading() as connection:
            rows = connection.execute(sql).fetchall()
            return [_queue(row, _cases(connection, str(row[0]))) for row in rows]

    def load(self, queue_id: str) -> Queue:
        """Return a queue with its cases.

        Raises:
            NotKeptError: If there is no such queue.
        """
        with self._file.reading() as connection:
            row = _require(connection, queue_id)
            return _queue(row, _cases(connection, queue_id))

    def rename(self, queue_id: str, name: str) -> None:
        """Give a queue another name.

        Raises:
            NotKeptError: If there is no such queue.
            InvalidEntryError: If the name is empty or too long.
        """
        values = [cleaned(name, "name"), queue_id]
        with self._file.writing() as connection:
            _require(connection, queue_id)
            connection.execute("UPDATE queue SET name = ? WHERE queue_id = ?", values).fetchall()

    def edit(self, queue_id: str, edit: Edit) -> None:
        """Change the cases of a queue: add, remove, move, call otherwise.

        Args:
            queue_id: The queue.
            edit: Makes the new cases from those that are there at this moment.

        Raises:
            NotKeptError: If there is no such queue.
            InvalidEntryError: If a case is there twice, there are too many, or a pseudonym is too
                long, taken or tells the sample.
        """
        with self._file.writing() as connection:
            _require(connection, queue_id)
            cases = _checked(edit(_cases(connection, queue_id)))
            connection.execute("DELETE FROM queue_case WHERE queue_id = ?", [queue_id]).fetchall()
            for position, case in enumerate(cases):
                connection.execute(
                    "INSERT INTO queue_case VALUES (?, ?, ?, ?, ?)",
                    [queue_id, position, case.pseudonym, case.study_id, case.sample_id],
                ).fetchall()

    def delete(self, queue_id: str) -> None:
        """Delete a queue; what was decided stays.

        Raises:
            NotKeptError: If there is no such queue.
        """
        with self._file.writing() as connection:
            _require(connection, queue_id)
            for table in ("queue", "queue_case"):
                sql = f"DELETE FROM {table} WHERE queue_id = ?"
                connection.execute(sql, [queue_id]).fetchall()


def forget_cases(connection: duckdb.DuckDBPyConnection, study_id: str) -> int:
    """Take the tumors of a study out of every queue; return how many."""
    sql = "SELECT queue_id, count(*) FROM queue_case WHERE study_id = ? GROUP BY queue_id"
    gone = connection.execute(sql, [study_id]).fetchall()
    for queue_id, number in gone:
        sql = "UPDATE queue SET num_gone = num_gone + ? WHERE queue_id = ?"
        connection.execute(sql, [number, queue_id]).fetchall()
    connection.execute("DELETE FROM queue_case WHERE study_id = ?", [study_id]).fetchall()
    return sum(int(number) for _, number in gone)


def _checked(cases: Sequence[QueueCase]) -> list[QueueCase]:
    if len(cases) > MOST_CASES:
        raise InvalidEntryError(
            f"The queue would have {len(cases):,} cases; at most {MOST_CASES} fit. "
            "Split it into several meetings."
        )
    if len({(case.study_id, case.sample_id) for case in cases}) < len(cases):
        raise InvalidEntryError("A tumor would be in the queue twice. Each may be there once.")
    for case in cases:
        require_unnamed(case.pseudonym, "pseudonym", case.sample_id)
    kept = [
        replace(case, pseudonym=cleaned(case.pseudonym, "pseudonym", required=False))
        for case in cases
    ]
    _require_distinct([case.pseudonym or f"Case {place}" for place, case in enumerate(kept, 1)])
    return kept


def _require_distinct(names: Sequence[str]) -> None:
    taken = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if taken is not None:
        raise InvalidEntryError(
            f"Two cases would be called {taken!r}. Choose another pseudonym for one of them."
        )


def _cases(connection: duckdb.DuckDBPyConnection, queue_id: str) -> list[QueueCase]:
    sql = """SELECT study_id, sample_id, pseudonym FROM queue_case WHERE queue_id = ?
        ORDER BY position"""
    return [
        QueueCase(study_id=study_id, sample_id=sample_id, pseudonym=pseudonym)
        for study_id, sample_id, pseudonym in connection.execute(sql, [queue_id]).fetchall()
    ]


def _require(connection: duckdb.DuckDBPyConnection, queue_id: str) -> tuple[Any, ...]:
    rows = connection.execute("SELECT * FROM queue WHERE queue_id = ?", [queue_id]).fetchall()
    if not rows:
        raise NotKeptError("queue")
    row: tuple[Any, ...] = rows[0]
    return row


def _queue(row: tuple[Any, ...], cases: list[QueueCase]) -> Queue:
    queue_id, name, created_at, num_gone = row
    return Queue(
        queue_id=queue_id,
        name=name,
        created_at=created_at.replace(tzinfo=UTC),
        num_gone=int(num_gone),
        cases=tuple(cases),
    )
