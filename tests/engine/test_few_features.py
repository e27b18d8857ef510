from __future__ import annotations

import numpy as np

from engine.few_features import (
    BURDEN,
    COPY_LEVELS,
    MUTATED,
    TRUNCATED,
    join_blocks,
    raw_blocks,
)
from engine.kinds import Kind
from engine.tokens import tokenize
from tests.engine.cohorts import alteration, random_tables, tables, vocabulary


def test_genes_levels_and_burden_are_told_apart() -> None:
    rows = [
        alteration("A", "TP53", Kind.TRUNCATING),
        alteration("A", "KRAS"),
        alteration("A", "ERBB2", Kind.AMPLIFICATION),
    ]
    words = vocabulary()
    told = raw_blocks(tokenize(tables(["A", "B"], rows), words))
    gene = words.index
    assert {words.genes[i] for i in np.flatnonzero(told[MUTATED][0])} == {"TP53", "KRAS"}
    assert np.flatnonzero(told[TRUNCATED][0]).tolist() == [gene["TP53"]]
    assert told[COPY_LEVELS][0, gene["ERBB2"]] == 2
    assert np.allclose(told[BURDEN][:, 0], [np.log(3), 0])


def test_a_tumor_does_not_depend_on_its_company() -> None:
    tokens = tokenize(random_tables(12), vocabulary())
    whole = raw_blocks(tokens)
    alone = raw_blocks(tokens.take(np.array([7])))
    assert all(np.array_equal(whole[name][[7]], alone[name]) for name in whole)


def test_blocks_are_joined_in_the_order_of_their_names() -> None:
    parts = {"a": np.ones((2, 1), np.float32), "b": np.zeros((2, 2), np.float32)}
    assert join_blocks(parts, ("b", "a")).tolist() == [[0, 0, 1], [0, 0, 1]]
