from __future__ import annotations

import pytest

from dashboard.card import read_card
from dashboard.class_names import MEANINGS, TCGA_TYPES, class_name
from dashboard.predictions import TITLES


@pytest.mark.parametrize(
    ("task", "code", "words"),
    [
        ("cancer_type", "LUAD", "Lung adenocarcinoma"),
        ("oncotree_type", "CRC", "Colorectal carcinoma"),
        ("oncotree_type", "GIST", "Gastrointestinal stromal tumor"),
        ("os_risk", "BRCA", "Invasive breast carcinoma"),
        ("os_risk", "Non-Small Cell Lung Cancer", "Non-small cell lung cancer"),
        ("icb_response", "NR", "No responder"),
        ("immune_class", "C3", "C3, inflammatory"),
        ("mine", "Lung", "Lung"),
    ],
)
def test_classes_are_told_in_words(task: str, code: str, words: str) -> None:
    assert class_name(task, code) == words


def test_every_question_says_how_to_read_it() -> None:
    assert set(MEANINGS) == set(TITLES)
    assert len(TCGA_TYPES) == 33


def test_no_class_of_the_shipped_heads_is_told_as_a_code() -> None:
    card = read_card()
    assert card is not None
    for task, facts in card.heads["tasks"].items():
        words = [class_name(task, code) for code in facts["classes"]]
        assert not [w for w in words if w.isupper() or "_" in w]
        assert len(set(words)) >= len(words) - 1  # pleural mesothelioma has two codes
