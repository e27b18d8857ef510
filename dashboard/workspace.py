"""What people make in the dashboard, for the pages: sets, views, queues, decisions. No Streamlit.

Everything is read again only when the workspace has changed, by this process or another one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from cache.workspace import WorkspaceStore
from cache.workspace_sets import SavedSet

T = TypeVar("T")

MOST_REMEMBERED = 64
"""Answers kept in memory; a set of 300,000 tumors takes 8 MB."""


class Workspace:
    """The workspace of a home; shared by all sessions.

    Args:
        home: The TumorXY home.
    """

    def __init__(self, home: Path) -> None:
        self.store = WorkspaceStore(home)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def keep_selection(self, keys: pa.Table) -> str:
        """Keep a selection for a while; 292,000 tumors take about 0.1 s.

        Args:
            keys: `study_id` and `sample_id` of its tumors.

        Returns:
            Its id, the same for the same tumors; it stands in the page's address.
        """
        return self.store.sets.keep(keys)

    def name_set(self, set_id: str, name: str, note: str = "") -> None:
        """Give a set a name, or another one: it is kept until somebody deletes it."""
        self.store.sets.name(set_id, name, note)

    def list_sets(self) -> list[SavedSet]:
        """Return the named sets, the newest first."""
        return self._remembered(("sets",), self.store.sets.list_named)

    def about_set(self, set_id: str) -> SavedSet:
        """Return what is known about a set.

        Raises:
            NotKeptError: If there is no such set.
        """
        return self._remembered(("set", set_id), lambda: self.store.sets.about(set_id))

    def load_set(self, set_id: str) -> pa.Table:
        """Return the tumors of a set: `study_id` and `sample_id`, sorted.

        Tumors of removed studies are left out; `about_set` tells how many they were.

        Raises:
            NotKeptError: If there is no such set.
        """
        return self._remembered(("tumors", set_id), lambda: self.store.sets.load(set_id))

    def delete_set(self, set_id: str) -> None:
        """Delete a set."""
        self.store.sets.delete(set_id)

    def _remembered(self, asked: tuple[Any, ...], ask: Callable[[], T]) -> T:
        """Return an answer from memory, as long as the workspace is what it was."""
        key = (self.store.version(), *asked)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                found: T = self._answers[key]
                return found
        answer = ask()
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > MOST_REMEMBERED:
                self._answers.popitem(last=False)
        return answer
