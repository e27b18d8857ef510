from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from cache.workspace_decisions import NewDecision
from dashboard.workspace import Workspace
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort

Board = tuple[Path, str]

STUDY = "synthetic_demo"


def keys(*rows: int) -> pa.Table:
    names = [f"SYNT-{row:05d}" for row in rows]
    return pa.table({"study_id": [STUDY] * len(rows), "sample_id": names})


def decision(row: int, queue_id: str = "") -> NewDecision:
    return NewDecision(
        study_id=STUDY,
        sample_id=f"SYNT-{row:05d}",
        pseudonym="Case 1",
        decided_on=date(2026, 3, 1),
        decided_by="Thoracic board",
        decision="Repeat the biopsy",
        rationale="The panel sees no fusions",
        model_digest=MODEL_DIGEST,
        layout="main v1",
        snapshot=1,
        queue_id=queue_id,
    )


@pytest.fixture
def home(full_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full_home, tmp_path / "home"))


@pytest.fixture
def board(home: Path) -> Board:
    """A home with a queue of three cases, and the id of the queue."""
    workspace = Workspace(home)
    queue_id = workspace.create_queue("Thoracic board")
    workspace.add_cases(queue_id, keys(7, 8, 9))
    return home, queue_id


@pytest.fixture
def meet(open_page: Open, board: Board) -> Callable[[int], AppTest]:
    """Return a function that opens the meeting at a case."""
    home, queue_id = board
    return lambda position: open_page(home, "board", queue=queue_id, position=str(position))


def sent(node: Any) -> str:
    """Return everything that a page sends to the browser."""
    own = str(getattr(node, "proto", ""))
    return own + "".join(sent(child) for child in getattr(node, "children", {}).values())


def button(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_without_a_map_the_page_says_what_to_do(open_page: Open, tmp_path: Path) -> None:
    build_home(tmp_path, [draw_cohort(STUDY, 20)], with_map=False)
    app = open_page(tmp_path, "board")
    assert not app.exception
    assert "make a map" in texts(app)


def test_without_a_queue_the_page_says_what_a_meeting_is(open_page: Open, home: Path) -> None:
    app = open_page(home, "board")
    assert not app.exception
    assert "No meeting is prepared yet" in texts(app)


def test_a_queue_is_made_filled_and_started(open_page: Open, home: Path) -> None:
    app = open_page(home, "board")
    app.text_input[0].set_value("Tuesday")
    app.button[0].click().run()
    assert "No case yet" in texts(app)
    app.text_input(key="board_search").set_value("SYNT-00003").run()
    app.selectbox(key="board_match").select_index(0).run()
    assert "SYNT\\-00003" in texts(app)
    (queue,) = Workspace(home).list_queues()
    assert (queue.name, [case.sample_id for case in queue.cases]) == ("Tuesday", ["SYNT-00003"])
    button(app, "board_start")
    assert not app.exception
    assert app.query_params == {"queue": queue.queue_id, "position": "1"}
    assert "**of 1**" in texts(app)


def test_a_saved_set_becomes_cases(open_page: Open, board: Board) -> None:
    home, queue_id = board
    workspace = Workspace(home)
    set_id = workspace.keep_selection(keys(1, 2, 7))
    workspace.name_set(set_id, "Lasso")
    app = open_page(home, "board", queue=queue_id)
    app.selectbox(key="board_set").set_value(set_id).run()
    button(app, "board_add_set")
    samples = [case.sample_id[-1] for case in workspace.load_queue(queue_id).cases]
    assert samples == ["7", "8", "9", "1", "2"]


def test_cases_are_moved_called_and_removed(open_page: Open, board: Board) -> None:
    home, queue_id = board
    app = open_page(home, "board", queue=queue_id)
    name = f"{queue_id}_{STUDY}_SYNT-00009"
    button(app, f"up_{name}")
    app.text_input(key=f"call_{name}").set_value("The young one").run()
    button(app, f"remove_{queue_id}_{STUDY}_SYNT-00007")
    queue = Workspace(home).load_queue(queue_id)
    assert [(case.sample_id, queue.pseudonym(place)) for place, case in enumerate(queue.cases)] == [
        ("SYNT-00009", "The young one"),
        ("SYNT-00008", "Case 2"),
    ]


def test_a_pseudonym_that_names_the_sample_is_refused_in_a_sentence(
    open_page: Open, board: Board
) -> None:
    home, queue_id = board
    app = open_page(home, "board", queue=queue_id)
    app.text_input(key=f"call_{queue_id}_{STUDY}_SYNT-00007").set_value("synt-00007").run()
    assert "holds the id of the sample" in texts(app)
    assert Workspace(home).load_queue(queue_id).cases[0].pseudonym == ""


def test_a_queue_is_renamed_and_deleted(open_page: Open, board: Board) -> None:
    home, queue_id = board
    app = open_page(home, "board", queue=queue_id)
    app.text_input(key=f"board_name_{queue_id}").set_value("Wednesday").run()
    assert Workspace(home).load_queue(queue_id).name == "Wednesday"
    button(app, "board_delete")
    assert "No meeting is prepared yet" in texts(app)


def test_a_meeting_names_nobody(meet: Callable[[int], AppTest]) -> None:
    for position in range(1, 5):
        app = meet(position)
        assert not app.exception
        # The study and its tumors; "Synthetic" as a badge is no name.
        shown = f"{sent(app.main)}{app.query_params}"
        assert len(shown) > 5_000
        assert "SYNT-" not in shown
        assert "SYNT\\-" not in shown
        assert STUDY not in shown
        assert "Synthetic Demo" not in shown


def test_a_meeting_goes_from_case_to_case_to_the_summary(meet: Callable[[int], AppTest]) -> None:
    app = meet(1)
    assert "**of 3**" in texts(app)
    assert app.button(key="board_previous").disabled
    button(app, "board_next")
    assert "**of 3**" in texts(app)
    app = button(button(app, "board_next"), "board_next")
    assert "The meeting is over" in texts(app)
    assert "0 of 3 cases decided" in texts(app)
    assert app.button(key="board_next").disabled
    button(app, "board_end")
    assert "position" not in app.query_params


def test_a_position_beyond_the_queue_is_its_summary_and_nonsense_is_its_preparation(
    open_page: Open, board: Board
) -> None:
    home, queue_id = board
    app = open_page(home, "board", queue=queue_id, position="99")
    assert "The meeting is over" in texts(app)
    app = open_page(home, "board", queue=queue_id, position="-1")
    assert app.text_input(key=f"board_name_{queue_id}").value == "Thoracic board"


def test_a_decision_of_the_meeting_stands_in_its_summary(
    meet: Callable[[int], AppTest], board: Board
) -> None:
    home, queue_id = board
    app = meet(2)
    fields = {element.label: element for element in (*app.text_input, *app.text_area)}
    fields["Decision"].set_value("Offer the trial")
    fields["Rationale"].set_value("Fits and is open")
    fields["Decided by"].set_value("Thoracic board")
    next(b for b in app.button if b.label == "Record").click().run()
    assert not app.exception
    assert "Offer the trial" in texts(app)
    (entry,) = Workspace(home).decision_log().entries
    assert (entry.sample_id, entry.pseudonym, entry.queue_id) == ("SYNT-00008", "Case 2", queue_id)
    app = meet(4)
    assert "1 of 3 cases decided" in texts(app)
    assert "Fits and is open" in texts(app)
    assert {b.label for b in app.get("download_button")} >= {"CSV", "JSON"}


def test_an_incomplete_decision_is_refused_and_keeps_what_was_typed(
    meet: Callable[[int], AppTest], board: Board
) -> None:
    app = meet(1)
    fields = {element.label: element for element in (*app.text_input, *app.text_area)}
    fields["Decision"].set_value("Offer the trial")
    next(b for b in app.button if b.label == "Record").click().run()
    assert "is empty" in texts(app)
    assert next(e for e in app.text_input if e.label == "Decision").value == "Offer the trial"
    assert Workspace(board[0]).decision_log().entries == ()


def test_a_decision_is_shown_beside_similar_cases(open_page: Open, board: Board) -> None:
    home, _ = board
    workspace = Workspace(home)
    for row in range(60):
        workspace.record_decision(replace(decision(row), decision=f"Wait {row}"))
    app = open_page(home, "patient", sample=f"{STUDY}/SYNT-00007")
    assert "Decisions on similar cases" in texts(app)
    assert "nearest tumor number 1 of 89" in texts(app)
    assert "**Wait 7**" in texts(app)


def test_a_case_whose_tumor_is_not_on_the_map_is_left_out(open_page: Open, board: Board) -> None:
    home, queue_id = board
    Workspace(home).add_cases(queue_id, pa.table({"study_id": ["gone"], "sample_id": ["X1"]}))
    app = open_page(home, "board", queue=queue_id)
    assert "not on this map" in texts(app)
    app = open_page(home, "board", queue=queue_id, position="1")
    assert "**of 3**" in texts(app)


def test_a_queue_that_is_gone_is_said_so(open_page: Open, home: Path) -> None:
    app = open_page(home, "board", queue="0123456789abcdef")
    assert not app.exception
    assert "This queue is gone" in texts(app)


def test_a_damaged_workspace_is_told_in_a_sentence(open_page: Open, board: Board) -> None:
    home, queue_id = board
    (home / "workspace.duckdb").write_bytes(b"x" * 9_000)
    app = open_page(home, "board", queue=queue_id)
    assert not app.exception
    assert "cannot be read as it was written" in texts(app).replace("\\", "")
