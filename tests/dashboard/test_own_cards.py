from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.own_cards import CARD, HEAD, cards_in, read_summaries, read_summary, trained_on
from engine.errors import WeightsError
from engine.evaluation.few_label_card import gather_evidence
from engine.finetune import CARD as SAVED_CARD
from engine.finetune import HEAD as SAVED_HEAD
from engine.finetune import OwnHead
from engine.training.few_labels import FewLabelConfig, fit_few
from tests.engine.few import CLASSES, labels

QUICK = FewLabelConfig(num_folds=2, num_replicates=2)


@pytest.fixture(scope="module")
def head() -> OwnHead:
    facts = {
        "model_digest": "ab",
        "created_at": "2026-01-01T00:00:00+00:00",
        "num_tumors": 40,
        "num_patients": 20,
        "num_by_class": {"NR": 20, "R": 20},
        "num_by_study": {"first": 40},
    }
    card = facts | gather_evidence(labels(40), config=QUICK).to_card()
    return replace(fit_few(labels(40), CLASSES, config=QUICK), task="chemo", card=card)


def test_files_are_named_as_the_engine_names_them() -> None:
    assert (HEAD, CARD) == (SAVED_HEAD, SAVED_CARD)


def test_a_card_is_read_without_the_engine(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    summary = read_summary(tmp_path / "chemo")
    assert (summary.task, summary.classes) == ("chemo", CLASSES)
    assert summary.auroc == head.card["cross_validated"]["auroc"]
    for name, told in summary.baselines.items():
        gap = summary.differences[name]["value"]
        assert gap == pytest.approx(summary.auroc["value"] - told["value"])
    assert read_summaries(tmp_path) == (summary,)
    assert read_summaries(tmp_path / "nowhere") == ()


def test_half_written_heads_are_not_listed(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    head.save(tmp_path / ".chemo.new")
    (tmp_path / "empty").mkdir()
    assert cards_in(tmp_path) == [tmp_path / "chemo" / CARD]


@pytest.mark.parametrize("damage", ["weights", "card", "figures"])
def test_damage_is_told_with_what_to_do(head: OwnHead, tmp_path: Path, damage: str) -> None:
    head.save(tmp_path / "chemo")
    card = tmp_path / "chemo" / CARD
    if damage == "weights":
        (tmp_path / "chemo" / HEAD).write_bytes(b"x")
    elif damage == "card":
        card.write_text("[]")
    else:
        stored = json.loads(card.read_text())
        del stored["cross_validated"]
        card.write_text(json.dumps(stored))
    with pytest.raises(WeightsError, match=r"chemo is damaged.*finetune --remove chemo"):
        read_summary(tmp_path / "chemo")


def test_the_model_of_a_head_is_told_if_its_card_can_be_read(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    assert trained_on(tmp_path / "chemo") == "ab"
    (tmp_path / "chemo" / CARD).write_text("{")
    assert trained_on(tmp_path / "chemo") is None
    assert trained_on(tmp_path / "nobody") is None
