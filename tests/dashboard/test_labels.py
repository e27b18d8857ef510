from __future__ import annotations

import numpy as np

from dashboard.labels import encode_labels, ranked


def test_categories_are_ranked_by_frequency_then_by_name() -> None:
    labels = encode_labels(["b", "a", None, "c", "c", ""])
    assert labels.names == ("c", "a", "b")
    assert labels.counts.tolist() == [2, 1, 1]
    assert labels.num_missing == 2
    assert labels.objects.tolist() == ["b", "a", None, "c", "c", None]


def test_a_selection_is_counted_without_the_rest() -> None:
    labels = encode_labels(["a", "b", "a", None])
    assert labels.count(np.array([0, 3])).tolist() == [1, 0]
    assert labels.at(np.array([3, 1])).tolist() == [None, "b"]


def test_values_that_read_alike_are_joined() -> None:
    codes = np.array([0, 1, 2, -1])
    labels = ranked(codes, ["1:DEAD", "DEAD", "0:ALIVE"], lambda text: text.split(":")[-1])
    assert labels.names == ("DEAD", "ALIVE")
    assert labels.codes.tolist() == [0, 0, 1, -1]


def test_no_tumor_or_no_label_is_no_error() -> None:
    assert encode_labels([]).names == ()
    assert encode_labels([None, None]).objects.tolist() == [None, None]
