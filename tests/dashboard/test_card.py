from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard import card as cards
from dashboard.card import read_card
from engine import conformal, heads, survival, weights
from engine.errors import WeightsError
from tests.dashboard.evidence import EVALUATION, a_card


def _folder(tmp_path: Path, digest: str = "ab") -> Path:
    (tmp_path / weights.CARD).write_text("{}", encoding="utf-8")
    manifest = json.dumps({"model_digest": digest})
    (tmp_path / weights.MANIFEST).write_text(manifest, encoding="utf-8")
    return tmp_path


def test_no_weights_are_no_card(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None


def test_a_card_alone_says_little(tmp_path: Path) -> None:
    card = read_card(_folder(tmp_path))
    assert card is not None
    assert card.digest == "ab"
    assert len(card.training) == len(card.reconstruction) == 0
    assert card.reconstruction_part == ""
    assert card.risk is card.evaluation is card.evidence is None


def test_the_evidence_counts_only_for_the_model_that_it_was_measured_on(tmp_path: Path) -> None:
    folder = _folder(tmp_path, EVALUATION.model_digest)
    (folder / weights.EVALUATION).write_text(EVALUATION.to_json(), encoding="utf-8")
    card = read_card(folder)
    assert card is not None
    assert card.evidence == EVALUATION
    other = read_card(_folder(folder, "00"))
    assert other is not None
    assert other.evaluation == EVALUATION
    assert other.evidence is None


@pytest.mark.parametrize("text", ["{", "{}", '{"rows": 3}'])
def test_damaged_evidence_is_told(tmp_path: Path, text: str) -> None:
    (_folder(tmp_path) / weights.EVALUATION).write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"evaluation.json cannot be read .*`tumorxy evaluate`"):
        read_card(tmp_path)


def test_the_figures_of_test_patients_come_before_those_of_validation() -> None:
    card = a_card()
    assert card.reconstruction_part == "validation"
    rows = card.facts["reconstruction"]["validation"]
    both = {"test": rows, "validation": rows}
    assert a_card(facts={"reconstruction": both}).reconstruction_part == "test"
    assert card.training.iloc[0].to_dict() == {
        "Study": "a",
        "Training": 800,
        "Validation": 100,
        "Test": 100,
        "All": 1000,
    }


def test_the_files_are_called_as_the_engine_calls_them() -> None:
    assert (cards.CARD, cards.MANIFEST) == (weights.CARD, weights.MANIFEST)
    assert (cards.HEADS, cards.CONFORMAL) == (heads.HEADS_CARD, conformal.CONFORMAL)
    assert cards.RISK == (survival.RISK_CARD, survival.RISK)
    assert cards.EVALUATION == weights.EVALUATION
    assert cards.WEIGHTS == weights.SHIPPED


def test_the_shipped_card_is_read_in_full() -> None:
    card = read_card()
    assert card is not None
    assert len(card.digest) == 64
    assert card.training["All"].sum() > card.training["Training"].sum() > 30_000 * 0.6
    results = card.reconstruction
    assert ((results["Encoder low"] <= results["Encoder"]) & (results["Encoder"] <= 1)).all()
    assert (results["Baseline"] < results["Encoder"]).all()
    assert set(card.heads["tasks"]) >= {"cancer_type", "msi", "pam50"}
    assert set(card.thresholds) <= set(card.heads["tasks"])
    assert card.risk is not None
