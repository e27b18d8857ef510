from __future__ import annotations

import pyarrow as pa
import pytest

from engine.substitutions import substitution_classes
from engine.vocabulary import SUBSTITUTIONS


@pytest.mark.parametrize(
    ("reference", "tumor", "name"),
    [
        ("G", "A", "C>T"),
        ("T", "C", "T>C"),
        ("-", "AC", "insertion"),
        ("A", "-", "deletion"),
        ("CC", "TT", "several bases"),
        (None, "A", None),
        ("C", "N", None),
    ],
)
def test_substitution_class(reference: str | None, tumor: str | None, name: str | None) -> None:
    columns = [pa.chunked_array([pa.array([x], pa.string())]) for x in (reference, tumor)]
    found = int(substitution_classes(*columns)[0])
    assert (SUBSTITUTIONS[found - 1] if found else None) == name
