from __future__ import annotations

import numpy as np

from engine.evaluation.raw import burden_column, raw_features
from engine.kinds import Kind
from engine.tokens import tokenize
from engine.training.views import without_copy_number
from tests.engine.cohorts import alteration, tables, vocabulary

ROWS = [
    alteration("A", "TP53", Kind.TRUNCATING),
    alteration("A", "EGFR", Kind.AMPLIFICATION),
    alteration("A", "KRAS", Kind.GAIN),
    alteration("B", "KRAS"),
]


def test_raw_features_name_gene_and_kind_and_end_with_the_burden() -> None:
    words = vocabulary()
    features = raw_features(tokenize(tables(["A", "B"], ROWS), words))
    number = len(words.genes)
    gene = words.index
    expected = {
        gene["TP53"]: 1,  # mutated
        number + gene["TP53"]: 1,  # truncated
        2 * number + gene["EGFR"]: 1,  # amplified
        4 * number + gene["EGFR"]: 2,  # copy number
        4 * number + gene["KRAS"]: 1,
        5 * number: np.float32(np.log(2)),
    }
    row = features[0].tocoo()
    assert dict(zip(row.col.tolist(), row.data.tolist(), strict=True)) == expected
    np.testing.assert_allclose(burden_column(features)[:, 0], np.log([2, 2]), rtol=1e-6)


def test_a_view_hides_from_raw_features_too() -> None:
    words = vocabulary()
    tokens = tokenize(tables(["A", "B"], ROWS), words)
    hidden = raw_features(tokens, without_copy_number)
    number = len(words.genes)
    assert hidden[:, 2 * number : -1].nnz == 0
    assert hidden[:, :number].nnz == 2
