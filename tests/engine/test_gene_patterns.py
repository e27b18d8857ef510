from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.gene_patterns import (
    HOTSPOT,
    OTHER,
    TRUNCATING,
    GenePatterns,
    burden_class,
    mutated_states,
    num_mutated,
)
from engine.kinds import Kind
from engine.tokens import TumorTokens, tokenize
from tests.engine.cohorts import GENES, alteration, tables, vocabulary

WORDS = vocabulary()


def tumors() -> TumorTokens:
    rows = [
        alteration("one", "KRAS", Kind.MISSENSE, protein_position=12),
        alteration("one", "KRAS", Kind.TRUNCATING),
        alteration("two", "TP53", Kind.MISSENSE, protein_position=2),
        alteration("two", "TP53", Kind.TRUNCATING),
        alteration("two", "STK11", Kind.UNKNOWN),
        alteration("three", "ERBB2", Kind.AMPLIFICATION),
    ]
    return tokenize(tables(["one", "two", "three"], rows), WORDS)


def test_a_gene_shows_one_state_and_a_hotspot_counts_first() -> None:
    states = mutated_states(tumors())
    width = len(WORDS.genes)
    found = {
        (int(i), int(j) // width, WORDS.genes[int(j) % width])
        for i, j in zip(*states.nonzero(), strict=True)
    }
    assert found == {(0, HOTSPOT, "KRAS"), (1, TRUNCATING, "TP53"), (1, OTHER, "STK11")}
    assert num_mutated(tumors()).tolist() == [1, 2, 0]


def patterns(**frequencies: float) -> GenePatterns:
    """One kind of tumor; genes that are not named are mutated in 1 of 100."""
    table = np.full((1, 3, len(WORDS.genes)), 1e-6, dtype=np.float32)
    table[0, OTHER] = 0.01
    for gene, frequency in frequencies.items():
        table[0, OTHER, WORDS.index[gene]] = frequency
    shares = np.array([0.998, 0.001, 0.001], dtype=np.float32)
    return GenePatterns(frequencies=table, shares=np.ones(1, dtype=np.float32), state_shares=shares)


def test_the_ratio_is_that_of_the_frequencies_on_the_panel() -> None:
    tokens = tokenize(tables(["a", "b"], [alteration("a", "EGFR")]), WORDS)
    told = patterns(EGFR=0.5).log_ratio(tokens)
    # Nine of the ten genes of the panel have 0.01, EGFR has 0.5; chance draws one of ten.
    expected = np.log(0.5 / 0.59) - np.log(0.998 / 10)
    assert told == pytest.approx([expected, 0.0], abs=1e-3)


def test_each_state_has_frequencies_of_its_own() -> None:
    rows = [alteration("a", "KRAS", protein_position=12), alteration("a", "TP53", Kind.TRUNCATING)]
    table = patterns().frequencies.copy()
    table[0, HOTSPOT, WORDS.index["KRAS"]] = 0.3
    table[0, TRUNCATING, WORDS.index["TP53"]] = 0.4
    shares = np.array([0.9, 0.02, 0.08], dtype=np.float32)
    known = replace(patterns(), frequencies=table, state_shares=shares)
    told = known.log_ratio(tokenize(tables(["a"], rows), WORDS))
    # Ten genes of 0.01 and the two states make the mass that the two genes are drawn from.
    drawn = np.log(0.3 * 0.4) - 2 * np.log(10 * 0.01 + 0.3 + 0.4)
    assert told == pytest.approx([drawn - np.log(0.02 / 10) - np.log(0.08 / 10)], abs=1e-3)


def test_usual_genes_speak_for_a_tumor_and_unusual_ones_against() -> None:
    rows = [alteration("usual", "EGFR"), alteration("odd", "KEAP1")]
    told = patterns(EGFR=0.5).log_ratio(tokenize(tables(["usual", "odd"], rows), WORDS))
    assert told[0] > 0 > told[1]


def test_the_burden_class_grows_fourfold() -> None:
    rows = [alteration("many", gene) for gene in GENES[:4]]
    rows += [alteration("few", gene) for gene in GENES[:3]]
    tokens = tokenize(tables(["none", "few", "many"], rows), WORDS)
    assert burden_class(tokens).tolist() == [0, 0, 1]
