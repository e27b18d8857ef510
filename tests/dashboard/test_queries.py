from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cache.store import Store
from dashboard import queries
from dashboard.cases import load_space, stored_case
from dashboard.coloring import color_labels
from dashboard.csv_export import to_csv
from dashboard.labels import encode_labels
from dashboard.masking import mask_case
from dashboard.nearest import Space, find_nearest, rank_distance
from dashboard.queries import MapData
from dashboard.selection import compose, source_lines, tabulate
from dashboard.theme import RESEARCH_USE
from dashboard.trust import assumed
from dashboard.wording import count, title_of, unit_of
from engine.panel_notes import MUTATIONS, study_states_none
from tests.app.small_home import GENES, SMALL_PANEL, build_home, draw_cohort, place_study


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    cohorts = [draw_cohort("synthetic_demo", 40), draw_cohort("other", 20, synthetic=False, seed=1)]
    return build_home(tmp_path_factory.mktemp("home"), cohorts)


@pytest.fixture(scope="module")
def data(store: Store) -> MapData:
    with store.read() as reader:
        found = queries.load_map(reader, None)
    assert found is not None
    return found


def test_no_map_is_none(tmp_path: Path) -> None:
    lonely = build_home(tmp_path, [draw_cohort("lonely", 5)], with_map=False)
    with lonely.read() as reader:
        assert queries.load_map(reader, None) is None


def test_a_map_without_a_fitted_tumor_is_none(tmp_path: Path) -> None:
    store = build_home(tmp_path, [draw_cohort("fitted", 12)])
    place_study(store, draw_cohort("placed", 4, seed=1))
    with store.write() as writer:
        writer.remove_study("fitted")
    with store.read() as reader:
        assert reader.coordinates(1).num_rows == 4
        assert queries.load_map(reader, None) is None


def test_the_map_has_every_tumor_in_a_fixed_order(data: MapData) -> None:
    keys = list(zip(data.samples["study_id"], data.samples["sample_id"], strict=True))
    assert len(data) == 60
    assert keys == sorted(keys)
    assert data.places.x.dtype == np.float32
    assert data.synthetic
    assert data.quality["trustworthiness"]["value"] == 0.94


def test_a_tumor_is_found_by_study_and_sample(data: MapData) -> None:
    assert data.row_of("other", "OTHE-00000") == 0
    assert data.row_of("synthetic_demo", "OTHE-00000") is None


def test_a_column_is_brought_into_the_order_of_the_map(data: MapData) -> None:
    table = pa.table(
        {
            "study_id": ["synthetic_demo", "other", "elsewhere"],
            "sample_id": ["SYNT-00003", "OTHE-00001", "X"],
            "value": [["a"], ["b", "c"], ["d"]],
        }
    )
    values = data.align(table, "value")
    assert values[1] == ["b", "c"]
    assert values[20 + 3] == ["a"]
    assert sum(value is not None for value in values) == 2


def test_labels_are_offered_with_the_wanted_first(store: Store) -> None:
    with store.read() as reader:
        keys = [choice.key for choice in queries.list_labels(reader)]
        numbers = {choice.key: choice.unit for choice in queries.list_numbers(reader)}
    assert keys[:2] == ["cancer_type", "study"]
    assert keys[4:] == ["PAM50_SUBTYPE", "SEX"]
    assert numbers["TMB_NONSYNONYMOUS"] == "mutations per megabase"
    assert list(numbers)[-2:] == ["num_mutations", "num_cna"]


def test_labels_follow_the_map(store: Store, data: MapData) -> None:
    with store.read() as reader:
        studies = queries.label_values(reader, data, "study")
        subtypes = queries.label_values(reader, data, "PAM50_SUBTYPE")
    assert set(studies[:20]) == {"Other"}
    breast = (data.samples["cancer_type"] == "Breast Cancer").to_numpy()
    assert [value is not None for value in subtypes] == breast.tolist()


def test_survival_status_reads_like_a_word() -> None:
    assert queries.readable("1:DECEASED") == "Deceased"
    assert queries.readable("0:LIVING") == "Living"
    assert queries.readable("12:30") == "12:30"
    assert queries.readable("LumA") == "LumA"


def test_counts_of_untested_tumors_are_unknown(store: Store, data: MapData) -> None:
    with store.read() as reader:
        mutations = queries.number_values(reader, data, "num_mutations")
        copies = queries.number_values(reader, data, "num_cna")
    assert np.isfinite(mutations).all()
    untested = data.samples["cna_panel"].isna().to_numpy()
    assert untested.any()
    assert np.isnan(copies[untested]).all()
    assert np.isfinite(copies[~untested]).all()


@pytest.mark.parametrize("gene", ["TERT", "KRAS"])
def test_gene_states_respect_the_panel(store: Store, data: MapData, gene: str) -> None:
    with store.read() as reader:
        states = queries.gene_states(reader, data, gene)
    on_small = (data.samples["mutation_panel"] == "SMALL").to_numpy()
    assert gene in GENES
    assert states.mutation_profiled[on_small].all() == (gene in SMALL_PANEL)
    assert states.mutation_profiled[~on_small].all()
    assert states.altered.any()
    assert not (states.altered & states.wild_type).any()


def test_the_search_finds_parts_and_ranks_beginnings(data: MapData) -> None:
    rows = queries.find_rows(data, " othe-0000 ", 4)
    names = data.samples["sample_id"].iloc[rows].tolist()
    assert names == ["OTHE-00000", "OTHE-00001", "OTHE-00002", "OTHE-00003"]
    assert queries.find_rows(data, "00019", 9).size == 2
    assert queries.find_rows(data, "", 9).size == 0


def test_nearest_are_exact_and_leave_the_tumor_out(store: Store, data: MapData) -> None:
    with store.read() as reader:
        space = load_space(reader, data)
    nearest = find_nearest(space, 7)
    gaps = np.linalg.norm(space.vectors.astype(np.float64) - space.vectors[7], axis=1)
    gaps[7] = np.inf
    np.testing.assert_array_equal(nearest.rows, np.argsort(gaps, kind="stable")[:15])
    np.testing.assert_allclose(nearest.distances, np.sort(gaps)[:15], atol=1e-6)
    assert 0 <= nearest.agreement <= 1


def test_placed_tumors_are_nobodys_neighbors() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 4)).astype(np.float32)
    fitted = np.arange(20) % 2 == 0
    space = Space(vectors=vectors, points=vectors[:, :2].copy(), fitted=fitted)
    assert set(find_nearest(space, 1).rows) <= set(np.flatnonzero(fitted))
    assert len(find_nearest(space, 0).rows) == 9


def test_a_map_that_is_the_full_space_agrees_fully() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    space = Space(vectors=points, points=points, fitted=np.ones(50, dtype=bool))
    assert find_nearest(space, 3).agreement == 1


def test_a_lonely_tumor_has_no_neighbors_and_is_as_strange_as_can_be() -> None:
    point = np.ones((1, 2), dtype=np.float32)
    nearest = find_nearest(Space(vectors=point, points=point, fitted=np.ones(1, dtype=bool)), 0)
    assert nearest.rows.size == 0
    assert rank_distance(nearest.distances, {"quantiles": [0.0, 1.0]}) == 1.0


@pytest.mark.parametrize(("distance", "score"), [(0.0, 0.0), (0.5, 0.5), (2.0, 1.0)])
def test_the_score_is_the_share_of_less_strange_tumors(distance: float, score: float) -> None:
    ood = {"quantiles": np.linspace(0, 1, 1001).tolist()}
    assert rank_distance(np.array([distance]), ood) == pytest.approx(score, abs=1e-3)


def test_a_stored_case_separates_altering_changes(store: Store, data: MapData) -> None:
    with store.read() as reader:
        space = load_space(reader, data)
        cases = [stored_case(reader, data, space, row) for row in range(len(data))]
    assert any(len(case.others) for case in cases)
    for case in cases:
        assert "silent" not in set(case.altering["kind"])
        assert len(case.altering) + len(case.others) == len(case.alterations)
        assert [test.name for test in case.tests] == ["Mutations", "Copy number", "Fusions"]
        assert not any(test.is_assumed for test in case.tests)
    assert cases[0].tests[0].num_genes == len(SMALL_PANEL)


def test_a_panel_that_nobody_stated_is_told_apart(store: Store, data: MapData) -> None:
    with store.read() as reader:
        note = [f"{study_states_none(MUTATIONS)}all samples count."]
        reader.notes = lambda _study: note
        space = load_space(reader, data)
        found = [stored_case(reader, data, space, row) for row in range(len(data))]
    profiled = next(case for case in found if case.tests[0].panel)
    assert [test.is_assumed for test in profiled.tests] == [True, False, False]
    assert assumed(profiled).startswith("Panel assumed, not stated: mutations.")
    assert assumed(mask_case(profiled, "Case 1", [])) == assumed(profiled)


def test_a_selection_is_compared_with_the_whole_map() -> None:
    labels = encode_labels(["a"] * 6 + ["b"] * 3 + [None])
    table = compose(labels, np.array([0, 6, 7, 9]))
    assert table["Category"].tolist() == ["b", "a", "not given"]
    assert table["Share"].tolist() == [50, 25, 25]
    assert table["On the map"].tolist() == [30, 60, 10]
    short = compose(encode_labels(list("abcd")), np.arange(4), most=2)
    assert short["Category"].tolist() == ["a", "b", "2 further categories"]
    assert short["Tumors"].sum() == 4


def test_the_table_of_a_selection_leaves_empty_labels_out(data: MapData) -> None:
    coloring = color_labels("Cancer type", list(data.samples["cancer_type"]))
    labels = {"Full": encode_labels(["x"] * 60), "Empty": encode_labels([None] * 60)}
    table = tabulate(data, np.array([3, 1]), [coloring], labels)
    assert table.columns.tolist() == ["Sample", "Study", "Cancer type", "Full"]
    assert table["Sample"].tolist() == ["OTHE-00003", "OTHE-00001"]


def test_exports_are_disarmed_and_say_where_they_come_from(data: MapData) -> None:
    frame = pd.DataFrame({"=name": ["=1+1", "@x", "-3", "safe"], "number": [-1.5, 2, 3, 4]})
    text = to_csv(frame, source_lines(data)).decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0] == f'"# {RESEARCH_USE}"'
    assert any(line.startswith('"# Synthetic, not real persons') for line in lines)
    assert any(line.startswith('"# Model: abab') for line in lines)
    assert lines[-5:] == ["'=name,number", "'=1+1,-1.5", "'@x,2.0", "'-3,3.0", "safe,4.0"]


def test_a_caption_cannot_break_out_of_its_line() -> None:
    text = to_csv(pd.DataFrame({"a": [1]}), ["one\n=2"]).decode("utf-8-sig")
    assert text.splitlines()[1] == '"# one =2"'


def test_a_caption_is_one_cell_whatever_it_holds() -> None:
    evil = ['Studies: Evil,=HYPERLINK("http://x")', 'a "quoted", b', "c\r\n@d,+e"]
    text = to_csv(pd.DataFrame({"a": [1]}), evil).decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert [len(row) for row in rows] == [1] * 6
    assert rows[1] == ['# Studies: Evil,=HYPERLINK("http://x")']
    assert rows[2] == ['# a "quoted", b']
    assert rows[3] == ["# c @d,+e"]
    assert all(row[0].startswith("# ") for row in rows[:4])


@pytest.mark.parametrize(
    ("attribute", "display", "expected"),
    [
        ("PAM50_SUBTYPE", "Pam50 Subtype", "PAM50 subtype"),
        ("BLCA_MRNA_SUBTYPE", "Blca Mrna Subtype", "BLCA mRNA subtype"),
        ("SEX", "", "Sex"),
        ("STAGE", "AJCC pathologic stage", "AJCC pathologic stage"),
        ("OS_MONTHS", "Os Months", "Overall survival"),
    ],
)
def test_titles_read_like_words(attribute: str, display: str, expected: str) -> None:
    assert title_of(attribute, display) == expected


def test_units_and_plurals() -> None:
    assert unit_of("AGE_AT_SEQUENCING") == "years"
    assert unit_of("PFS_MONTHS") == "months"
    assert unit_of("ANEUPLOIDY_SCORE") == ""
    assert [count(1, "study"), count(2, "study"), count(3600, "tumor")] == [
        "1 study",
        "2 studies",
        "3,600 tumors",
    ]


def test_the_pages_load_without_torch() -> None:
    code = (
        "import sys, dashboard.queries, dashboard.resources, dashboard.figures, "
        "dashboard.cases; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
