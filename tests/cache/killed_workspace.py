"""Run in a child process by test_workspace_kills.py: changes a workspace and dies on the way.

Arguments: the home; what to do ("keep", "decide" or "forget"); and as in killed_writer.py what to
watch, which of its calls to die at, and the moment.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
from killed_writer import die_at

from cache.workspace import WorkspaceStore
from cache.workspace_decisions import NewDecision


def change(workspace: WorkspaceStore, verb: str) -> None:
    """Keep a selection, record a decision about FIRST-1, or forget the study `first`."""
    if verb == "keep":
        samples = [f"S{row}" for row in range(50_000)]
        keys = pa.table({"study_id": ["big"] * len(samples), "sample_id": samples})
        workspace.sets.name(workspace.sets.keep(keys), "big")
    elif verb == "decide":
        new = NewDecision(
            study_id="first",
            sample_id="FIRST-SAMPLE-1",
            pseudonym="",
            decided_on=date(2026, 3, 1),
            decided_by="Board",
            decision="Second",
            rationale="Because",
            model_digest="ab" * 32,
            layout="main v1",
            snapshot=1,
        )
        workspace.decisions.record(new)
    else:
        workspace.forget_study("first")


if __name__ == "__main__":
    home, verb, watched, call, moment = sys.argv[1:]
    die_at(watched, int(call), moment)
    print("ready", flush=True)
    change(WorkspaceStore(Path(home)), verb)
    print("done", flush=True)
