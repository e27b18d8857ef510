from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from dashboard.documents import plain, read_json, to_json, write_json


@dataclass(frozen=True, kw_only=True)
class Outcome:
    name: str
    table: pa.Table
    parts: tuple[float, ...]


def test_an_outcome_becomes_plain_values() -> None:
    outcome = Outcome(name="ä", table=pa.table({"x": [1, None]}), parts=(0.5, float("nan")))
    assert plain(outcome) == {"name": "ä", "table": [{"x": 1}, {"x": None}], "parts": [0.5, None]}


def test_arrays_times_and_paths_become_plain_values() -> None:
    value = {
        "array": np.array([1.0, np.inf], dtype=np.float32),
        "number": np.int64(3),
        "time": datetime(2026, 1, 2, tzinfo=UTC),
        "path": Path("a/b"),
    }
    assert json.loads(to_json(value)) == {
        "array": [1.0, None],
        "number": 3,
        "time": "2026-01-02T00:00:00+00:00",
        "path": "a/b",
    }


def test_a_json_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    write_json(path, {"done": 1})
    write_json(path, {"done": 2})
    assert read_json(path) == {"done": 2}
    assert [entry.name for entry in tmp_path.iterdir()] == ["progress.json"]


def test_a_missing_or_broken_json_file_reads_as_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"done": 1')
    assert read_json(broken) is None
    assert read_json(tmp_path / "absent.json") is None
    broken.write_text("[1]")
    assert read_json(broken) is None
