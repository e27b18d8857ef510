from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from dashboard.saved_section import set_csv
from dashboard.workspace import Workspace
from tests.app.pages import Open, texts


@pytest.fixture
def home(full_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full_home, tmp_path / "home"))


def keys(*rows: int, study_id: str = "synthetic_demo", begin: str = "SYNT") -> pa.Table:
    names = [f"{begin}-{row:05d}" for row in rows]
    return pa.table({"study_id": [study_id] * len(rows), "sample_id": names})


def test_without_a_selection_the_map_says_how_sets_are_made(open_page: Open, home: Path) -> None:
    app = open_page(home)
    assert not app.exception
    assert "Select tumors on the Map page to save them as a set" in texts(app)


def test_a_selection_of_the_address_is_saved_under_a_name(open_page: Open, home: Path) -> None:
    workspace = Workspace(home)
    set_id = workspace.keep_selection(keys(1, 2, 3))
    app = open_page(home, selection=set_id)
    assert "**3 tumors selected**" in texts(app)
    app.text_input(key=f"saved_name_{set_id}").set_value("Three")
    app.text_input(key=f"saved_note_{set_id}").set_value("A note")
    app.button(key="saved_keep").click().run()
    assert not app.exception
    assert "What is selected is the set **Three**" in texts(app)
    assert [toast.value for toast in app.toast] == ["Saved as the set Three."]
    (found,) = workspace.list_sets()
    assert (found.set_id, found.name, found.note) == (set_id, "Three", "A note")


def test_a_name_that_is_empty_is_refused_in_a_sentence(open_page: Open, home: Path) -> None:
    set_id = Workspace(home).keep_selection(keys(1))
    app = open_page(home, selection=set_id)
    app.button(key="saved_keep").click().run()
    assert "The name is empty" in texts(app).replace("\\", "")
    assert not app.toast


def test_a_saved_set_is_selected_renamed_and_deleted_after_a_second_click(
    open_page: Open, home: Path
) -> None:
    workspace = Workspace(home)
    set_id = workspace.keep_selection(keys(4, 5))
    workspace.name_set(set_id, "Two", "Note of two")
    app = open_page(home)
    app.selectbox(key="saved_set").set_value(set_id).run()
    assert "Note of two" in texts(app)
    app.button(key="saved_load").click().run()
    assert "**2 tumors selected**" in texts(app)
    app.text_input(key=f"rename_set_{set_id}").set_value("Both").run()
    assert workspace.list_sets()[0].name == "Both"
    app.button(key=f"ask_set_{set_id}").click().run()
    assert "There is no way back" in texts(app)
    app.button(key=f"no_set_{set_id}").click().run()
    assert len(workspace.list_sets()) == 1
    app.button(key=f"ask_set_{set_id}").click().run()
    app.button(key=f"yes_set_{set_id}").click().run()
    assert not app.exception
    assert workspace.list_sets() == []


def test_a_view_is_saved_with_its_address_and_deleted(open_page: Open, home: Path) -> None:
    workspace = Workspace(home)
    app = open_page(home, selection=workspace.keep_selection(keys(1, 2)))
    app.text_input(key="view_name_map").set_value("Two of them")
    app.button(key="view_keep").click().run()
    (view,) = workspace.list_views()
    assert app.toast[0].value == "Saved as the view Two of them."
    assert view.page == "map"
    assert "selection=" in view.query
    assert "made_on=main~1" in view.query
    app.selectbox(key="saved_view").set_value(view.view_id).run()
    assert not app.exception
    app.button(key=f"ask_view_{view.view_id}").click().run()
    app.button(key=f"yes_view_{view.view_id}").click().run()
    assert workspace.list_views() == []


def test_a_tumor_that_is_looked_at_is_kept_as_a_view(open_page: Open, home: Path) -> None:
    app = open_page(home, "patient", sample="synthetic_demo/SYNT-00007")
    app.text_input(key="view_name_patient").set_value("Seven")
    app.button(key="view_keep").click().run()
    assert not app.exception
    (view,) = Workspace(home).list_views()
    assert (view.page, view.name) == ("patient", "Seven")
    assert "SYNT-00007" in view.query


def test_a_link_of_an_older_map_says_so_until_the_reader_goes_on(
    open_page: Open, home: Path
) -> None:
    app = open_page(home, made_on="main~0", made_with="000000000000")
    assert "made on version 0 of the map" in texts(app)
    assert "came from the model 00000000" in texts(app)
    app.button(key="stale_forget").click().run()
    assert "made on version 0" not in texts(app)
    assert "made_on" not in app.query_params


@pytest.mark.parametrize("path", ["map", "patient"])
def test_a_link_to_a_tumor_that_is_gone_says_so(open_page: Open, home: Path, path: str) -> None:
    app = open_page(home, path, sample="synthetic_demo/NOBODY")
    assert not app.exception
    assert "NOBODY of this link is not on this map" in texts(app).replace("\\", "")
    app.button(key="stale_forget").click().run()
    assert "NOBODY" not in texts(app)
    assert "sample" not in app.query_params


def test_a_comparison_of_a_set_that_is_gone_says_so(open_page: Open, home: Path) -> None:
    workspace = Workspace(home)
    for name, first in (("One", 1), ("Two", 11)):
        set_id = workspace.keep_selection(keys(*range(first, first + 8)))
        workspace.name_set(set_id, name, "")
    app = open_page(home, "compare", groups="Sets", sets=["One", "Lost"])
    assert "since this link was made: Lost" in texts(app)
    app.multiselect(key="sets").set_value(app.multiselect(key="sets").options[:0]).run()
    assert "Lost" not in texts(app)


def test_the_tumors_of_a_set_are_exported_without_formulas(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(home))
    workspace = Workspace(home)
    set_id = workspace.keep_selection(pa.table({"study_id": ["a"], "sample_id": ["=1+1"]}))
    workspace.name_set(set_id, "Mean")
    text = set_csv(workspace.about_set(set_id)).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "Set: Mean" in text


def test_compare_saves_and_lists_sets_too(open_page: Open, home: Path) -> None:
    workspace = Workspace(home)
    set_id = workspace.keep_selection(keys(4, 5))
    workspace.name_set(set_id, "Two")
    app = open_page(home, "compare")
    app.selectbox(key="saved_set").set_value(set_id).run()
    assert not app.exception
    assert "2 tumors" in texts(app)
    assert "saved_load" not in {button.key for button in app.button}
