from __future__ import annotations

import json
from pathlib import Path

from dashboard.card import read_card
from engine.heads import HEADS_CARD
from engine.weights import CARD, MANIFEST


def test_no_weights_are_no_card(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None


def test_a_card_without_heads_has_no_questions(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text("{}", encoding="utf-8")
    (tmp_path / MANIFEST).write_text(json.dumps({"model_digest": "ab"}), encoding="utf-8")
    card = read_card(tmp_path)
    assert card is not None
    assert card.digest == "ab"
    assert len(card.questions) == len(card.training) == len(card.reconstruction) == 0


def test_the_shipped_card_is_read_in_full() -> None:
    card = read_card()
    assert card is not None
    assert len(card.digest) == 64
    assert card.training["Training"].sum() > card.training["Test"].sum() > 0
    results = card.reconstruction
    assert ((results["Encoder low"] <= results["Encoder"]) & (results["Encoder"] <= 1)).all()
    assert (results["Baseline"] < results["Encoder"]).all()
    assert HEADS_CARD == "heads.json"
    assert set(card.questions["Question"]) >= {"Cancer type", "Microsatellites"}
