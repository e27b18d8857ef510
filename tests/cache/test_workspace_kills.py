"""Processes that die while they change the workspace, and processes that work on it at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from cache.workspace import WorkspaceStore
from cache.workspace_backup import back_up, restore
from tests.cache.kept import BACKUP, DECISION, LIMITS, fill, holds, tumors

KILLED = ("-m", "tests.cache.killed_workspace")

# What is watched, which call, when; and whether the change is there by then.
KILLS = [
    ("keep", "cache.workspace_sets._write", 1, "after", False),
    ("keep", "cache.workspace_sets._prune", 1, "after", False),
    ("decide", "cache.workspace_decisions.write_record", 1, "before", False),
    ("decide", "cache.workspace_decisions.write_record", 1, "after", False),
    ("decide", "cache.workspace_decisions.write_record", 2, "before", True),
    ("decide", "cache.workspace_decisions.write_record", 2, "after", True),
    ("forget", "cache.workspace.forget_views", 1, "after", False),
    ("forget", "cache.workspace_file.rewrite", 1, "before", True),
    ("forget", "cache.workspace_file.rewrite", 1, "after", True),
    ("forget", "pathlib.Path.replace", 1, "after", True),
    # The record and the copy of what was there before come first; the third renaming decides.
    ("restore", "pathlib.Path.replace", 1, "after", False),
    ("restore", "pathlib.Path.replace", 2, "after", False),
    ("restore", "pathlib.Path.replace", 3, "before", False),
    ("restore", "pathlib.Path.replace", 3, "after", True),
    ("restore", "pathlib.Path.replace", 4, "before", True),
    ("restore", "pathlib.Path.replace", 4, "after", True),
    ("restore", "pathlib.Path.replace", 5, "before", True),
    ("restore", "pathlib.Path.replace", 5, "after", True),
    ("restore", "pathlib.Path.replace", 6, "before", True),
    ("restore", "pathlib.Path.replace", 6, "after", True),
]

KEEP_MANY = """
import sys
from dataclasses import replace
from pathlib import Path
from cache.workspace import WorkspaceStore
from tests.cache.kept import DECISION, LIMITS, tumors
from cache.workspace_queues import QueueCase
workspace, study = WorkspaceStore(Path(sys.argv[1]), LIMITS), sys.argv[2]
queue = sys.argv[3]
for row in range(8):
    workspace.sets.name(workspace.sets.keep(tumors(study, row + 1)), f"{study} {row}")
    workspace.queues.edit(
        queue, lambda cases: [*cases, QueueCase(study_id=study, sample_id=f"{row}")]
    )
    workspace.decisions.record(replace(DECISION, study_id=study, sample_id=f"SAMPLE {row}"))
"""

LEAVE_LOG = """
import os, signal, sys
import duckdb
connection = duckdb.connect(sys.argv[1] + "/workspace.duckdb")
connection.execute(
    "INSERT INTO queue SELECT * REPLACE ('x' AS queue_id, 'In the log' AS name) FROM queue"
)
os.kill(os.getpid(), signal.SIGKILL)
"""

FILL_DISK = """
import resource, signal, sys
from pathlib import Path
import pyarrow as pa
from cache.errors import DiskFullError
from cache.workspace import WorkspaceStore
from tests.cache.kept import LIMITS
workspace = WorkspaceStore(Path(sys.argv[1]), LIMITS)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = workspace.file.path.stat().st_size + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
names = [f"{row * 2654435761 % 2**32:08x}" for row in range(300_000)]
keys = pa.table({"study_id": ["big"] * len(names), "sample_id": names})
try:
    workspace.sets.keep(keys)
except DiskFullError as error:
    print(error)
"""


def start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)


def prepare(home: Path, verb: str) -> None:
    """Fill a home; where a backup is to be restored, record another decision after it."""
    workspace = fill(home)
    if verb == "restore":
        back_up(workspace.file, home.with_name(BACKUP))
        workspace.decisions.record(replace(DECISION, decision="Later"))


def has_changed(home: Path, verb: str) -> bool:
    workspace = WorkspaceStore(home, LIMITS)
    if verb == "restore":
        return len(workspace.decisions.read().entries) == 1
    if verb == "keep":
        return any(found.name == "big" for found in workspace.sets.list_named())
    if verb == "decide":
        return len(workspace.decisions.read().entries) == 2
    return workspace.queues.list_all()[0].num_gone == 1


def require_sound(home: Path) -> None:
    """Check that all that was acknowledged is there, and that work goes on."""
    workspace = WorkspaceStore(home, LIMITS)
    assert workspace.problems() == []
    assert workspace.decisions.read().entries[0].decision == "Ask for a second biopsy"
    workspace.sets.keep(tumors("third", 2))
    workspace.forget_study("first")
    assert not holds(home, b"FIRST-SAMPLE")
    assert workspace.problems() == []


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "watched", "call", "moment", "changed"), KILLS)
def test_a_kill_leaves_all_or_nothing(
    tmp_path: Path, verb: str, watched: str, call: int, moment: str, *, changed: bool
) -> None:
    home = tmp_path / "home"
    prepare(home, verb)
    child = start(*KILLED, str(home), verb, watched, str(call), moment)
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    assert has_changed(home, verb) == changed
    require_sound(home)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_kill_at_any_time_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    home, verb = tmp_path / "home", ("keep", "decide", "forget", "restore")[seed % 4]
    prepare(home, verb)
    child = start(*KILLED, str(home), verb, "os.fsync", "1000", "before")
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(float(np.random.default_rng(seed).uniform(0, 0.25)))
    child.kill()
    told, _ = child.communicate(timeout=60)
    changed = has_changed(home, verb)
    assert changed or "done" not in told
    require_sound(home)


@pytest.mark.slow
def test_what_a_killed_process_committed_is_in_the_copy_of_what_was_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    prepare(home, "restore")
    child = start("-c", LEAVE_LOG, str(home))
    child.communicate(timeout=120)
    assert (home / "workspace.duckdb.wal").exists()
    restore(WorkspaceStore(home, LIMITS).file, tmp_path / BACKUP)
    assert len(WorkspaceStore(home, LIMITS).decisions.read().entries) == 1
    with duckdb.connect(home / "workspace.duckdb.before", read_only=True) as before:
        assert before.execute("SELECT name FROM queue ORDER BY name").fetchall() == [
            ("In the log",),
            ("Tuesday",),
        ]
    require_sound(home)


@pytest.mark.slow
def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    workspace = WorkspaceStore(tmp_path, LIMITS)
    queue = workspace.queues.create("Shared")
    children = [start("-c", KEEP_MANY, str(tmp_path), name, queue) for name in ("left", "right")]
    try:
        while any(child.poll() is None for child in children):
            assert workspace.decisions.read().problem == ""
            time.sleep(0.02)
    finally:
        for child in children:
            child.communicate(timeout=120)
    assert [child.returncode for child in children] == [0, 0]
    assert len(workspace.sets.list_named()) == 16
    assert len(workspace.queues.load(queue).cases) == 16
    assert len(workspace.decisions.read().entries) == 16
    assert workspace.problems() == []


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 100_000, 700_000])
def test_a_disk_that_runs_full_midway_is_told_and_loses_nothing(tmp_path: Path, room: int) -> None:
    fill(tmp_path)
    child = start("-c", FILL_DISK, str(tmp_path), str(room))
    told, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert "Nothing was changed. Free some space" in told
    require_sound(tmp_path)
