from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cache.store import Store
from dashboard import map_selection, resources
from dashboard.card import ModelCard
from dashboard.map_selection import SELECTION
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort, place_study


def figure(app: AppTest) -> dict[str, Any]:
    """The figure of the map as the browser gets it."""
    (chart,) = app.get("plotly_chart")
    spec: dict[str, Any] = json.loads(chart.proto.spec)
    return spec


def legend(app: AppTest) -> list[str]:
    traces = [trace for trace in figure(app)["data"] if "legendrank" in trace]
    return [trace["name"] for trace in sorted(traces, key=lambda trace: trace["legendrank"])]


def test_without_a_store_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path / "empty")
    assert not app.exception
    assert "No map yet" in texts(app)
    assert "make demo" in texts(app)
    assert not app.get("plotly_chart")


def test_studies_without_a_map_say_what_to_do(tmp_path: Path, open_page: Open) -> None:
    build_home(tmp_path, [draw_cohort("lonely", 5)], with_map=False)
    app = open_page(tmp_path)
    assert not app.exception
    assert "no map is made of them yet" in texts(app)


def test_the_map_carries_notice_counts_and_quality(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    assert not app.exception
    notice = figure(app)["layout"]["annotations"][0]["text"]
    assert "SYNTHETIC" in notice
    assert "Research use only" in notice
    assert "90 tumors" in notice
    assert "Trustworthiness 0.94" in texts(app)
    assert "Research use only" in texts(app)


def test_a_map_of_another_model_is_marked(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = ModelCard(digest=MODEL_DIGEST, facts={})
    monkeypatch.setattr(resources, "load_card", lambda: same)
    assert "the installed one is" not in texts(open_page(full_home))
    other = ModelCard(digest="cd" * 32, facts={})
    monkeypatch.setattr(resources, "load_card", lambda: other)
    assert "made with the model abababab; the installed one is cdcdcdcd" in texts(
        open_page(full_home)
    )


def test_at_most_eight_colors_and_the_rest_is_other(full_home: Path, open_page: Open) -> None:
    names = legend(open_page(full_home))
    assert len(names) == 9
    assert names[-1].startswith("other (4 categories)")


def test_label_stands_in_the_address_and_missing_values_apart(
    full_home: Path, open_page: Open
) -> None:
    app = open_page(full_home, label="PAM50 subtype")
    assert app.selectbox(key="label").value == "PAM50_SUBTYPE"
    assert legend(app)[-1].startswith("not given")


def test_gene_tells_not_profiled_from_wild_type(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Gene", gene="TERT")
    assert not app.exception
    names = legend(app)
    assert names[-1] == "not profiled (18)"
    assert names[-2].startswith("wild type (")


def test_an_earlier_symbol_finds_the_gene(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Gene", gene="MLL2")
    assert "is now called **KMT2D**" in texts(app)
    assert figure(app)["layout"]["legend"]["title"]["text"] == "<b>KMT2D</b>"


def test_an_unknown_gene_is_refused_in_words(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Gene", gene="NOSUCHGENE")
    assert not app.exception
    assert "not a gene symbol" in app.warning[0].value


def test_number_has_a_color_bar_with_its_unit(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Number")
    bars = [t["marker"]["colorbar"] for t in figure(app)["data"] if "colorbar" in t["marker"]]
    assert "mutations per megabase" in bars[0]["title"]["text"]


def test_highlight_replaces_the_frequent_categories(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    app.multiselect(key="highlight").set_value(["Glioma"]).run()
    names = legend(app)
    assert names[0].startswith("Glioma (")
    assert names[1].startswith("other (11 categories)")


def test_search_marks_the_tumor_and_links_to_it(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    app.text_input(key="map_search_text").set_value("synt-0000").run()
    app.selectbox(key="map_search_match").set_value("synthetic_demo/SYNT-00007").run()
    assert app.query_params["sample"] == "synthetic_demo/SYNT-00007"
    assert "SYNT-00007" in figure(app)["layout"]["annotations"][0]["text"]
    assert app.page_link[0].value == r"Open SYNT\-00007"


def test_search_without_a_match_says_so(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    app.text_input(key="map_search_text").set_value("nobody").run()
    assert "No tumor on this map" in texts(app)


def test_a_selection_is_counted_and_listed(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    app.session_state[SELECTION] = tumors("other", range(12))
    app.run()
    assert not app.exception
    assert "12 tumors selected" in texts(app)
    table = app.dataframe(key="map_table").value
    assert len(table) == 12
    assert list(table.columns[:3]) == ["Sample", "Study", "Cancer type"]
    composition = app.dataframe[0].value
    assert composition["Tumors"].sum() == 12


def tumors(study_id: str, numbers: Iterable[int]) -> pa.Table:
    samples = [f"{study_id.upper()[:4]}-{number:05d}" for number in numbers]
    return pa.table({"study_id": [study_id] * len(samples), "sample_id": samples})


def test_a_selection_stays_with_its_tumors_when_rows_move(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("middle", 20), draw_cohort("zebra", 10, seed=2)])
    app = open_page(tmp_path)
    drawn = resources.load_map(resources.published(), None)
    app.session_state[SELECTION] = drawn.keys.take([0, 1, 25])
    app.run()
    chosen = app.dataframe(key="map_table").value["Sample"].tolist()
    assert chosen == ["MIDD-00000", "MIDD-00001", "ZEBR-00005"]

    place_study(store, draw_cohort("alpha", 7, seed=3))
    app.run()
    assert app.dataframe(key="map_table").value["Sample"].tolist() == chosen
    assert set(app.dataframe(key="map_table").value["Study"]) == {"middle", "zebra"}

    with store.write() as writer:
        writer.remove_study("zebra")
    app.run()
    assert not app.exception
    assert not app.error
    assert app.dataframe(key="map_table").value["Sample"].tolist() == chosen[:2]
    assert "1 selected tumor not on this map" in app.info[0].value
    app.button(key="map_clear").click().run()
    assert not app.info
    assert "tumors selected" not in texts(app)


def test_a_lasso_on_an_older_picture_means_the_tumors_seen_there(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(full_home)
    drawn = resources.load_map(resources.published(), None)
    event = {"selection": {"points": [{"customdata": [3]}, {"customdata": [31]}]}}
    state: dict[str, Any] = {"old": event}
    monkeypatch.setattr(st, "session_state", state)
    map_selection.keep_selection("old", drawn)
    assert state[SELECTION]["sample_id"].to_pylist() == ["OTHE-00003", "SYNT-00001"]
    map_selection.keep_selection("a chart that is gone", drawn)
    assert state[SELECTION].num_rows == 2


def test_each_snapshot_has_a_chart_of_its_own(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("middle", 20)])
    app = open_page(tmp_path)
    first = app.get("plotly_chart")[0].proto.id
    place_study(store, draw_cohort("alpha", 7, seed=3))
    app.run()
    second = app.get("plotly_chart")[0].proto.id
    assert first.endswith("map_chart_1_1")
    assert second.endswith("map_chart_2_1")


def test_a_map_whose_fitted_tumors_are_gone_is_no_map(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("fitted", 12)])
    place_study(store, draw_cohort("placed", 4, seed=3))
    with store.write() as writer:
        writer.remove_study("fitted")
    app = open_page(tmp_path)
    assert not app.exception
    assert "no map is made of them yet" in texts(app)
    with store.write() as writer:
        writer.remove_study("placed")
    app.run()
    assert "No map yet" in texts(app)


def test_a_symbol_from_the_address_is_text(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Gene", gene="![a](https://evil.example)")
    assert "](" not in app.warning[0].value


def test_a_damaged_store_is_told_without_a_traceback(tmp_path: Path, open_page: Open) -> None:
    store: Store = build_home(tmp_path, [draw_cohort("broken", 20)])
    info = store.snapshot()
    assert info is not None
    info.path.write_bytes(info.path.read_bytes()[:5000])
    app = open_page(tmp_path)
    assert not app.exception
    assert len(app.error) == 1
    told = app.error[0].value.replace("\\", "")
    assert "Restore the TumorXY home from a backup" in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_appearance_has_its_colors(full_home: Path, open_page: Open, theme: str) -> None:
    app = open_page(full_home)
    app.context = {"theme": theme}
    app.run()
    colors = {t["marker"]["color"] for t in figure(app)["data"] if "legendrank" in t}
    assert ("#000000" in colors) is (theme == "light")
    assert ("#FFFFFF" in colors) is (theme == "dark")
