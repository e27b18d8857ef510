from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from dashboard import chosen, resources
from dashboard.scene import pack_rows
from tests.app.pages import Open, scene, select, texts, tumors
from tests.app.small_home import build_home, draw_cohort, place_study


def test_a_selection_is_counted_and_listed(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    select(app, tumors("other", range(12)))
    assert not app.exception
    assert "12 tumors selected" in texts(app)
    table = app.dataframe(key="map_table").value
    assert len(table) == 12
    assert list(table.columns[:3]) == ["Sample", "Study", "Cancer type"]
    composition = app.dataframe[0].value
    assert composition["Tumors"].sum() == 12


def test_a_selection_stays_with_its_tumors_when_rows_move(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("middle", 20), draw_cohort("zebra", 10, seed=2)])
    app = open_page(tmp_path)
    drawn = resources.load_map(resources.published(), None)
    select(app, drawn.keys.take([0, 1, 25]))
    names = app.dataframe(key="map_table").value["Sample"].tolist()
    assert names == ["MIDD-00000", "MIDD-00001", "ZEBR-00005"]

    place_study(store, draw_cohort("alpha", 7, seed=3))
    app.run()
    assert app.dataframe(key="map_table").value["Sample"].tolist() == names
    assert set(app.dataframe(key="map_table").value["Study"]) == {"middle", "zebra"}

    with store.write() as writer:
        writer.remove_study("zebra")
    app.run()
    assert not app.exception
    assert not app.error
    assert app.dataframe(key="map_table").value["Sample"].tolist() == names[:2]
    assert "1 selected tumor not on this map" in app.info[0].value
    app.button(key="map_clear").click().run()
    assert not app.info
    assert "tumors selected" not in texts(app)


def report(rows: list[int], num_tumors: int, version: int) -> dict[str, Any]:
    """What the browser tells of a selection."""
    mask = base64.b64encode(pack_rows(np.array(rows), num_tumors).content).decode()
    told = {"version": version, "count": len(rows), "mask": mask, "polygon": [[0, 0], [1, 1]]}
    return {"selection": told}


def test_a_lasso_on_an_older_picture_means_the_tumors_seen_there(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = build_home(tmp_path, [draw_cohort("middle", 20), draw_cohort("zebra", 10, seed=2)])
    open_page(tmp_path)
    drawn = resources.load_map(resources.published(), None)
    place_study(store, draw_cohort("alpha", 7, seed=3))
    now = resources.load_map(resources.published(), None)
    told = SimpleNamespace(**report([3, 25], 30, 1))
    monkeypatch.setattr(st, "session_state", {"old": told})
    chosen.adopt("old", drawn)
    assert chosen.selected_rows(now).tolist() == [7 + 3, 7 + 25]
    assert chosen.version() == 2
    chosen.adopt("a map that is gone", drawn)
    assert chosen.selected_rows(now).tolist() == [7 + 3, 7 + 25]


def test_a_cleared_or_older_report_is_told_from_a_selection(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(full_home)
    data = resources.load_map(resources.published(), None)
    state: dict[str, Any] = {"map": SimpleNamespace(**report([1, 2], 90, 5))}
    monkeypatch.setattr(st, "session_state", state)
    chosen.adopt("map", data)
    assert chosen.selected_rows(data).tolist() == [1, 2]
    state["map"] = SimpleNamespace(**report([7], 90, 4))
    chosen.adopt("map", data)
    assert chosen.selected_rows(data).tolist() == [1, 2]
    state["map"] = SimpleNamespace(selection={"version": 6, "count": 0, "mask": "", "polygon": []})
    chosen.adopt("map", data)
    assert chosen.selected_rows(data) is None
    assert chosen.scene_selection(data).version == 6


def test_a_selection_comes_back_from_the_address_in_a_new_session(
    full_home: Path, open_page: Open
) -> None:
    app = select(open_page(full_home), tumors("other", range(12)))
    set_id = app.query_params["selection"]
    assert len(set_id) == 20
    assert "OTHE" not in set_id
    again = open_page(full_home, selection=set_id)
    assert "12 tumors selected" in texts(again)
    assert scene(again)["selection"]["mask"] == scene(app)["selection"]["mask"]
    again.button(key="map_clear").click().run()
    assert "selection" not in again.query_params
    assert scene(again)["selection"]["mask"] is None


def test_a_link_to_a_selection_that_is_gone_says_so(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, selection="0" * 20)
    assert not app.exception
    assert "not kept any more" in app.info[0].value
    assert not app.run().info
