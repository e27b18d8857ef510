from __future__ import annotations

import numpy as np
import pyarrow as pa

from dashboard.coloring import (
    NOT_GIVEN,
    NOT_PROFILED,
    WILD_TYPE,
    GeneStates,
    NumberStyle,
    Role,
    color_gene,
    color_labels,
    color_numbers,
    color_pair,
)
from dashboard.kind_bits import kind_bits


def states(kinds: list[tuple[str, ...]], mutation: list[bool], cna: list[bool]) -> GeneStates:
    return GeneStates(
        kinds=kind_bits(pa.chunked_array([pa.array(kinds, pa.list_(pa.string()))])),
        mutation_profiled=np.array(mutation),
        cna_profiled=np.array(cna),
        fusion_profiled=np.zeros(len(kinds), dtype=bool),
    )


def test_the_eight_most_frequent_labels_have_a_color() -> None:
    values = [f"type {i:02d}" for i in range(12) for _ in range(20 - i)]
    coloring = color_labels("Type", values)
    assert [entry.name for entry in coloring.entries[:8]] == [f"type {i:02d}" for i in range(8)]
    assert coloring.entries[8].name == "other (4 categories)"
    assert coloring.entries[8].role is Role.OTHER
    assert sum(coloring.counts) == len(values)


def test_missing_labels_are_apart_from_rare_ones() -> None:
    coloring = color_labels("Type", ["a", None, "", "a"])
    assert [entry.name for entry in coloring.entries] == ["a", NOT_GIVEN]
    assert coloring.counts == (2, 2)


def test_highlighted_labels_take_the_colors() -> None:
    coloring = color_labels("Type", ["a"] * 5 + ["b", "c"], highlight=["c", "nowhere"])
    assert [entry.name for entry in coloring.entries] == ["c", "other (2 categories)"]
    assert coloring.counts == (1, 6)


def test_equal_counts_are_in_order_of_name() -> None:
    assert [e.name for e in color_labels("T", ["b", "a"]).entries] == ["a", "b"]


def test_not_profiled_is_never_wild_type() -> None:
    coloring = color_gene("TP53", states([(), ()], [True, False], [True, True]))
    assert list(coloring.values) == [WILD_TYPE, NOT_PROFILED]
    assert [entry.role for entry in coloring.entries] == [Role.WILD_TYPE, Role.NOT_PROFILED]


def test_an_alteration_shows_even_off_the_mutation_panel() -> None:
    coloring = color_gene("ERBB2", states([("amplification",)], [False], [True]))
    assert list(coloring.values) == ["amplification"]


def test_two_kinds_in_one_tumor_are_several() -> None:
    kinds = [("missense", "deep deletion"), ("missense",)]
    coloring = color_gene("TP53", states(kinds, [True, True], [True, True]))
    assert list(coloring.values) == ["several kinds", "missense"]


def test_kinds_that_share_a_color_are_named_after_those_that_occur() -> None:
    kinds = [("promoter",), ("splice",)]
    assert color_gene("TERT", states(kinds[:1], [True], [True])).entries[0].name == "promoter"
    both = color_gene("TERT", states(kinds, [True] * 2, [True] * 2))
    assert [entry.name for entry in both.entries] == ["splice or promoter"]


def test_wild_type_without_a_copy_number_test_is_said() -> None:
    coloring = color_gene("TP53", states([(), ()], [True, True], [True, False]))
    assert "not tested in 1 of them" in coloring.note
    assert color_gene("TP53", states([()], [True], [True])).note == ""


def test_skewed_numbers_follow_the_logarithm() -> None:
    even = np.array([0, 1, 2, 3, 4], dtype=np.float32)
    skewed = np.array([1] * 50 + [500, 900], dtype=np.float32)
    assert not color_numbers(NumberStyle(title="n"), even).is_log
    assert color_numbers(NumberStyle(title="n"), skewed).is_log


def test_numbers_below_zero_stay_linear() -> None:
    values = np.array([-1, 0.001, 0.002, 900], dtype=np.float32)
    assert not color_numbers(NumberStyle(title="n"), values).is_log


def test_the_heading_has_the_unit() -> None:
    numbers = color_numbers(NumberStyle(title="Age", unit="years"), np.array([1.0], np.float32))
    assert numbers.heading == "Age (years)"


def test_a_pair_needs_both_genes_known() -> None:
    kinds = ("missense",)
    first = states([kinds, kinds, (), (), kinds, ()], [True] * 5 + [False], [True] * 6)
    second = states([kinds, (), kinds, (), (), kinds], [True] * 4 + [False, True], [True] * 6)
    coloring = color_pair(("KRAS", "STK11"), (first, second))
    assert coloring.values.tolist() == [
        "KRAS and STK11",
        "KRAS only",
        "STK11 only",
        "neither",
        "not profiled for one",
        "not profiled for one",
    ]
    assert coloring.entries[-1].role is Role.NOT_PROFILED
    assert coloring.entries[-2].role is Role.WILD_TYPE


def test_a_number_becomes_a_byte_and_an_unknown_one_is_apart() -> None:
    values = np.array([np.nan, 0, 5, 10], dtype=np.float32)
    column = color_numbers(NumberStyle(title="Age"), values).column
    assert list(column.content) == [255, 0, 127, 254]
    assert color_numbers(NumberStyle(title="Age"), values[:1]).column.content == b"\xff"


def test_equal_columns_have_equal_names() -> None:
    one, same = (color_labels("A", ["x", "y", None]) for _ in range(2))
    assert one.column.digest == same.column.digest
    assert one.column.digest != color_labels("A", ["x", "y", "y"]).column.digest
    assert one.write(2) == NOT_GIVEN
