from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from cache.errors import NotKeptError
from dashboard.decision_records import decision_rows, decisions_csv, decisions_json
from dashboard.doctor import check_workspace
from dashboard.outcomes import Status
from dashboard.service import Service
from dashboard.workspace import Workspace
from tests.app.small_home import build_home, draw_cohort
from tests.cache.kept import DECISION, holds, tumors


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_answers_come_from_memory_until_somebody_changes_something(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_id = workspace.keep_selection(tumors("first", 3))
    workspace.name_set(set_id, "Mine")
    assert workspace.load_set(set_id) is workspace.load_set(set_id)
    assert workspace.list_sets() is workspace.list_sets()
    Workspace(tmp_path).name_set(set_id, "Of another process")
    assert workspace.list_sets()[0].name == "Of another process"
    workspace.delete_set(set_id)
    with pytest.raises(NotKeptError, match="saved set"):
        workspace.load_set(set_id)


def test_cases_keep_their_order_and_are_there_once(workspace: Workspace) -> None:
    queue_id = workspace.create_queue("Tuesday")
    workspace.add_cases(queue_id, tumors("first", 3))
    workspace.add_cases(queue_id, tumors("first", 4))
    first = workspace.load_queue(queue_id).cases[0]
    workspace.move_case(queue_id, first, 1)
    workspace.move_case(queue_id, first, 1)
    workspace.call_case(queue_id, first, "The first one")
    workspace.remove_case(queue_id, workspace.load_queue(queue_id).cases[0])
    cases = workspace.load_queue(queue_id).cases
    assert [case.sample_id[-1] for case in cases] == ["2", "0", "3"]
    assert cases[1].pseudonym == "The first one"
    with pytest.raises(NotKeptError, match="queue"):
        workspace.load_queue("0" * 16)


def test_a_case_does_not_leave_the_queue_at_its_ends(workspace: Workspace) -> None:
    queue_id = workspace.create_queue("Tuesday")
    workspace.add_cases(queue_id, tumors("first", 2))
    first, last = workspace.load_queue(queue_id).cases
    workspace.move_case(queue_id, first, -1)
    workspace.move_case(queue_id, last, 1)
    assert workspace.load_queue(queue_id).cases == (first, last)


def test_decisions_are_found_by_tumor_by_meeting_and_by_nearness(workspace: Workspace) -> None:
    for row, meeting in ((1, "a"), (2, "b"), (1, "b")):
        sample_id = f"FIRST-SAMPLE-{row}"
        workspace.record_decision(replace(DECISION, sample_id=sample_id, queue_id=meeting))
    workspace.record_decision(
        replace(DECISION, sample_id="FIRST-SAMPLE-2", decision="Wait", corrects=2)
    )
    assert [e.number for e in workspace.decisions_of("first", "FIRST-SAMPLE-1")] == [3, 1]
    assert [e.number for e in workspace.decisions_of_meeting("b")] == [2, 3]
    near = workspace.decisions_near(tumors("first", 3).take([2, 0, 1]))
    assert [(place, entry.number) for place, entry in near] == [(0, 4), (2, 3), (2, 1)]
    assert workspace.decided_tumors().num_rows == 2


def test_an_export_tells_the_chain_and_no_names(workspace: Workspace) -> None:
    workspace.record_decision(replace(DECISION, rationale="=HYPERLINK('x')"))
    workspace.record_decision(replace(DECISION, decision="Wait", corrects=1))
    log = workspace.decision_log()
    rows = decision_rows(log.entries, log)
    assert [row["corrected_by"] for row in rows] == [2, None]
    document = json.loads(decisions_json(log.entries, log))
    assert document["decisions"][1]["previous"] == document["decisions"][0]["digest"]
    text = decisions_csv(log.entries, log).decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert "Research use only" in text
    assert log.entries[-1].digest in text
    for exported in (text, json.dumps(document)):
        assert "FIRST-SAMPLE" not in exported


def test_removing_a_study_takes_its_names_out_of_the_workspace(tmp_path: Path) -> None:
    build_home(tmp_path, [draw_cohort("synthetic_demo", 20), draw_cohort("other", 20, seed=1)])
    service, workspace = Service(tmp_path), Workspace(tmp_path)
    keys = pa.table(
        {"study_id": ["other", "synthetic_demo"], "sample_id": ["OTHE-00001", "SYNT-00001"]}
    )
    workspace.name_set(workspace.keep_selection(keys), "Both")
    workspace.add_cases(workspace.create_queue("Tuesday"), keys)
    assert holds(tmp_path, b"OTHE-00001")
    service.remove("other")
    assert workspace.list_sets()[0].num_gone == 1
    assert workspace.list_queues()[0].num_gone == 1
    assert not holds(tmp_path, b"OTHE-00001")


def test_the_doctor_tells_what_is_kept_and_what_is_wrong(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.record_decision(DECISION)
    found = check_workspace(tmp_path)
    assert (found.status, found.found) == (
        Status.OK,
        "0 saved sets, 0 views, 0 queues, 1 decisions",
    )
    with workspace.store.file.writing() as connection:
        connection.execute("UPDATE decision SET rationale = 'other'").fetchall()
    found = check_workspace(tmp_path)
    assert found.status is Status.FAIL
    assert "changed outside of TumorXY" in found.found
