"""Run in a child process by test_workspace_kills.py: changes a workspace and dies on the way.

Arguments: the home; what to do ("keep", "decide", "forget" or "restore"); and as in
killed_writer.py what to watch, which of its calls to die at, and the moment.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from cache.workspace import WorkspaceStore
from cache.workspace_backup import restore
from tests.cache.kept import BACKUP, DECISION
from tests.cache.killed_writer import die_at


def change(workspace: WorkspaceStore, verb: str) -> None:
    """Keep a selection, record a decision, restore a backup, or forget the study `first`."""
    if verb == "keep":
        samples = [f"S{row}" for row in range(50_000)]
        keys = pa.table({"study_id": ["big"] * len(samples), "sample_id": samples})
        workspace.sets.name(workspace.sets.keep(keys), "big")
    elif verb == "decide":
        workspace.decisions.record(replace(DECISION, pseudonym="", decision="Second"))
    elif verb == "restore":
        restore(workspace.file, workspace.file.home.with_name(BACKUP))
    else:
        workspace.forget_study("first")


if __name__ == "__main__":
    home, verb, watched, call, moment = sys.argv[1:]
    die_at(watched, int(call), moment)
    print("ready", flush=True)
    change(WorkspaceStore(Path(home)), verb)
    print("done", flush=True)
