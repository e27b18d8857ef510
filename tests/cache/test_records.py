from __future__ import annotations

import json
from pathlib import Path

import pytest

from cache.errors import SnapshotDamagedError
from cache.records import read_record, write_record

RECORD = {"number": 12, "rows": {"sample": 3}, "when": "2026-11-21T03:12:00+00:00"}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_record(tmp_path / "CURRENT", {"number": 1})
    write_record(tmp_path / "CURRENT", RECORD)
    assert read_record(tmp_path / "CURRENT") == RECORD
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]


def test_no_flipped_bit_is_read_as_something_else(tmp_path: Path) -> None:
    path = tmp_path / "CURRENT"
    write_record(path, RECORD)
    whole = path.read_bytes()
    noticed = 0
    for position in range(len(whole)):
        for bit in (1, 16):
            path.write_bytes(
                whole[:position] + bytes([whole[position] ^ bit]) + whole[position + 1 :]
            )
            try:
                assert read_record(path) == RECORD
            except SnapshotDamagedError:
                noticed += 1
    assert noticed > len(whole)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '"CURRENT"', '{"record": {"number": 1}}', "\0"]
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "CURRENT").write_text(text)
    with pytest.raises(SnapshotDamagedError, match="CURRENT of the store is damaged"):
        read_record(tmp_path / "CURRENT")


def test_an_edited_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "CURRENT"
    write_record(path, {"number": 1})
    edited = json.loads(path.read_text())
    edited["record"]["number"] = 2
    path.write_text(json.dumps(edited))
    with pytest.raises(SnapshotDamagedError, match="Restore the TumorXY home from a backup"):
        read_record(path)
