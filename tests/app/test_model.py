from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard import resources
from dashboard.card import ModelCard
from tests.app.pages import Open, texts


def score(value: float) -> dict[str, float]:
    return {"auroc": value, "auroc_low": value - 0.02, "auroc_high": value + 0.02}


CARD: dict[str, Any] = {
    "objective": "Reconstruction of hidden genes",
    "num_genes": 1200,
    "num_parameters": 900_000,
    "studies": {"a": {"train": 800, "validation": 100, "test": 100}},
    "config": {"seed": 0},
    "reconstruction": {
        "hidden_share": 0.2,
        "test": [
            {
                "target": "mutation",
                "num_tumors": 100,
                "num_cells": 5000,
                "num_altered": 300,
                "encoder": score(0.9),
                "type_frequency": score(0.8),
                "difference": 0.1,
                "difference_low": 0.08,
                "difference_high": 0.12,
            }
        ],
    },
}


@pytest.mark.parametrize("card", [ModelCard(digest="cd" * 32, facts=CARD)])
def test_the_card_says_what_it_is_and_is_not_for(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, card: ModelCard
) -> None:
    monkeypatch.setattr(resources, "load_card", lambda: card)
    app = open_page(tmp_path, "model")
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Model digest"] == "cdcdcdcdcdcd"
    assert shown["Tumors trained on"] == "800"
    written = texts(app)
    assert "Decide about diagnosis or treatment of a patient" in written
    assert "In 100 tumors of patients it never saw, 20%" in written
    assert len(app.get("plotly_chart")) == 1


def test_a_card_without_results_leaves_them_out(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "load_card", lambda: ModelCard(digest="cd" * 32, facts={}))
    app = open_page(tmp_path, "model")
    assert not app.exception
    assert app.metric[1].value == "not stated"
    assert not app.get("plotly_chart")


def test_without_weights_it_says_what_to_do(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "load_card", lambda: None)
    app = open_page(tmp_path, "model")
    assert not app.exception
    assert "No weights are installed" in texts(app)


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
