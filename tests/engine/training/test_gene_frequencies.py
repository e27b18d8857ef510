from __future__ import annotations

import numpy as np
import pytest

from engine.gene_patterns import OTHER, TRUNCATING
from engine.kinds import Kind
from engine.tokens import TumorTokens, tokenize
from engine.training.gene_frequencies import CHANCE_OF_A_HOTSPOT, fit_patterns
from tests.engine.cohorts import GENES, alteration, tables, vocabulary

WORDS = vocabulary()
NUM = 20


def tumors() -> TumorTokens:
    """Twenty tumors with a missense mutation of KRAS, and twenty with a truncated TP53."""
    samples = [f"{name}{i:02d}" for name in "ab" for i in range(NUM)]
    rows = [alteration(sample, "KRAS") for sample in samples[:NUM]]
    rows += [alteration(sample, "TP53", Kind.TRUNCATING) for sample in samples[NUM:]]
    return tokenize(tables(samples, rows), WORDS)


def test_a_kind_has_its_own_frequencies_mixed_with_the_average() -> None:
    patterns = fit_patterns(tumors(), ["a"] * NUM + ["b"] * NUM)
    kras = patterns.frequencies[:, OTHER, WORDS.index["KRAS"]]
    # The average has 20 of 40 with a prior of 0.3 in 30; a kind expects one mutated gene.
    average, nothing = 20.3 / 70, 0.3 / 70
    level = NUM / (NUM * (2 * average + (3 * len(GENES) - 2) * nothing))
    own = (20 + 20 * level * average) / 40
    other = (0 + 20 * level * average) / 40
    assert kras == pytest.approx([own, other], rel=1e-5)
    truncated = patterns.frequencies[:, TRUNCATING, WORDS.index["TP53"]]
    assert truncated == pytest.approx([other, own], rel=1e-5)
    assert patterns.shares.tolist() == [0.5, 0.5]


def test_rare_kinds_join_the_tumors_of_their_burden() -> None:
    names = ["a"] * NUM + ["b"] * (NUM - 1) + ["c"]
    patterns = fit_patterns(tumors(), names)
    assert sorted(patterns.shares.tolist()) == [0.5, 0.5]
    alone = fit_patterns(tumors(), [f"t{i}" for i in range(2 * NUM)])
    assert alone.shares.tolist() == [1.0]


def test_chance_hits_a_hotspot_next_to_never() -> None:
    shares = fit_patterns(tumors(), ["a"] * 2 * NUM).state_shares
    assert shares.sum() == pytest.approx(1)
    assert shares[OTHER] / shares[TRUNCATING] == pytest.approx(22 / 21, rel=1e-4)
    assert shares[1] == pytest.approx(CHANCE_OF_A_HOTSPOT, rel=0.05)


def test_genes_that_nobody_looked_at_are_next_to_never_mutated() -> None:
    patterns = fit_patterns(tumors(), ["a"] * 2 * NUM)
    outside = [i for i, gene in enumerate(WORDS.genes) if gene not in GENES]
    average = 0.3 / 30
    assert patterns.frequencies[0][:, outside].max() <= 2 * average
    assert np.isfinite(patterns.log_ratio(tumors())).all()
