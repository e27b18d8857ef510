from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import resources
from dashboard.card import ModelCard
from tests.app.pages import Open, texts
from tests.dashboard.evidence import EVALUATION, a_card


@pytest.fixture
def open_model(tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens the page with a card."""

    def open_it(card: ModelCard | None) -> AppTest:
        monkeypatch.setattr(resources, "load_card", lambda: card)
        app = open_page(tmp_path, "model")
        assert not app.exception
        assert not app.error
        return app

    return open_it


def tables(app: AppTest) -> str:
    return "\n".join(table.value.to_csv(index=False) for table in app.table)


def test_the_card_says_what_it_is_and_is_not_for(open_model: Open) -> None:
    app = open_model(a_card())
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Model digest"] == "cdcdcdcdcdcd"
    assert shown["Tumors at hand"] == "1,000"
    assert shown["Tumors trained on"] == "800"
    written = texts(app)
    assert "Decide about diagnosis or treatment of a patient" in written
    assert "In 100 tumors of validation patients, 20%" in written
    assert "Pretraining took 20 minutes on cpu, 1 threads" in written


def test_without_evidence_it_says_so(open_model: Open) -> None:
    app = open_model(a_card())
    assert "Nothing was measured on test patients for these weights" in app.warning[0].value
    assert not app.tabs
    assert len(app.get("plotly_chart")) == 1


def test_evidence_of_another_model_is_not_shown(open_model: Open) -> None:
    app = open_model(a_card(evaluation=replace(EVALUATION, model_digest="99" * 32)))
    told = app.warning[0].value
    assert "belongs to another model (999999999999, not cdcdcdcdcdcd)" in told
    assert not app.tabs
    assert "0.880 (0.830 to 0.930)" not in tables(app)


def test_evidence_stands_beside_every_baseline(open_model: Open) -> None:
    app = open_model(a_card(evaluation=EVALUATION))
    assert not app.warning
    labels = [tab.label for tab in app.tabs]
    assert labels[:3] == ["Hidden genes", "Subtypes", "Few labels"]
    assert labels[-2:] == ["By cancer type", "By sex"]
    assert "**4 of 7** figures reach the aim" in texts(app)
    assert "**3 of 5** are ahead of the best simple baseline, and **0** behind it" in texts(app)
    told = tables(app)
    assert "0.880 (0.830 to 0.930)" in told
    assert "**0.700**" in told
    assert "+0.180 (+0.100 to +0.250)" in told
    assert "Not measured by age, ancestry:" in texts(app)
    assert "No positions,0.700" in told


def test_only_the_grouping_that_is_open_is_drawn(open_model: Open) -> None:
    app = open_model(a_card(evaluation=EVALUATION))
    drawn = ["model_reconstruction", "model_groups_cancer type", "model_reliability"]
    assert [figure.key for figure in app.get("plotly_chart")] == drawn
    app.session_state["model_groupings"] = "By sex"
    app.run()
    assert "model_groups_sex" in [figure.key for figure in app.get("plotly_chart")]


def test_a_head_that_is_not_calibrated_is_called_so(open_model: Open) -> None:
    app = open_model(a_card(evaluation=EVALUATION))
    heads = next(t.value for t in app.table if "Verdict" in t.value).set_index("Question")
    assert heads["Verdict"]["PAM50 subtype of breast cancer"] == "**not calibrated**"
    assert heads["Verdict"]["Microsatellites"] == "calibrated"
    assert heads["Verdict"]["Response to checkpoint blockade"] == "not measured"
    assert heads["Trained on"]["PAM50 subtype of breast cancer"] == "613"


def test_every_digest_is_told(open_model: Open) -> None:
    told = tables(open_model(a_card(evaluation=EVALUATION)))
    for digest in ("cd" * 32, "ab" * 32, "ef" * 32):
        assert digest in told


def test_a_card_without_results_leaves_them_out(open_model: Open) -> None:
    app = open_model(ModelCard(digest="cd" * 32, facts={}))
    assert app.metric[1].value == "not stated"
    assert "The card of these weights does not state it" in texts(app)
    assert not app.get("plotly_chart")


def test_without_weights_it_says_what_to_do(open_model: Open) -> None:
    assert "No weights are installed" in texts(open_model(None))


def test_a_damaged_card_is_told_without_a_traceback(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> ModelCard:
        raise ValueError(str(tmp_path))

    monkeypatch.setattr(resources, "load_card", fail)
    app = open_page(tmp_path, "model")
    assert not app.exception
    assert "Something went wrong that TumorXY does not know" in app.error[0].value
    assert str(tmp_path) not in app.error[0].value
