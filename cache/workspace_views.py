"""Saved views: a page with its address, under a name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import duckdb

from cache.errors import InvalidEntryError, NotKeptError
from cache.workspace_file import WorkspaceFile
from cache.workspace_text import cleaned

LONGEST_QUERY = 4_000
"""Most characters of an address that is kept."""


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A page as it looked when somebody saved it.

    Args:
        view_id: Its id, 16 hexadecimal characters.
        name: What somebody called it.
        page: Name of the page, for example `map`.
        query: What stands behind `?` in its address.
        created_at: When it was saved, UTC.
    """

    view_id: str
    name: str
    page: str
    query: str
    created_at: datetime


class Views:
    """The saved views of a workspace.

    Args:
        file: Its file.
    """

    def __init__(self, file: WorkspaceFile) -> None:
        self._file = file

    def save(self, name: str, page: str, query: str) -> str:
        """Keep a view.

        Args:
            name: Its name.
            page: Name of the page.
            query: What stands behind `?` in its address.

        Returns:
            Its id.

        Raises:
            InvalidEntryError: If the name is empty or too long, or the address is too long.
        """
        if len(query) > LONGEST_QUERY:
            raise InvalidEntryError(
                f"The address of this view has {len(query):,} characters; at most "
                f"{LONGEST_QUERY:,} are kept. Choose fewer filters, and try again."
            )
        view_id = secrets.token_hex(8)
        now = datetime.now(UTC).replace(tzinfo=None)
        values = [view_id, cleaned(name, "name"), page, query, now]
        with self._file.writing() as connection:
            connection.execute("INSERT INTO saved_view VALUES (?, ?, ?, ?, ?)", values).fetchall()
        return view_id

    def list_all(self) -> list[SavedView]:
        """Return the views, the newest first."""
        sql = "SELECT * FROM saved_view ORDER BY created_at DESC, view_id"
        with self._file.reading() as connection:
            return [_view(row) for row in connection.execute(sql).fetchall()]

    def rename(self, view_id: str, name: str) -> None:
        """Give a view another name.

        Raises:
            NotKeptError: If there is no such view.
            InvalidEntryError: If the name is empty or too long.
        """
        values = [cleaned(name, "name"), view_id]
        with self._file.writing() as connection:
            _require(connection, view_id)
            sql = "UPDATE saved_view SET name = ? WHERE view_id = ?"
            connection.execute(sql, values).fetchall()

    def delete(self, view_id: str) -> None:
        """Delete a view.

        Raises:
            NotKeptError: If there is no such view.
        """
        with self._file.writing() as connection:
            _require(connection, view_id)
            connection.execute("DELETE FROM saved_view WHERE view_id = ?", [view_id]).fetchall()


def forget_views(connection: duckdb.DuckDBPyConnection, study_id: str, name: str) -> int:
    """Delete the views whose address tells a study, its name or a tumor of it; return how many."""
    rows = connection.execute("SELECT view_id, query FROM saved_view").fetchall()
    told = [view_id for view_id, query in rows if _tells(str(query), study_id, name)]
    connection.execute("DELETE FROM saved_view WHERE view_id = ANY(?)", [told]).fetchall()
    return len(told)


def _tells(query: str, study_id: str, name: str) -> bool:
    values = [value for _, value in parse_qsl(query)]
    return any(value in (study_id, name) or value.startswith(f"{study_id}/") for value in values)


def _require(connection: duckdb.DuckDBPyConnection, view_id: str) -> None:
    sql = "SELECT 1 FROM saved_view WHERE view_id = ?"
    if not connection.execute(sql, [view_id]).fetchall():
        raise NotKeptError("saved view")


def _view(row: tuple[Any, ...]) -> SavedView:
    view_id, name, page, query, created_at = row
    return SavedView(
        view_id=view_id,
        name=name,
        page=page,
        query=query,
        created_at=created_at.replace(tzinfo=UTC),
    )
