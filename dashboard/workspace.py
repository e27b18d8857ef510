"""What people make in the dashboard, for the pages: sets, views, queues, decisions. No Streamlit.

Everything is read again only when the workspace has changed, by this process or another one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from cache.errors import NotKeptError
from cache.workspace import WorkspaceStore
from cache.workspace_decisions import Decision, Log, NewDecision
from cache.workspace_queues import Queue, QueueCase
from cache.workspace_sets import SavedSet
from cache.workspace_views import SavedView

T = TypeVar("T")

MOST_REMEMBERED = 16
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

    def save_view(self, name: str, page: str, query: str) -> str:
        """Keep a view under a name; return its id."""
        return self.store.views.save(name, page, query)

    def list_views(self) -> list[SavedView]:
        """Return the saved views, the newest first."""
        return self._remembered(("views",), self.store.views.list_all)

    def rename_view(self, view_id: str, name: str) -> None:
        """Give a view another name."""
        self.store.views.rename(view_id, name)

    def delete_view(self, view_id: str) -> None:
        """Delete a view."""
        self.store.views.delete(view_id)

    def create_queue(self, name: str) -> str:
        """Make an empty queue; return its id."""
        return self.store.queues.create(name)

    def list_queues(self) -> list[Queue]:
        """Return the queues, the newest first."""
        return self._remembered(("queues",), self.store.queues.list_all)

    def load_queue(self, queue_id: str) -> Queue:
        """Return a queue.

        Raises:
            NotKeptError: If there is no such queue.
        """
        found = [queue for queue in self.list_queues() if queue.queue_id == queue_id]
        if not found:
            raise NotKeptError("queue")
        return found[0]

    def rename_queue(self, queue_id: str, name: str) -> None:
        """Give a queue another name."""
        self.store.queues.rename(queue_id, name)

    def delete_queue(self, queue_id: str) -> None:
        """Delete a queue; what was decided stays."""
        self.store.queues.delete(queue_id)

    def add_cases(self, queue_id: str, keys: pa.Table) -> None:
        """Put tumors at the end of a queue; those that are in it stay where they are.

        Args:
            queue_id: The queue.
            keys: `study_id` and `sample_id` of the tumors.
        """
        wanted = [QueueCase(**row) for row in keys.select(["study_id", "sample_id"]).to_pylist()]

        def add(cases: list[QueueCase]) -> list[QueueCase]:
            there = {(case.study_id, case.sample_id) for case in cases}
            return cases + [c for c in wanted if (c.study_id, c.sample_id) not in there]

        self.store.queues.edit(queue_id, add)

    def remove_case(self, queue_id: str, case: QueueCase) -> None:
        """Take a tumor out of a queue."""
        self.store.queues.edit(queue_id, lambda cases: [c for c in cases if not _same(c, case)])

    def move_case(self, queue_id: str, case: QueueCase, step: int) -> None:
        """Move a tumor of a queue, -1 towards its beginning and 1 towards its end."""

        def move(cases: list[QueueCase]) -> list[QueueCase]:
            place = next((i for i, c in enumerate(cases) if _same(c, case)), None)
            if place is None:
                return cases
            moved = cases.pop(place)
            cases.insert(max(place + step, 0), moved)
            return cases

        self.store.queues.edit(queue_id, move)

    def call_case(self, queue_id: str, case: QueueCase, pseudonym: str) -> None:
        """Give a tumor of a queue a pseudonym; an empty one is its place in the queue."""
        self.store.queues.edit(
            queue_id,
            lambda cases: [replace(c, pseudonym=pseudonym) if _same(c, case) else c for c in cases],
        )

    def record_decision(self, new: NewDecision) -> int:
        """Append a decision to the log; return its number."""
        return self.store.decisions.record(new)

    def decision_log(self) -> Log:
        """Return every decision, and whether the log is what was recorded."""
        return self._remembered(("decisions",), self.store.decisions.read)

    def decisions_of(self, study_id: str, sample_id: str) -> list[Decision]:
        """Return the decisions about one tumor, the newest first."""
        entries = self.decision_log().entries
        return [e for e in reversed(entries) if (e.study_id, e.sample_id) == (study_id, sample_id)]

    def decisions_near(self, keys: pa.Table) -> list[tuple[int, Decision]]:
        """Return the decisions about tumors of a list that stand, in the order of the list.

        Args:
            keys: `study_id` and `sample_id` of the tumors, for example the nearest first.

        Returns:
            Place in the list, from 0, and a decision that was not corrected.
        """
        log = self.decision_log()
        corrected = log.corrected()
        names = zip(keys["study_id"].to_pylist(), keys["sample_id"].to_pylist(), strict=True)
        places = {name: place for place, name in enumerate(names)}
        found = [
            (places[e.study_id, e.sample_id], e)
            for e in reversed(log.entries)
            if e.number not in corrected and (e.study_id, e.sample_id) in places
        ]
        return sorted(found, key=lambda pair: pair[0])

    def decided_tumors(self) -> pa.Table:
        """Return the tumors that somebody decided about: `study_id` and `sample_id`."""
        entries = self.decision_log().entries
        names = dict.fromkeys((e.study_id, e.sample_id) for e in entries if e.study_id)
        columns = [pa.array([name[place] for name in names], pa.string()) for place in (0, 1)]
        return pa.table(columns, names=["study_id", "sample_id"])

    def decisions_of_meeting(self, queue_id: str) -> list[Decision]:
        """Return what was decided in the meetings of a queue, in the order of recording."""
        return [e for e in self.decision_log().entries if e.queue_id == queue_id]

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


def _same(one: QueueCase, other: QueueCase) -> bool:
    return (one.study_id, one.sample_id) == (other.study_id, other.sample_id)
