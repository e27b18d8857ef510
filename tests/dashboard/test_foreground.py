from __future__ import annotations

import numpy as np
import pyarrow as pa

from dashboard.coloring import NOT_GIVEN, NOT_PROFILED, WILD_TYPE, GeneStates
from dashboard.foreground import ALTERED, of_labels, of_numbers, of_states
from dashboard.kind_bits import kind_bits
from dashboard.labels import encode_labels


def test_any_of_the_labels_is_kept() -> None:
    labels = encode_labels(["a", "b", None, "c"])
    assert of_labels(labels, ("a", "c")).mask.tolist() == [True, False, False, True]
    assert of_labels(labels, (NOT_GIVEN,)).mask.tolist() == [False, False, True, False]
    assert of_labels(labels, ("nowhere",)).count == 0


def test_a_tumor_that_was_not_looked_at_is_neither_altered_nor_wild_type() -> None:
    kinds = pa.chunked_array([pa.array([["missense"], [], []], pa.list_(pa.string()))])
    states = GeneStates(
        kinds=kind_bits(kinds),
        mutation_profiled=np.array([True, True, False]),
        cna_profiled=np.zeros(3, dtype=bool),
        fusion_profiled=np.zeros(3, dtype=bool),
    )
    assert of_states(states, (ALTERED,)).mask.tolist() == [True, False, False]
    assert of_states(states, (WILD_TYPE,)).mask.tolist() == [False, True, False]
    assert of_states(states, (NOT_PROFILED, ALTERED)).mask.tolist() == [True, False, True]


def test_bounds_are_inclusive_and_an_unknown_number_is_outside() -> None:
    values = np.array([1, 2, 3, np.nan], dtype=np.float32)
    assert of_numbers(values, 2, None).mask.tolist() == [False, True, True, False]
    assert of_numbers(values, None, 2).mask.tolist() == [True, True, False, False]
    assert of_numbers(values, None, None).count == 3


def test_the_mask_travels_as_bits_lowest_first() -> None:
    packed = of_numbers(np.array([1, 0, 1, *[0] * 6, 1], dtype=np.float32), 1, None).packed
    assert list(packed.content) == [0b101, 0b10]
