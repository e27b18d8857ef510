from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cache.errors import InvalidEntryError, NotKeptError
from cache.records import read_record, write_record
from cache.workspace import WorkspaceStore
from tests.cache.kept import DECISION, LIMITS, fill


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspaceStore:
    return WorkspaceStore(tmp_path, LIMITS)


@pytest.fixture
def three(workspace: WorkspaceStore) -> WorkspaceStore:
    """A log of three entries, of which the last corrects the first."""
    workspace.decisions.record(DECISION)
    workspace.decisions.record(replace(DECISION, sample_id="FIRST-SAMPLE-2", decision="Wait"))
    workspace.decisions.record(replace(DECISION, decision="Treat", corrects=1))
    return workspace


def test_what_was_decided_comes_back_as_it_was_recorded(three: WorkspaceStore) -> None:
    log = three.decisions.read()
    assert log.problem == ""
    first = log.entries[0]
    assert (first.number, first.decided_on, first.decided_by) == (
        1,
        "2026-03-01",
        "Board of Tuesday",
    )
    assert (first.study_id, first.sample_id) == ("first", "FIRST-SAMPLE-1")
    assert first.rationale == DECISION.rationale
    assert log.corrected() == {1: 3}
    assert log.entries[0].case_id == log.entries[2].case_id != log.entries[1].case_id
    assert log.entries[1].previous == first.digest


def test_a_correction_points_to_an_entry_of_its_case(three: WorkspaceStore) -> None:
    with pytest.raises(NotKeptError, match="decision"):
        three.decisions.record(replace(DECISION, corrects=7))
    with pytest.raises(InvalidEntryError, match="about another case"):
        three.decisions.record(replace(DECISION, corrects=2))
    with pytest.raises(InvalidEntryError, match="corrected already"):
        three.decisions.record(replace(DECISION, corrects=1))
    assert len(three.decisions.read().entries) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": " "}, "The decision is empty"),
        ({"decided_by": ""}, "The person is empty"),
        ({"rationale": "x" * 4001}, "at most 4,000"),
        ({"rationale": "As in first-sample-1 before"}, "holds the id of the sample"),
    ],
)
def test_text_that_says_nothing_or_names_the_sample_is_refused(
    workspace: WorkspaceStore, change: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidEntryError, match=message):
        workspace.decisions.record(replace(DECISION, **change))
    assert workspace.decisions.read().entries == ()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE decision SET decision = 'Treat at once' WHERE number = 2", "Entry 2 of the"),
        ("UPDATE decision SET recorded_at = '2020-01-01' WHERE number = 1", "Entry 1 of the"),
        ("DELETE FROM decision WHERE number = 1", "Entry 1 of the"),
        ("DELETE FROM decision WHERE number = 2", "Entry 2 of the"),
        ("DELETE FROM decision WHERE number = 3", "has 2 entries, and its record tells of 3"),
        ("DELETE FROM decision", "has 0 entries, and its record tells of 3"),
        (
            "INSERT INTO decision SELECT * REPLACE (4 AS number) FROM decision WHERE number = 3",
            "Entry 4 of the",
        ),
        ("UPDATE decision SET corrects = NULL WHERE number = 3", "Entry 3 of the"),
    ],
)
def test_a_change_by_hand_shows(three: WorkspaceStore, statement: str, message: str) -> None:
    with three.file.writing() as connection:
        connection.execute(statement).fetchall()
    assert message in three.decisions.read().problem
    assert message in three.problems()[0]


def test_a_lost_or_damaged_record_of_the_end_shows(three: WorkspaceStore, tmp_path: Path) -> None:
    head = tmp_path / "workspace.json"
    head.write_text(head.read_text().replace('"number": 3', '"number": 2'))
    assert "missing or damaged" in three.decisions.read().problem
    head.unlink()
    assert "missing or damaged" in three.decisions.read().problem
    assert len(three.decisions.read().entries) == 3


def test_an_entry_that_a_crash_took_before_it_was_committed_is_no_tampering(
    three: WorkspaceStore, tmp_path: Path
) -> None:
    head = tmp_path / "workspace.json"
    record = read_record(head)
    write_record(head, {"number": 4, "digest": "0" * 64, "pending": True})
    assert three.decisions.read().problem == ""
    write_record(head, {**record, "pending": True})
    assert three.decisions.read().problem == ""
    three.decisions.record(replace(DECISION, sample_id="FIRST-SAMPLE-3"))
    assert three.decisions.read().problem == ""
    assert read_record(head)["pending"] is False


def test_entries_of_a_removed_study_stay_chained_and_name_nobody(tmp_path: Path) -> None:
    workspace = fill(tmp_path)
    workspace.decisions.record(replace(DECISION, study_id="second", sample_id="SECOND-SAMPLE-1"))
    workspace.forget_study("first")
    log = workspace.decisions.read()
    assert log.problem == ""
    assert [entry.sample_id for entry in log.entries] == [None, "SECOND-SAMPLE-1"]
