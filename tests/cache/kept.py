"""What the tests of the workspace keep in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from cache.workspace import WorkspaceStore
from cache.workspace_decisions import NewDecision
from cache.workspace_file import WorkspaceLimits
from cache.workspace_queues import QueueCase

DECISION = NewDecision(
    study_id="first",
    sample_id="FIRST-SAMPLE-1",
    pseudonym="Case 1",
    decided_on=date(2026, 3, 1),
    decided_by="Board of Tuesday",
    decision="Ask for a second biopsy",
    rationale="Two neighbors of five had a fusion that this panel does not see.",
    model_digest="ab" * 32,
    layout="main v1",
    snapshot=1,
)

BACKUP = "backup"
"""Folder beside a home in which its backup lies."""

LIMITS = WorkspaceLimits(min_free_bytes=0, timeout_s=60)


def tumors(study_id: str, num: int, start: int = 0) -> pa.Table:
    """Return tumors `FIRST-SAMPLE-0`, ... of a study."""
    names = [f"{study_id.upper()}-SAMPLE-{row}" for row in range(start, start + num)]
    return pa.table(
        {"study_id": pa.array([study_id] * num, pa.string()), "sample_id": pa.array(names)}
    )


def fill(home: Path) -> WorkspaceStore:
    """Keep a set over two studies, a view, a queue and a decision."""
    workspace = WorkspaceStore(home, LIMITS)
    set_id = workspace.sets.keep(pa.concat_tables([tumors("first", 5), tumors("second", 3)]))
    workspace.sets.name(set_id, "Both", "A note")
    workspace.views.save("One tumor", "patient", "sample=first%2FFIRST-SAMPLE-1&by=gene")
    workspace.views.save("The set", "map", f"selection={set_id}")
    queue_id = workspace.queues.create("Tuesday")
    cases = [
        QueueCase(study_id="first", sample_id="FIRST-SAMPLE-1"),
        QueueCase(study_id="second", sample_id="SECOND-SAMPLE-1", pseudonym="The young one"),
    ]
    workspace.queues.edit(queue_id, lambda _: cases)
    workspace.decisions.record(replace(DECISION, queue_id=queue_id))
    return workspace


def holds(home: Path, text: bytes) -> bool:
    """Tell whether text stands in any file under a home."""
    return any(text in path.read_bytes() for path in home.rglob("*") if path.is_file())
