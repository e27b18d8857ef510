from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pyarrow as pa
import pytest

from cache.reader import Reader
from cache.schema import SAMPLES
from dashboard.label_matching import match_labels
from engine.errors import ImportRefusedError
from engine.readers.labels import LabelFile, LabelRow


class Stored:
    """As much of a reader as labels are matched with: two studies that share the sample T1."""

    def __init__(self) -> None:
        rows = [("one", "T1", "P1"), ("one", "T2", None), ("two", "T1", "P9"), ("two", "T3", "P3")]
        empty = dict.fromkeys(SAMPLES.names)
        names = ("study_id", "sample_id", "patient_id")
        self._rows = [empty | dict(zip(names, row, strict=True)) for row in rows]

    def list_studies(self) -> pa.Table:
        return pa.table({"study_id": ["one", "two"]})

    def samples(self) -> pa.Table:
        return pa.Table.from_pylist(self._rows)


READER = cast(Reader, Stored())


def file(rows: Sequence[dict[str, Any]], num_unlabeled: int = 0) -> LabelFile:
    given = {"study_id": None, "patient_id": None, "label": "R"}
    labeled = [LabelRow(line=i + 2, **(given | row)) for i, row in enumerate(rows)]
    return LabelFile(
        name="labels.tsv", rows=tuple(labeled), num_unlabeled=num_unlabeled, digest="ab"
    )


def test_tumors_come_in_the_order_of_the_file() -> None:
    rows = [{"sample_id": "T3", "label": "NR"}, {"sample_id": "T2"}]
    matched = match_labels(READER, file([*rows, {"sample_id": "T1", "study_id": "two"}]))
    found = [(t.study_id, t.sample_id, t.label) for t in matched.tumors]
    assert found == [("two", "T3", "NR"), ("one", "T2", "R"), ("two", "T1", "R")]
    assert matched.notes == ()


def test_patients_are_the_studys_or_else_the_files_or_else_one_per_tumor() -> None:
    given = file(
        [
            {"sample_id": "T3"},
            {"sample_id": "T2", "patient_id": "mine"},
        ]
    )
    assert [t.patient_id for t in match_labels(READER, given).tumors] == ["P3", "mine"]
    (alone,) = match_labels(READER, file([{"sample_id": "T2"}])).tumors
    assert alone.patient_id == "one T2"


def test_what_is_left_out_is_counted() -> None:
    rows = [{"sample_id": "T3"}, {"sample_id": "X1"}, {"sample_id": "X2"}]
    matched = match_labels(READER, file(rows, num_unlabeled=3))
    assert [t.sample_id for t in matched.tumors] == ["T3"]
    assert matched.notes == (
        "Rows without a label, left out: 3.",
        "Labeled samples that are in no imported study, left out: 2, the first X1 in line 3.",
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"sample_id": "T1"}, r"line 2, column sample_id: .*several studies: one, two.*ambiguous"),
        (
            {"sample_id": "T3", "study_id": "xx"},
            r"line 2, column study_id: no such study.*one, two",
        ),
        ({"sample_id": "T3", "patient_id": "P4"}, r"column patient_id: .*another patient, P3"),
    ],
)
def test_contradictions_are_refused(row: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        match_labels(READER, file([row]))
