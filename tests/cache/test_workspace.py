from __future__ import annotations

import errno
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cache import workspace_file, workspace_sets
from cache.errors import (
    DiskFullError,
    HomeNotWritableError,
    InvalidEntryError,
    InvalidRowsError,
    NotKeptError,
    SchemaTooNewError,
    WorkspaceBusyError,
    WorkspaceDamagedError,
)
from cache.records import read_record, write_record
from cache.snapshots import file_digest
from cache.workspace import WorkspaceStore
from cache.workspace_backup import back_up, restore
from cache.workspace_file import WorkspaceLimits
from cache.workspace_queues import QueueCase
from tests.cache.kept import LIMITS, fill, holds, tumors


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspaceStore:
    return WorkspaceStore(tmp_path / "home", LIMITS)


def test_an_empty_workspace_reads_as_empty_and_makes_no_file(
    workspace: WorkspaceStore, tmp_path: Path
) -> None:
    assert workspace.sets.list_named() == []
    assert workspace.views.list_all() == []
    assert workspace.queues.list_all() == []
    assert workspace.decisions.read().entries == ()
    assert workspace.problems() == []
    assert workspace.version() == (0, 0, 0)
    assert not (tmp_path / "home").exists()


def test_a_set_comes_back_sorted_and_once(workspace: WorkspaceStore) -> None:
    keys = pa.concat_tables([tumors("second", 3), tumors("first", 5), tumors("first", 2)])
    set_id = workspace.sets.keep(keys)
    expected = pa.concat_tables([tumors("first", 5), tumors("second", 3)])
    assert workspace.sets.load(set_id).equals(expected.combine_chunks())
    assert workspace.sets.about(set_id).num_tumors == 8
    assert workspace.sets.list_named() == []


def test_the_same_tumors_have_the_same_id_and_others_another(workspace: WorkspaceStore) -> None:
    keys = tumors("first", 200)
    set_id = workspace.sets.keep(keys)
    order = np.random.default_rng(0).permutation(200)
    assert workspace.sets.keep(keys.take(order)) == set_id
    assert workspace.sets.keep(keys.slice(1)) != set_id
    moved = pa.table({"study_id": ["firs"], "sample_id": ["tA"]})
    assert workspace.sets.keep(moved) != workspace.sets.keep(
        pa.table({"study_id": ["first"], "sample_id": ["A"]})
    )


def test_another_installation_gives_another_id(workspace: WorkspaceStore, tmp_path: Path) -> None:
    other = WorkspaceStore(tmp_path / "other", LIMITS)
    assert other.sets.keep(tumors("first", 1)) != workspace.sets.keep(tumors("first", 1))


def test_an_empty_selection_is_a_set_too(workspace: WorkspaceStore) -> None:
    assert workspace.sets.load(workspace.sets.keep(tumors("first", 0))).num_rows == 0


def test_a_tumor_without_a_name_is_refused(workspace: WorkspaceStore) -> None:
    keys = pa.table({"study_id": ["first"], "sample_id": pa.array([None], pa.string())})
    with pytest.raises(InvalidRowsError, match="without study or sample"):
        workspace.sets.keep(keys)


def test_a_named_set_is_listed_renamed_and_deleted(workspace: WorkspaceStore) -> None:
    set_id = workspace.sets.keep(tumors("first", 4))
    workspace.sets.name(set_id, " Hypermutated\x00 ", "POLE?")
    (found,) = workspace.sets.list_named()
    assert (found.name, found.note, found.num_tumors, found.num_gone) == (
        "Hypermutated",
        "POLE?",
        4,
        0,
    )
    workspace.sets.name(set_id, "Other")
    assert workspace.sets.list_named()[0].name == "Other"
    workspace.sets.delete(set_id)
    assert workspace.sets.list_named() == []
    with pytest.raises(NotKeptError, match="This saved set is not kept here"):
        workspace.sets.load(set_id)
    with pytest.raises(NotKeptError, match="saved set"):
        workspace.sets.name(set_id, "Again")


@pytest.mark.parametrize(
    ("name", "message"),
    [("  ", "The name is empty"), ("x" * 81, "has 81 characters; at most 80")],
)
def test_a_name_that_says_nothing_or_too_much_is_refused(
    workspace: WorkspaceStore, name: str, message: str
) -> None:
    set_id = workspace.sets.keep(tumors("first", 1))
    with pytest.raises(InvalidEntryError, match=message):
        workspace.sets.name(set_id, name)


def test_keeping_a_named_set_again_keeps_its_name(
    workspace: WorkspaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_id = workspace.sets.keep(tumors("first", 4))
    workspace.sets.name(set_id, "Mine", "note")
    monkeypatch.setattr(workspace_sets, "REFRESHED_AFTER", timedelta(0))
    assert workspace.sets.keep(tumors("first", 4)) == set_id
    assert workspace.sets.list_named()[0].note == "note"


def test_selections_make_room_for_newer_ones_and_named_or_shown_ones_stay(
    workspace: WorkspaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_sets, "MOST_SELECTIONS", 3)
    ids = [workspace.sets.keep(tumors("first", 1, start)) for start in range(3)]
    workspace.sets.name(ids[0], "Kept")
    workspace.views.save("Shown", "map", f"by=gene&selection={ids[1]}")
    ids += [workspace.sets.keep(tumors("first", 1, start)) for start in range(3, 7)]
    gone = [set_id for set_id in ids if not is_kept(workspace, set_id)]
    assert gone == [ids[2], ids[3]]


def test_an_old_selection_is_forgotten(workspace: WorkspaceStore) -> None:
    set_id = workspace.sets.keep(tumors("first", 1))
    old = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=31)
    with workspace.file.writing() as connection:
        connection.execute("UPDATE tumor_set SET kept_at = ?", [old]).fetchall()
    workspace.sets.keep(tumors("first", 2))
    assert not is_kept(workspace, set_id)


def is_kept(workspace: WorkspaceStore, set_id: str) -> bool:
    try:
        workspace.sets.about(set_id)
    except NotKeptError:
        return False
    return True


def test_views_are_listed_renamed_and_deleted(workspace: WorkspaceStore) -> None:
    first = workspace.views.save("TP53", "map", "by=gene&gene=TP53")
    second = workspace.views.save("Case", "patient", "sample=a%2Fb")
    assert [view.view_id for view in workspace.views.list_all()] == [second, first]
    workspace.views.rename(first, "p53")
    assert workspace.views.list_all()[1].name == "p53"
    workspace.views.delete(first)
    with pytest.raises(NotKeptError, match="saved view"):
        workspace.views.delete(first)
    with pytest.raises(InvalidEntryError, match="at most 4,000"):
        workspace.views.save("Long", "map", "x" * 4_001)


def test_a_queue_is_edited_in_order(workspace: WorkspaceStore) -> None:
    queue_id = workspace.queues.create("Tuesday")
    first = QueueCase(study_id="first", sample_id="FIRST-SAMPLE-1")
    second = QueueCase(study_id="first", sample_id="FIRST-SAMPLE-2", pseudonym="The old one")
    workspace.queues.edit(queue_id, lambda cases: [*cases, first])
    workspace.queues.edit(queue_id, lambda cases: [second, *cases])
    queue = workspace.queues.load(queue_id)
    assert [queue.pseudonym(place) for place in range(2)] == ["The old one", "Case 2"]
    assert [case.sample_id for case in queue.cases] == ["FIRST-SAMPLE-2", "FIRST-SAMPLE-1"]
    workspace.queues.rename(queue_id, "Wednesday")
    assert workspace.queues.list_all()[0].name == "Wednesday"
    workspace.queues.delete(queue_id)
    with pytest.raises(NotKeptError, match="queue"):
        workspace.queues.load(queue_id)


@pytest.mark.parametrize(
    ("pseudonyms", "message"),
    [
        (["first-sample-0"], "holds the id of the sample"),
        (["A", "A"], "Two cases would be called 'A'"),
        (["Case 2", ""], "Two cases would be called 'Case 2'"),
        (["x" * 41], "at most 40"),
    ],
)
def test_pseudonyms_that_tell_or_repeat_are_refused(
    workspace: WorkspaceStore, pseudonyms: list[str], message: str
) -> None:
    queue_id = workspace.queues.create("Tuesday")
    cases = [
        QueueCase(study_id="first", sample_id=f"FIRST-SAMPLE-{row}", pseudonym=pseudonym)
        for row, pseudonym in enumerate(pseudonyms)
    ]
    with pytest.raises(InvalidEntryError, match=message):
        workspace.queues.edit(queue_id, lambda _: cases)
    assert workspace.queues.load(queue_id).cases == ()


def test_a_tumor_is_in_a_queue_once_and_a_queue_has_an_end(workspace: WorkspaceStore) -> None:
    queue_id = workspace.queues.create("Tuesday")
    case = QueueCase(study_id="first", sample_id="A")
    with pytest.raises(InvalidEntryError, match="twice"):
        workspace.queues.edit(queue_id, lambda _: [case, case])
    many = [replace(case, sample_id=f"{row}") for row in range(201)]
    with pytest.raises(InvalidEntryError, match="at most 200 fit"):
        workspace.queues.edit(queue_id, lambda _: many)


def test_removing_a_study_leaves_none_of_its_names(tmp_path: Path) -> None:
    home = tmp_path / "home"
    workspace = fill(home)
    assert holds(home, b"FIRST-SAMPLE")
    gone = workspace.forget_study("first")
    assert (gone.num_sets, gone.num_views, gone.num_cases, gone.num_decided) == (1, 1, 1, 1)
    (kept,) = workspace.sets.list_named()
    assert (kept.num_tumors, kept.num_gone) == (3, 5)
    assert workspace.sets.load(kept.set_id)["study_id"].to_pylist() == ["second"] * 3
    assert [view.name for view in workspace.views.list_all()] == ["The set"]
    (queue,) = workspace.queues.list_all()
    assert (queue.num_gone, [case.study_id for case in queue.cases]) == (1, ["second"])
    (entry,) = workspace.decisions.read().entries
    assert (entry.study_id, entry.sample_id, entry.pseudonym) == (None, None, "Case 1")
    assert workspace.problems() == []
    assert not holds(home, b"FIRST-SAMPLE")


def test_removing_a_study_takes_views_that_tell_its_name_along(workspace: WorkspaceStore) -> None:
    workspace.views.save("Of it", "map", "label=study&highlight=The+First+Study")
    workspace.views.save("Of another", "map", "label=study&highlight=The+First+Study+II")
    assert workspace.forget_study("first", "The First Study").num_views == 1
    assert [view.name for view in workspace.views.list_all()] == ["Of another"]


def test_removing_a_study_takes_leftovers_with_names_along(tmp_path: Path) -> None:
    home = tmp_path / "home"
    workspace = fill(home)
    back_up(workspace.file, tmp_path / "backup")
    restore(workspace.file, tmp_path / "backup")
    (home / "workspace.duckdb.1a.new").write_bytes(b"FIRST-SAMPLE-9")
    workspace.forget_study("first")
    assert not holds(home, b"FIRST-SAMPLE")


def test_a_backup_brings_everything_back(tmp_path: Path) -> None:
    workspace = fill(tmp_path / "home")
    before = (
        workspace.sets.list_named(),
        workspace.views.list_all(),
        workspace.queues.list_all(),
        workspace.decisions.read(),
    )
    back_up(workspace.file, tmp_path / "backup")
    other = WorkspaceStore(tmp_path / "other", LIMITS)
    restore(other.file, tmp_path / "backup")
    assert before == (
        other.sets.list_named(),
        other.views.list_all(),
        other.queues.list_all(),
        other.decisions.read(),
    )
    assert other.problems() == []
    assert other.sets.keep(pa.concat_tables([tumors("first", 5), tumors("second", 3)])) == (
        before[0][0].set_id
    )


def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    workspace = fill(tmp_path / "home")
    back_up(workspace.file, tmp_path / "backup")
    path = tmp_path / "backup" / "queue.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    before = workspace.version()
    with pytest.raises(WorkspaceDamagedError, match="cannot be read as it was written"):
        restore(workspace.file, tmp_path / "backup")
    with pytest.raises(InvalidEntryError, match="holds no backup"):
        restore(workspace.file, tmp_path / "home")
    assert workspace.version() == before


@pytest.mark.parametrize("change", ["queue.parquet", "../home/workspace.json"])
def test_a_backup_that_lists_other_files_is_refused(tmp_path: Path, change: str) -> None:
    workspace = fill(tmp_path / "home")
    back_up(workspace.file, tmp_path / "backup")
    record = read_record(tmp_path / "backup" / "backup.json")
    if record["files"].pop(change, None) is None:
        record["files"][change] = file_digest(tmp_path / "home" / "workspace.json")
    write_record(tmp_path / "backup" / "backup.json", record)
    with pytest.raises(WorkspaceDamagedError, match="cannot be read as it was written"):
        restore(workspace.file, tmp_path / "backup")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    workspace = fill(tmp_path / "home")
    with workspace.file.writing() as connection:
        connection.execute("INSERT INTO schema_version VALUES (9, 'later', now()::TIMESTAMP)")
    with pytest.raises(SchemaTooNewError, match="Upgrade TumorXY"):
        workspace.sets.list_named()
    with pytest.raises(SchemaTooNewError, match="schema version 9"):
        workspace.sets.keep(tumors("first", 1))


def test_a_damaged_file_is_told_and_doctors_line_says_so(tmp_path: Path) -> None:
    workspace = fill(tmp_path / "home")
    path = tmp_path / "home" / "workspace.duckdb"
    path.write_bytes(b"x" * 20_000)
    with pytest.raises(WorkspaceDamagedError, match="tumorxy workspace restore"):
        workspace.queues.list_all()
    with pytest.raises(WorkspaceDamagedError):
        workspace.sets.keep(tumors("first", 1))
    assert "cannot be read" in workspace.problems()[0]


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    workspace = WorkspaceStore(tmp_path, WorkspaceLimits(min_free_bytes=1 << 60))
    with pytest.raises(DiskFullError, match="MiB are free in the TumorXY home"):
        workspace.queues.create("Tuesday")
    assert workspace.queues.list_all() == []


def test_a_home_that_cannot_be_written_is_told(
    workspace: WorkspaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(HomeNotWritableError, match="cannot be written by this user"):
        workspace.queues.create("Tuesday")


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_home_that_may_only_be_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fill(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, "no lock is made here")

    monkeypatch.setattr(workspace_file.FileLock, "acquire", refuse)
    workspace = WorkspaceStore(tmp_path, LIMITS)
    assert workspace.problems() == []
    assert len(workspace.decisions.read().entries) == 1
    assert [queue.name for queue in workspace.queues.list_all()] == ["Tuesday"]
    with pytest.raises(HomeNotWritableError, match="cannot be written by this user"):
        workspace.queues.create("Wednesday")


def test_a_program_that_keeps_the_file_open_is_told(tmp_path: Path) -> None:
    workspace = fill(tmp_path)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", hold, str(workspace.file.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        for verb in (workspace.queues.list_all, lambda: workspace.queues.create("Tuesday")):
            with pytest.raises(WorkspaceBusyError, match="in use by another program"):
                verb()
    finally:
        child.communicate("\n", timeout=30)
    assert len(workspace.queues.list_all()) == 1


def test_a_lock_that_stays_taken_is_told(tmp_path: Path) -> None:
    fill(tmp_path)
    waiting = WorkspaceStore(tmp_path, replace(LIMITS, timeout_s=0.1))
    holding = WorkspaceStore(tmp_path, LIMITS)
    told: list[BaseException] = []

    def wait() -> None:
        try:
            waiting.queues.list_all()
        except WorkspaceBusyError as error:
            told.append(error)

    with holding.file.alone():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(30)
    assert len(told) == 1


def test_the_connection_reads_no_other_file(tmp_path: Path) -> None:
    workspace = fill(tmp_path)
    with (
        workspace.file.reading() as connection,
        pytest.raises(duckdb.Error, match="disabled"),
    ):
        connection.execute("SELECT * FROM read_text('/etc/passwd')").fetchall()
    with workspace.file.reading() as connection, pytest.raises(duckdb.Error, match="locked"):
        connection.execute("SET memory_limit='10GB'").fetchall()


def test_an_error_in_a_change_discards_all_of_it(workspace: WorkspaceStore) -> None:
    workspace.queues.create("Tuesday")

    def fail() -> None:
        with workspace.file.writing() as connection:
            connection.execute("DELETE FROM queue").fetchall()
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail()
    assert len(workspace.queues.list_all()) == 1
