from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cache import schema
from cache.alteration_counts import ALTERED_GENES
from cache.errors import StudyNotFoundError
from cache.store import Store


def test_altered_genes_are_those_of_the_alterations(filled: Store) -> None:
    genes = ["TP53", "KRAS", "NOT1"]
    with filled.read() as reader:
        found = reader.altered_genes(genes)
        samples, all_rows = reader.samples(), reader.alterations(altering_only=True)
    assert found.schema.equals(ALTERED_GENES)
    names = samples["sample_id"].to_pylist()
    rows = [(names[row["tumor"]], row["hugo_symbol"], row["kind"]) for row in found.to_pylist()]
    expected = [
        (row["sample_id"], row["hugo_symbol"], row["kind"])
        for row in all_rows.to_pylist()
        if row["hugo_symbol"] in genes
    ]
    assert expected
    assert sorted(rows) == sorted(expected)
    assert {kind for _, _, kind in rows} <= set(schema.ALTERING_KINDS)


def test_rows_are_counted_within_the_studies_read(
    store: Store, make_cohort: Callable[..., dict[str, Any]]
) -> None:
    with store.write() as writer:
        for number, name in enumerate(("first", "second")):
            writer.replace_study(**make_cohort(name, seed=number))
    with store.read() as reader:
        both, second = reader.altered_genes(["TP53"]), reader.altered_genes(["TP53"], ["second"])
        num_first = reader.samples(["first"]).num_rows
    later = [row["tumor"] for row in both.to_pylist() if row["tumor"] >= num_first]
    alone = [row["tumor"] + num_first for row in second.to_pylist()]
    assert alone
    assert sorted(later) == sorted(alone)


def test_no_gene_is_no_row(filled: Store) -> None:
    with filled.read() as reader:
        found = reader.altered_genes([])
    assert found.num_rows == 0
    assert found.schema.equals(ALTERED_GENES)


def test_an_unknown_study_is_refused(filled: Store) -> None:
    with filled.read() as reader, pytest.raises(StudyNotFoundError, match="nowhere"):
        reader.altered_genes(["TP53"], ["nowhere"])
