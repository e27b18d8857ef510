from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cache.errors import CacheError
from dashboard import biomarker_controls, biomarker_section, biomarker_tables, explanation_resources
from dashboard.biomarker_controls import PAIRS
from dashboard.biomarker_figures import Line, draw_forest
from dashboard.biomarker_forest import forest_lines
from dashboard.biomarkers import Answer, Fixed, Request
from dashboard.model_effects import model_effects, pair_model_effects
from dashboard.shelf import Shelf
from dashboard.theme import LIGHT
from engine.cohort import CLINICAL
from engine.epidemiology.biomarkers import Pool
from engine.epidemiology.counts import Features, Group, count_alterations
from engine.epidemiology.effects import Effect, Response
from tests.app.pages import Open, texts
from tests.app.small_home import Cohort, build_home, draw_cohort


class Answers(Shelf[Answer]):
    """What the page keeps; tells what was asked, and can be emptied."""

    keys: list[Hashable]

    def __init__(self) -> None:
        super().__init__(4)
        self.keys = []

    def put(self, key: Hashable, value: Answer, size: int = 1) -> None:
        super().put(key, value, size)
        self.keys.append(key)

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Begin each test without answers."""
    kept = Answers()
    monkeypatch.setattr(biomarker_section, "_answers", kept)
    return kept


@pytest.fixture(scope="module")
def treated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two treated cohorts in which only tumors with altered KRAS respond."""
    home = tmp_path_factory.mktemp("treated")
    build_home(
        home,
        [_treated(draw_cohort("alpha", 120, seed=3)), _treated(draw_cohort("beta", 90, seed=4))],
    )
    return home


def _treated(cohort: Cohort) -> Cohort:
    altered = cohort.tables["alterations"].to_pylist()
    mutated = {
        row["sample_id"]
        for row in altered
        if row["hugo_symbol"] == "KRAS" and row["kind"] in ("missense", "truncating", "splice")
    }
    answers = [
        {
            "sample_id": name,
            "attribute": "RESPONSE",
            "value": "R" if name in mutated or i % 9 == 0 else "NR",
        }
        for i, name in enumerate(cohort.sample_ids)
    ]
    rows = cohort.tables["clinical"].to_pylist() + answers
    cohort.tables["clinical"] = pa.Table.from_pylist(rows, schema=CLINICAL)
    return cohort


def test_without_a_map_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path / "empty", "biomarkers")
    assert not app.exception
    assert "No tumors to look at yet" in texts(app)


def test_a_planted_gene_is_first_and_seen_again(treated_home: Path, open_page: Open) -> None:
    app = open_page(treated_home, "biomarkers")
    app.selectbox(key="biomarker_fixed").set_value(Fixed.NOTHING).run()
    assert not app.exception
    assert not app.error
    table = app.dataframe(key="biomarker_table").value
    assert table["Gene"][0] == "KRAS"
    assert table["Ratio"][0] > 5
    assert table["Replication"][0] == "seen again"
    assert "KRAS" in texts(app)
    assert "Research use only" in texts(app)


def test_worked_examples_are_told_whatever_the_data_say(
    treated_home: Path, open_page: Open
) -> None:
    app = open_page(treated_home, "biomarkers")
    written = texts(app)
    assert "Worked examples" in written
    assert "**KRAS + STK11**: altered in" in written
    assert "odds ratio" in written


def test_what_one_session_asked_is_not_computed_for_the_next(
    treated_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = texts(open_page(treated_home, "biomarkers"))
    monkeypatch.setattr(biomarker_section.biomarkers, "answer", None)
    assert texts(open_page(treated_home, "biomarkers")) == first


def test_many_patients_are_looked_at_in_a_child_process(
    treated_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, answers: Answers
) -> None:
    here = texts(open_page(treated_home, "biomarkers"))
    answers.forget()
    monkeypatch.setattr(biomarker_section, "MOST_AT_ONCE", 0)
    app = open_page(treated_home, "biomarkers")
    assert not app.exception
    assert texts(app) == here


def test_a_canceled_computation_can_be_started_again(
    treated_home: Path, open_page: Open, answers: Answers
) -> None:
    app = open_page(treated_home, "biomarkers")
    [identity] = answers.keys
    answers.forget()
    app.session_state[biomarker_section.CANCELED] = identity
    app.run()
    assert "It was canceled" in texts(app)
    assert not app.dataframe
    app.button(key="biomarker_start").click().run()
    assert len(app.dataframe) == 1


def test_pairs_are_answered_in_a_sentence(treated_home: Path, open_page: Open) -> None:
    app = open_page(treated_home, "biomarkers")
    app.selectbox(key="biomarker_fixed").set_value(Fixed.NOTHING)
    app.segmented_control(key="biomarker_what").set_value(PAIRS).run()
    assert not app.exception
    assert "pair" in texts(app)


def test_a_label_is_an_outcome(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "biomarkers")
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="biomarker_outcome").value == "label:SEX"
    app.multiselect(key="biomarker_cohorts_label:SEX").set_value([]).run()
    assert "Choose at least one cohort" in texts(app)


def test_an_error_is_told_in_words(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CacheError("The store is not there.")

    monkeypatch.setattr(explanation_resources, "load_offers", refuse)
    app = open_page(full_home, "biomarkers")
    assert not app.exception
    assert "The store is not there" in app.error[0].value.replace("\\", "")


def _counted(num: int, carriers: np.ndarray) -> Features:
    names = [f"S{i}" for i in range(num)]
    samples = pa.table(
        {
            "sample_id": names,
            "mutation_panel": ["P"] * num,
            "cna_panel": pa.nulls(num, pa.string()),
            "fusion_panel": pa.nulls(num, pa.string()),
        }
    )
    altered = pa.table(
        {
            "tumor": carriers,
            "hugo_symbol": ["KRAS"] * len(carriers),
            "kind": ["missense"] * len(carriers),
        }
    )
    panels = pa.table({"panel_id": ["P"], "hugo_symbol": ["KRAS"]})
    return count_alterations(samples, altered, panels, ["KRAS"], [Group.MUTATION])


def test_the_model_effect_is_the_difference_within_strata() -> None:
    features = _counted(8, np.array([0, 1, 4]))
    predicted = np.array([0.9, 0.7, 0.2, 0.4, 0.6, 0.1, 0.3, np.nan])
    strata = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    (effect,) = model_effects(features, features.features, predicted, strata)
    first, second = 0.8 - 0.3, 0.6 - 0.2
    expected = (first * 1 + second * (2 / 3)) / (1 + 2 / 3)
    assert effect.difference == pytest.approx(expected)
    assert effect.carriers == 3


def test_the_model_effect_of_a_pair_compares_both_with_neither() -> None:
    features = _counted(6, np.array([0, 1]))
    (one,) = features.features
    predicted, strata = np.array([0.9, 0.7, 0.1, 0.3, np.nan, 0.2]), np.zeros(6, dtype=np.int64)
    (effect,) = pair_model_effects(features, [(one, one)], predicted, strata)
    assert effect.difference == pytest.approx(0.8 - 0.2)
    assert effect.carriers == 2
    assert pair_model_effects(features, [], predicted, strata) == ()


def test_nothing_found_is_said_plainly() -> None:
    from engine.epidemiology.biomarkers import find_biomarkers

    rng = np.random.default_rng(0)
    features = _counted(200, np.arange(0, 200, 4))
    outcome = Response(name="x", happened=rng.random(200) < 0.5, known=np.ones(200, dtype=bool))
    found = find_biomarkers(features, outcome, ["a"] * 200, np.zeros(200, dtype=np.int64))
    assert "None goes with this outcome" in biomarker_tables.say(found)
    assert "no pair can be tested" in biomarker_tables.say_pairs(())


def test_a_forest_plot_cuts_endless_intervals_and_draws_the_mean_last() -> None:
    effect = Effect(
        log_ratio=1.0,
        standard_error=0.5,
        ratio=2.7,
        lower=0.0,
        upper=np.inf,
        p_value=0.2,
        carriers=5,
        known=50,
        events=3,
    )
    pooled = Pool(ratio=2.0, lower=1.1, upper=3.6, p_value=0.02, inconsistency=0.3, num_cohorts=2)
    lines = forest_lines((("a", effect), ("b", effect)), pooled, {"a": "Study A"})
    assert [line.name for line in lines] == ["Study A", "b", "Mean of the cohorts"]
    figure = draw_forest(lines, "odds ratio", LIGHT)
    intervals = [trace for trace in figure.data if trace.mode == "lines"]
    assert list(intervals[0].x) == [0.05, 20.0]
    assert "∞" in figure.layout.annotations[0].text
    assert figure.data[-1].marker.symbol == "diamond"
    single = draw_forest([Line(name="<b>", ratio=1, lower=1, upper=1, note="")], "x", LIGHT)
    assert single.layout.yaxis.ticktext == ("&lt;b&gt;",)


def test_ticks_of_a_wide_axis_do_not_touch_each_other() -> None:
    near = Line(name="A", ratio=1, lower=0.7, upper=1.5, note="")
    far = Line(name="B", ratio=3, lower=0.06, upper=18, note="a note that needs more room")
    few, many = (draw_forest(lines, "x", LIGHT) for lines in ([near, far], [near]))
    assert list(few.layout.xaxis.tickvals) == [0.1, 1, 10]
    assert list(many.layout.xaxis.tickvals) == [0.5, 1, 2]
    assert few.layout.margin.r > many.layout.margin.r


def test_cohorts_have_short_names_where_these_tell_them_apart() -> None:
    names = {"a": "Hugo et al. 2016 (melanoma)", "b": "Riaz et al. 2017", "c": "MSK (lung)"}
    short = {"a": "Hugo et al. 2016", "b": "Riaz et al. 2017", "c": "MSK"}
    assert biomarker_controls._short_names(names) == short
    names["d"] = "MSK (colon)"
    assert biomarker_controls._short_names(names)["c"] == "MSK (lung)"


def test_a_request_is_a_key() -> None:
    request = Request(
        offer="response",
        value="",
        cohorts=("a",),
        group=Group.MUTATION,
        fixed=Fixed.NOTHING,
        pairs=False,
    )
    assert len({request, request}) == 1
