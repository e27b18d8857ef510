from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from cache.schema import PREDICTIONS
from dashboard import explanation_resources, patient_what_if
from dashboard.errors import NoMapError
from dashboard.explanations import Asked
from dashboard.what_if import Changed
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort
from tests.dashboard.explained import an_explanation

SAMPLE = "SYNT-00007"
CHANGED = Changed(
    before=(0.0, 0.0),
    after=(1.0, 2.0),
    moved=2.2,
    cosine=0.5,
    predictions=pd.DataFrame(
        [("Microsatellites", "Stable: 90%", "High: 80%")],
        columns=["Question", "As it is", "Changed"],
    ),
    is_strange=False,
)


def fake_explainer(task: str = "msi", own: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(
        shipped={task: None},
        own=dict.fromkeys(own),
        model_digest=MODEL_DIGEST,
        looked_at=lambda tokens, by: {"WNT": (0, 68), "TP53": (5, 6)},
        asked=lambda task, name: Asked(task=task, class_name=name),
        map_asked=lambda name: Asked(task="map", class_name=f"{name}@1"),
    )


@pytest.fixture
def open_tumor(tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens a tumor whose explanations are made by hand."""

    def open_it(flag: str = "ok", strange: str = "ok", task: str = "msi") -> AppTest:
        rows = [("msi", "high", 0.9, flag), ("msi", "stable", 0.1, flag)]
        rows.append(("strangeness", "unlike the reference", 0.5, strange))
        store = build_home(tmp_path, [draw_cohort("synthetic_demo", 40)])
        told = [
            {"study_id": "synthetic_demo", "sample_id": SAMPLE, "task": name, "class": value}
            | {"probability": p, "lower": p, "upper": p, "flag": f}
            for name, value, p, f in rows
        ]
        with store.write() as writer:
            writer.add_predictions(MODEL_DIGEST, pa.Table.from_pylist(told, schema=PREDICTIONS))
        shared = explanation_resources
        monkeypatch.setattr(shared, "load_explainer", lambda key: fake_explainer(task))
        monkeypatch.setattr(shared, "load_tokens", lambda *given: None)
        monkeypatch.setattr(shared, "num_units", lambda *given: 3)
        monkeypatch.setattr(shared, "explain_now", lambda *given: an_explanation(given[3]))
        monkeypatch.setattr(patient_what_if, "alterations_of", lambda *given: {"k": "KRAS"})
        monkeypatch.setattr(patient_what_if, "names_to_add", lambda *given: ["TP53"])
        monkeypatch.setattr(patient_what_if, "change_tumor", lambda *given: CHANGED)
        monkeypatch.setattr(shared, "load_unchanged", lambda *given: None)
        return open_page(tmp_path, "patient", sample=f"synthetic_demo/{SAMPLE}")

    return open_it


def plain(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    return next(one.value for one in app.dataframe if column in one.value.columns)


def start(app: AppTest) -> AppTest:
    return app.button(key="why_start").click().run()


def test_no_model_is_loaded_before_it_is_asked_for(
    open_tumor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_tumor()
    assert not app.exception
    assert "Why, and what if" in texts(app)
    assert not [box for box in app.selectbox if box.key == "why_task"]


def test_a_prediction_is_explained_with_its_pairs(open_tumor: Open) -> None:
    app = start(open_tumor())
    assert not app.exception
    written = plain(app)
    assert "From **-2.00** to **-0.67** log odds" in written
    assert "Compared with the same tumor without any alteration" in written
    assert "STK11 truncating and KRAS missense together add 0.8 log odds more" in written
    assert "Integrated gradients and Shapley values agree." in written
    table = table_with(app, "Shapley value")
    assert list(table["Alteration"]) == ["STK11 truncating", "loss of 9p", "mutation burden"]


def test_the_place_on_the_map_can_be_explained(open_tumor: Open) -> None:
    app = start(open_tumor())
    app.selectbox(key="why_task").select("Its place on the map").run()
    assert not app.exception
    assert "Being like its nearest tumors" in texts(app)


def test_a_pathway_that_was_not_looked_at_is_unknown(open_tumor: Open) -> None:
    app = start(open_tumor())
    app.segmented_control(key="why_by").set_value("pathway").run()
    assert not app.exception
    assert "Unknown, not zero, since none of their genes was looked at: WNT." in plain(app)


def test_what_is_flagged_is_named_and_not_explained(open_tumor: Open) -> None:
    app = start(open_tumor(flag="panel_too_small"))
    assert app.selectbox(key="why_task").options == ["Its place on the map"]
    assert "Not explained: Microsatellites (panel too small)" in plain(app)


def test_a_head_that_is_gone_is_named_and_not_explained(open_tumor: Open) -> None:
    app = start(open_tumor(task="another"))
    assert "Microsatellites (its head is not there any more)" in plain(app)


def test_a_strange_tumor_is_not_explained(open_tumor: Open) -> None:
    app = open_tumor(strange="out_of_distribution")
    assert any("Nothing is explained either" in warning.value for warning in app.warning)
    assert not [button for button in app.button if button.key == "why_start"]


def test_a_change_shows_how_far_the_tumor_moves(open_tumor: Open) -> None:
    app = start(open_tumor())
    assert "Nothing is changed yet" in texts(app)
    app.selectbox(key=f"what_if_added_missense_{SAMPLE}").select("TP53").run()
    assert not app.exception
    assert "It moves **2.20** map units" in texts(app)
    assert "High: 80%" in table_with(app, "Changed")["Changed"].tolist()


def test_many_alterations_are_left_to_a_job(
    open_tumor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_tumor()
    monkeypatch.setattr(explanation_resources, "num_units", lambda *given: 500)
    start(app)
    assert "in a process of its own" in texts(app)
    assert any(button.label == "Compute it" for button in app.button)


def test_a_map_of_another_model_is_told(open_tumor: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_tumor()

    def refuse(key: object) -> None:
        raise NoMapError("The map was made with another model.")

    monkeypatch.setattr(explanation_resources, "load_explainer", refuse)
    start(app)
    assert "The map was made with another model" in plain(app)
    assert not app.exception
