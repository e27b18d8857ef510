from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cache.store import Store
from dashboard import resources
from dashboard.card import ModelCard
from tests.app.pages import Open, has_scene, legend, scene, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort, place_study


def test_without_a_store_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path / "empty")
    assert not app.exception
    assert "No map yet" in texts(app)
    assert "make demo" in texts(app)
    assert not has_scene(app)


def test_studies_without_a_map_say_what_to_do(tmp_path: Path, open_page: Open) -> None:
    build_home(tmp_path, [draw_cohort("lonely", 5)], with_map=False)
    app = open_page(tmp_path)
    assert not app.exception
    assert "no map is made of them yet" in texts(app)


def test_the_map_carries_notice_counts_and_quality(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    assert not app.exception
    notice = scene(app)["caption"]
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
    assert scene(app)["panels"][0]["title"] == "KMT2D"


def test_an_unknown_gene_is_refused_in_words(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Gene", gene="NOSUCHGENE")
    assert not app.exception
    assert "not a gene symbol" in app.warning[0].value


def test_number_has_a_color_bar_with_its_unit(full_home: Path, open_page: Open) -> None:
    panel = scene(open_page(full_home, by="Number"))["panels"][0]
    assert panel["kind"] == "numbers"
    assert panel["scale"]["unit"] == "mutations per megabase"
    assert len(panel["scale"]["colors"]) == 256
    places = [tick["at"] for tick in panel["scale"]["ticks"]]
    assert places == sorted(places)
    assert places[0] == 0


def test_two_genes_are_told_apart_from_tumors_that_were_not_looked_at(
    full_home: Path, open_page: Open
) -> None:
    app = open_page(full_home, by="Two genes", gene="TP53", gene_b="TERT")
    entries = scene(app)["panels"][0]["entries"]
    assert [entry["role"] for entry in entries][-2:] == ["wild type", "not profiled"]
    assert entries[-1]["count"] >= 18
    assert sum(entry["count"] for entry in entries) == 90
    assert entries[0]["name"] == "TP53 and TERT"


def test_the_same_gene_twice_is_no_pair(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, by="Two genes", gene="TP53", gene_b="TP53")
    assert "Choose two different genes" in texts(app)
    assert not has_scene(app)


def test_maps_side_by_side_are_each_colored_by_their_own(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, maps="3", label="Sex", gene2="KRAS")
    told = scene(app)
    assert [panel["title"] for panel in told["panels"]] == [
        "Sex",
        "KRAS",
        "Tumor mutational burden",
    ]
    assert len({panel["column"] for panel in told["panels"]}) == 3
    assert app.selectbox(key="by2").value == "gene"


def test_a_filter_keeps_the_rest_as_context_and_counts(full_home: Path, open_page: Open) -> None:
    assert scene(open_page(full_home))["filter"] is None
    app = open_page(full_home, only="A gene", only_gene="TERT")
    assert not app.exception
    told = scene(app)
    assert told["filter"] is not None
    assert told["num"] == 90
    app.pills(key="only_states").set_value(["not profiled"]).run()
    assert "**18** of 90 tumors in color" in texts(app)
    assert scene(app)["filter"] != told["filter"]
    assert scene(app)["geometry"] == told["geometry"]


def test_a_filter_by_number_has_bounds(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, only="A number", only_number="Age", only_from="20", only_to="90")
    assert "**90** of 90 tumors in color" in texts(app)
    app.number_input(key="only_from").set_value(200.0).run()
    assert "**0** of 90 tumors in color" in texts(app)


def test_a_filter_by_label_has_categories(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, only="A label", only_label="Sex")
    assert scene(app)["filter"] is None
    app.multiselect(key="only_values").set_value(["Female", "Male"]).run()
    assert "**90** of 90 tumors in color" in texts(app)


def test_a_recolor_changes_one_column_and_nothing_else(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    before = scene(app)
    app.run()
    assert scene(app) == before
    app.selectbox(key="label").set_value("SEX").run()
    after = scene(app)
    assert after["panels"][0]["column"] != before["panels"][0]["column"]
    assert after["geometry"] == before["geometry"]
    assert after["selection"] == before["selection"]


def test_no_address_names_a_tumor(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, sample="synthetic_demo/SYNT-00007", near="true")
    told = scene(app)
    urls = [told[name] for name in ("geometry", "hover", "picture", "table")]
    urls += [panel["column"] for panel in told["panels"]]
    assert not [url for url in urls if "SYNT" in url]
    roles = [point["role"] for point in told["overlay"]["points"]]
    assert roles == ["neighbor"] * 15 + ["found"]


def test_regions_are_named_where_their_tumors_lie(full_home: Path, open_page: Open) -> None:
    told = scene(open_page(full_home))
    names = [label["text"] for label in told["labels"]]
    assert 8 <= len(names) <= 14
    assert names[0] == told["panels"][0]["entries"][0]["name"]
    for by in ("Number", "Gene", "Two genes"):
        assert [label["text"] for label in scene(open_page(full_home, by=by))["labels"]] == names


def test_highlight_replaces_the_frequent_categories(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    app.multiselect(key="highlight").set_value(["Glioma"]).run()
    names = legend(app)
    assert names[0].startswith("Glioma (")
    assert names[1].startswith("other (11 categories)")


def search(app: AppTest, text: str) -> AppTest:
    return app.text_input(key="map_search_text").set_value(text).run()


def test_search_marks_the_tumor_and_links_to_it(full_home: Path, open_page: Open) -> None:
    app = search(open_page(full_home), "synt-0000")
    app.selectbox(key="map_search_match").set_value("tumor:synthetic_demo/SYNT-00007").run()
    assert app.query_params["sample"] == "synthetic_demo/SYNT-00007"
    (point,) = scene(app)["overlay"]["points"]
    assert point["label"] == "SYNT-00007"
    assert point["role"] == "found"
    assert app.page_link[0].value == r"Open SYNT\-00007"
    app.button(key="map_forget").click().run()
    assert scene(app)["overlay"]["points"] == []


def test_search_for_a_gene_colors_by_it(full_home: Path, open_page: Open) -> None:
    app = search(open_page(full_home), "kras")
    app.selectbox(key="map_search_match").set_value("gene:KRAS").run()
    assert not app.exception
    assert scene(app)["panels"][0]["title"] == "KRAS"
    assert app.selectbox(key="by").value == "gene"


@pytest.mark.parametrize(
    ("typed", "match", "title", "first"),
    [
        ("burden", "number:TMB_NONSYNONYMOUS", "Tumor mutational burden", None),
        ("pam50", "label:PAM50_SUBTYPE", "PAM50 subtype", None),
        ("glio", "category:Glioma", "Cancer type", "Glioma"),
    ],
)
def test_search_finds_labels_numbers_and_categories(
    full_home: Path, open_page: Open, typed: str, match: str, title: str, first: str | None
) -> None:
    app = search(open_page(full_home), typed)
    app.selectbox(key="map_search_match").set_value(match).run()
    panel = scene(app)["panels"][0]
    assert panel["title"] == title
    assert first is None or panel["entries"][0]["name"] == first


def test_search_without_a_match_says_so(full_home: Path, open_page: Open) -> None:
    assert "No tumor, gene or label" in texts(search(open_page(full_home), "nobody"))


def test_the_camera_of_the_address_is_taken_over(full_home: Path, open_page: Open) -> None:
    assert scene(open_page(full_home, view="1~-2~3~-1~4"))["view"] == [-2, 3, -1, 4]
    assert scene(open_page(full_home, view="9~-2~3~-1~4"))["view"] is None


def test_each_snapshot_has_a_map_of_its_own(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("middle", 20)])
    app = open_page(tmp_path)
    first = scene(app)
    place_study(store, draw_cohort("alpha", 7, seed=3))
    second = scene(app.run())
    assert (first["num"], second["num"]) == (20, 27)
    assert first["geometry"] != second["geometry"]
    # The token names the snapshot: nothing of one is read with that of another.
    assert first["hover"].split("/")[3] != second["hover"].split("/")[3]


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
    told = scene(app)
    assert told["theme"]["dark"] is (theme == "dark")
    colors = {entry["color"] for entry in told["panels"][0]["entries"]}
    assert ("#000000" in colors) is (theme == "light")
    assert ("#FFFFFF" in colors) is (theme == "dark")
