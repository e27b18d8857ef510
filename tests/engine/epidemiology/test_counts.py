from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engine.epidemiology.counts import (
    CountingError,
    Feature,
    Features,
    Group,
    count_alterations,
    join,
)
from tests.engine.epidemiology.made import features_of, noise

GENES = ("KRAS", "STK11", "ALK")
SAMPLES = pa.table(
    {
        "study_id": ["a", "a", "a", "b"],
        "sample_id": ["S1", "S2", "S3", "S1"],
        "mutation_panel": ["wide", "narrow", None, "wide"],
        "cna_panel": ["wide", None, "wide", None],
        "fusion_panel": [None, None, None, "wide"],
    }
)
PANELS = pa.table(
    {
        "study_id": ["a", "a", "a", "b", "b"],
        "panel_id": ["wide", "wide", "narrow", "wide", "wide"],
        "hugo_symbol": ["KRAS", "STK11", "KRAS", "KRAS", "ALK"],
    }
)
ALTERED = pa.table(
    {
        "study_id": ["a", "a", "a", "a", "a", "b", "b", "b"],
        "sample_id": ["S1", "S1", "S1", "S2", "S3", "S1", "S1", "S1"],
        "hugo_symbol": ["KRAS", "KRAS", "STK11", "STK11", "STK11", "ALK", "KRAS", "TTN"],
        "kind": [
            "missense",
            "unknown consequence",
            "deep deletion",
            "truncating",
            "deep deletion",
            "fusion",
            "silent",
            "missense",
        ],
    }
)


@pytest.fixture(scope="module")
def counted() -> Features:
    return count_alterations(SAMPLES, ALTERED, PANELS, GENES)


def state(counted: Features, gene: str, group: Group) -> list[bool | None]:
    """Whether each tumor has it; None where that is not known."""
    has, known = counted.dense()
    column = counted.column_of(gene, group)
    return [bool(h) if k else None for h, k in zip(has[:, column], known[:, column], strict=True)]


def test_what_was_not_profiled_is_never_wild_type(counted: Features) -> None:
    assert state(counted, "KRAS", Group.MUTATION) == [True, False, None, False]
    assert state(counted, "STK11", Group.DEEP_DELETION) == [True, None, True, None]
    assert state(counted, "ALK", Group.FUSION) == [None, None, None, True]


def test_a_call_outside_the_panel_is_not_known(counted: Features) -> None:
    assert state(counted, "STK11", Group.MUTATION) == [False, None, None, None]


def test_altered_is_known_only_of_tumors_with_mutations_and_copy_number(
    counted: Features,
) -> None:
    assert state(counted, "STK11", Group.ALTERED) == [True, None, None, None]
    assert state(counted, "KRAS", Group.ALTERED) == [True, None, None, None]


def test_rows_of_the_store_count_like_names(counted: Features) -> None:
    names = list(
        zip(SAMPLES["study_id"].to_pylist(), SAMPLES["sample_id"].to_pylist(), strict=True)
    )
    asked = zip(ALTERED["study_id"].to_pylist(), ALTERED["sample_id"].to_pylist(), strict=True)
    rows = pa.table(
        {
            "tumor": pa.array([names.index(name) for name in asked], pa.int32()),
            "hugo_symbol": ALTERED["hugo_symbol"].combine_chunks().dictionary_encode(),
            "kind": ALTERED["kind"].combine_chunks().dictionary_encode(),
        }
    )
    again = count_alterations(SAMPLES, rows, PANELS, GENES)
    assert again.features == counted.features
    np.testing.assert_array_equal(again.tumor, counted.tumor)
    np.testing.assert_array_equal(again.column, counted.column)


def test_a_cohort_of_one_study_needs_no_study() -> None:
    first = SAMPLES.slice(0, 3).drop_columns("study_id")
    altered, panels = ALTERED.slice(0, 5), PANELS.slice(0, 3)
    alone = count_alterations(
        first, altered.drop_columns("study_id"), panels.drop_columns("study_id"), GENES
    )
    assert state(alone, "KRAS", Group.MUTATION) == [True, False, None]


def test_counts_are_those_of_the_dense_layout() -> None:
    has, known = noise(40, 6), noise(40, 6, share=0.7, seed=1)
    groups = np.arange(40) % 3 - 1
    positive, asked = features_of(has, known).count(groups, 2)
    for group in range(2):
        rows = groups == group
        np.testing.assert_array_equal(positive[group], (has & known)[rows].sum(axis=0))
        np.testing.assert_array_equal(asked[group], known[rows].sum(axis=0))


def test_choosing_tumors_and_features_is_choosing_of_the_dense_layout(counted: Features) -> None:
    both = join([counted, counted.choose([2, 0])])
    columns, rows = [13, 1, 16, 15, 0], np.array([2, 0])
    has, known = both.dense()
    chosen = both.choose(columns).take(rows)
    assert chosen.features == tuple(both.features[i] for i in columns)
    np.testing.assert_array_equal(chosen.dense()[0], has[rows][:, columns])
    np.testing.assert_array_equal(chosen.dense()[1], known[rows][:, columns])


def test_a_feature_is_called_by_gene_and_group() -> None:
    assert Feature("STK11", "mutation").label == "STK11 mutation"


def test_a_feature_that_was_not_counted_is_refused(counted: Features) -> None:
    with pytest.raises(CountingError, match=r"TP53 mutation was asked for.*15 features"):
        counted.column_of("TP53", Group.MUTATION)


def test_no_alteration_at_all_is_a_cohort_of_wild_types() -> None:
    counted = count_alterations(SAMPLES, ALTERED.slice(0, 0), PANELS, GENES, [Group.MUTATION])
    assert state(counted, "KRAS", Group.MUTATION) == [False, False, None, False]
