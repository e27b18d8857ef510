from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cache.errors import CacheError
from dashboard import chosen, resources
from dashboard.compare_controls import choose_endpoint
from dashboard.outcome_facts import Endpoint
from tests.app.followed import follow
from tests.app.pages import Open, texts
from tests.app.small_home import build_home, draw_cohort

TABS = ("Survival", "Oncoprint", "Genes and pairs", "Labels", "Numbers")


@pytest.fixture(scope="module")
def followed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cohorts with follow-up, in which tumors with mutated KRAS die sooner."""
    home = tmp_path_factory.mktemp("followed")
    build_home(
        home,
        [follow(draw_cohort("alpha", 160, seed=3)), follow(draw_cohort("beta", 120, seed=4))],
    )
    return home


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def opened(open_page: Open, home: Path, **query: str) -> AppTest:
    app = open_page(home, "compare", **query)
    assert not app.exception
    return app


def test_without_a_map_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = opened(open_page, tmp_path / "empty")
    assert "No tumors to compare yet" in texts(app)
    assert "Research use only" in texts(app)


def test_a_planted_gene_shortens_survival(followed_home: Path, open_page: Open) -> None:
    app = opened(open_page, followed_home)
    assert not app.error
    written = texts(app).replace("\\", "")
    assert "KRAS mutated" in written
    assert "KRAS wild type" in written
    assert "differs between the groups beyond chance" in written
    assert "Immortal time" in written
    assert "share of metastases" in written
    table = table_with(app, "Hazard ratio")
    crude = table[table["Model"] == "Crude"].iloc[0]
    assert crude["Compared"] == "KRAS mutated"
    assert crude["Lower"] > 2
    assert "Research use only" in written


@pytest.mark.parametrize("tab", TABS)
def test_every_section_is_shown_for_a_pair(followed_home: Path, open_page: Open, tab: str) -> None:
    app = opened(open_page, followed_home, groups="Pair", compare_b="TP53", compare=tab)
    assert not app.error
    written = texts(app).replace("\\", "")
    for name in ("KRAS and TP53", "KRAS only", "TP53 only", "Neither"):
        assert name in written


def test_the_oncoprint_takes_typed_genes(followed_home: Path, open_page: Open) -> None:
    app = opened(open_page, followed_home, compare="Oncoprint")
    app.multiselect(key="genes").set_value(["TP53", "PTEN"]).run()
    assert not app.exception
    table = table_with(app, "KRAS wild type")
    assert set(table.index) == {"TP53", "PTEN"}
    assert list(table.columns) == ["KRAS mutated", "KRAS wild type"]


def test_the_genes_of_the_groups_are_no_finding(followed_home: Path, open_page: Open) -> None:
    app = opened(open_page, followed_home, compare="Genes and pairs")
    assert "KRAS" not in set(table_with(app, "Alteration")["Alteration"])


def test_groups_made_after_treatment_are_warned_of(followed_home: Path, open_page: Open) -> None:
    app = opened(open_page, followed_home, groups="Label")
    app.selectbox(key="by_label").set_value("RESPONSE").run()
    assert not app.exception
    assert "known only after treatment began" in texts(app)
    app.selectbox(key="by_label").set_value("OS_STATUS").run()
    assert "made of the outcome itself" in texts(app)


def test_a_selection_is_compared_with_the_rest(followed_home: Path, open_page: Open) -> None:
    app = opened(open_page, followed_home, groups="Sets")
    assert "Select tumors with the lasso" in texts(app)
    data = resources.load_map(resources.published(), None)
    assert data is not None
    app.session_state[chosen.CHOSEN] = chosen.choose(data, np.arange(60))
    app.run()
    assert not app.exception
    written = texts(app).replace("\\", "")
    assert "Selection (60 tumors)" in written
    assert "All other tumors" in written
    assert app.query_params["selection"]


def test_a_label_without_follow_up_says_so(full_home: Path, open_page: Open) -> None:
    app = opened(open_page, full_home, groups="Label")
    app.selectbox(key="by_label").set_value("SEX").run()
    assert not app.exception
    assert "No follow-up is stated" in texts(app)


def test_too_few_tumors_are_not_compared(full_home: Path, open_page: Open) -> None:
    app = opened(open_page, full_home, groups="Pair")
    app.multiselect(key="types").set_value(["Melanoma"]).run()
    assert not app.exception
    assert "Choose wider groups" in texts(app)


def test_incomplete_choices_are_told(full_home: Path, open_page: Open) -> None:
    app = opened(open_page, full_home, groups="Pair", compare_b="KRAS")
    assert "Choose two different genes" in texts(app)
    app = opened(open_page, full_home, groups="Label")
    label = app.selectbox(key="by_label").value
    app.multiselect(key=f"values_{label}").set_value([]).run()
    assert "Choose two values or more" in texts(app)


def test_an_error_is_told_in_words(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CacheError("The store is not there.")

    monkeypatch.setattr(resources, "load_map", refuse)
    app = open_page(full_home, "compare")
    assert not app.exception
    assert "The store is not there" in app.error[0].value.replace("\\", "")


def test_no_endpoint_is_offered_without_patients() -> None:
    assert choose_endpoint(dict.fromkeys(Endpoint, 0)) is None
    assert choose_endpoint({Endpoint.OVERALL: 0, Endpoint.PROGRESSION_FREE: 4}) == "PFS"
