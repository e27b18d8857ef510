"""The workspace: what people make in the dashboard, beside the snapshots, which never change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cache.errors import CacheError
from cache.workspace_decisions import DecisionLog, forget_tumors
from cache.workspace_file import WorkspaceFile, WorkspaceLimits
from cache.workspace_queues import Queues, forget_cases
from cache.workspace_sets import Sets, forget_members
from cache.workspace_views import Views, forget_views


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What removing a study took out of the workspace.

    Args:
        num_sets: Sets and selections that lost tumors.
        num_views: Saved views that named the study, and are gone.
        num_cases: Cases that are gone from queues.
        num_decided: Cases with decisions that nothing leads to any more.
    """

    num_sets: int
    num_views: int
    num_cases: int
    num_decided: int


NOTHING_FORGOTTEN = Forgotten(num_sets=0, num_views=0, num_cases=0, num_decided=0)


class WorkspaceStore:
    """Sets, views, queues and decisions of one TumorXY home; may be shared by threads.

    Args:
        home: The TumorXY home. It need not exist before something is kept.
        limits: What the workspace may use.
    """

    def __init__(self, home: Path, limits: WorkspaceLimits | None = None) -> None:
        self.file = WorkspaceFile(home, limits)
        """Where all of it lies."""
        self.sets = Sets(self.file)
        """Sets of tumors."""
        self.views = Views(self.file)
        """Saved views."""
        self.queues = Queues(self.file)
        """Queues of a tumor board."""
        self.decisions = DecisionLog(self.file)
        """What a board decided."""

    def version(self) -> tuple[int, int, int]:
        """Return what changes with every change of the workspace."""
        return self.file.version()

    def forget_study(self, study_id: str, name: str = "") -> Forgotten:
        """Take every name of a study out of the workspace, and out of its file.

        Decisions stay, and name their cases no more.

        Args:
            study_id: The study that is removed.
            name: What it is called; views are found by it too.

        Returns:
            What was taken out.
        """
        if not self.file.home.is_dir():
            return NOTHING_FORGOTTEN
        with self.file.alone():
            self.file.clear_leftovers()
            if not self.file.path.exists():
                return NOTHING_FORGOTTEN
            with self.file.writing() as connection:
                gone = Forgotten(
                    num_sets=forget_members(connection, study_id),
                    num_views=forget_views(connection, study_id, name),
                    num_cases=forget_cases(connection, study_id),
                    num_decided=forget_tumors(connection, study_id),
                )
            self.file.rewrite()
        return gone

    def problems(self) -> list[str]:
        """Return one sentence per problem; empty when all is well.

        Reads every set, so it takes about a second for a hundred large ones.
        """
        try:
            self.sets.require_readable()
            self.queues.list_all()
            self.views.list_all()
            found = self.decisions.read().problem
        except CacheError as error:
            return [str(error)]
        return [found] if found else []
