from __future__ import annotations

import re

import pytest

from dashboard.glossary import TERMS, meaning
from dashboard.guide import KEYS, NOTICE, STEPS
from dashboard.theme import RESEARCH_USE

ASKED = (
    *("Embedding", "Layout", "Placement", "Out of distribution", "Attribution", "q-value"),
    *("Hazard ratio", "Not profiled", "Wild type", "Gene panel", "Odds ratio", "p-value"),
)


@pytest.mark.parametrize("term", ASKED)
def test_the_terms_that_are_asked_for_are_explained(term: str) -> None:
    assert meaning(term) == TERMS[term]


@pytest.mark.parametrize("term", TERMS)
def test_a_meaning_is_a_sentence_or_a_few(term: str) -> None:
    said = TERMS[term]
    assert said[0].isupper() or said.startswith("95%")
    assert said.endswith(".")
    assert len(re.findall(r"[.!?](?:\s|$)", said)) <= 4
    assert len(said) <= 330


def test_an_unknown_term_is_an_error() -> None:
    with pytest.raises(KeyError):
        meaning("phlogiston")


def test_the_tour_has_four_steps_that_each_fit_a_card() -> None:
    assert len(STEPS) == 4
    assert all(len(step["text"]) <= 220 and step["anchor"] for step in STEPS)


def test_every_key_is_told_once_in_its_group() -> None:
    for _, keys in KEYS:
        names = [key for key, _ in keys]
        assert len(set(names)) == len(names)
    assert RESEARCH_USE in NOTICE
