from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.errors import InvalidRowsError
from cache.rows import require_unique, shaped, sorted_by_sample

EXPECTED = pa.schema([("sample_id", pa.string()), ("count", pa.int8())])


def test_columns_are_ordered_converted_and_others_left_out() -> None:
    table = pa.table({"count": [1, 2], "more": [0, 0], "sample_id": ["a", "b"]})
    found = shaped(table, EXPECTED, "samples")
    assert found.schema.equals(EXPECTED)
    assert found.to_pylist() == [{"sample_id": "a", "count": 1}, {"sample_id": "b", "count": 2}]


def test_missing_columns_are_named() -> None:
    with pytest.raises(InvalidRowsError, match="table of samples lacks the columns count"):
        shaped(pa.table({"sample_id": ["a"]}), EXPECTED, "samples")


@pytest.mark.parametrize("value", [1000, 1.5, "many"])
def test_no_value_is_bent_to_fit(value: float | str) -> None:
    table = pa.table({"sample_id": ["a"], "count": [value]})
    with pytest.raises(InvalidRowsError, match="values of another type"):
        shaped(table, EXPECTED, "samples")


@given(st.lists(st.sampled_from(["", "P-1", "P-10", "P-2", "Ä", "a", "\U0001f9ec"])))
def test_sorting_by_sample_keeps_the_order_within_one(samples: list[str]) -> None:
    positions = list(range(len(samples)))
    columns = {"sample_id": pa.array(samples, pa.string()), "position": pa.array(positions)}
    found = sorted_by_sample(pa.table(columns))
    assert found["position"].to_pylist() == sorted(
        positions, key=lambda row: (samples[row].encode(), row)
    )


def test_sorting_works_over_chunks() -> None:
    chunks = pa.concat_tables([pa.table({"sample_id": ["b", "a"]}), pa.table({"sample_id": ["a"]})])
    assert sorted_by_sample(chunks)["sample_id"].to_pylist() == ["a", "a", "b"]


def test_a_row_without_a_sample_is_refused() -> None:
    with pytest.raises(InvalidRowsError, match="1 alterations have no sample_id"):
        sorted_by_sample(pa.table({"sample_id": ["a", None]}))


def test_a_repeated_key_is_refused() -> None:
    table = pa.table({"study_id": ["s", "s", "t"], "sample_id": ["a", "a", "a"]})
    require_unique(table.slice(1), ["study_id", "sample_id"], "inputs")
    with pytest.raises(InvalidRowsError, match=r"1 rows .* inputs repeat a study_id and sample_id"):
        require_unique(table, ["study_id", "sample_id"], "inputs")
