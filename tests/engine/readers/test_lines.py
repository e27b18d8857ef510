from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.readers import lines as module
from engine.readers.lines import read_lines, unquote
from engine.readers.options import Limits

TEXT = b'#c\nA\tB\tC\n1\t2\t3\r\n\n"x y"\t\t z \nlast\t\t'


@pytest.fixture(params=[1, 3, 1 << 24])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "BLOCK_BYTES", request.param)
    path = tmp_path / "t.txt"
    path.write_bytes(TEXT)
    return path


def test_lines_are_found_in_blocks_of_any_size(path: Path) -> None:
    lines = read_lines(path, Limits())
    assert [lines.line(row) for row in range(lines.num_lines)] == [
        "1\t2\t3", "", '"x y"\t\t z ', "last\t\t",
    ]  # fmt: skip
    assert lines.num_tabs.tolist() == [2, 0, 2, 2]
    assert lines.line_numbers.tolist() == [3, 4, 5, 6]
    assert (lines.header, lines.comments) == (("A", "B", "C"), ("#c",))


def test_fields_are_cut_out_without_quotes_and_blanks(path: Path) -> None:
    lines = read_lines(path, Limits())
    assert [lines.field(0, column) for column in range(3)] == ["1", "2", "3"]
    assert [lines.field(2, column) for column in range(3)] == ["x y", "", "z"]


def test_kept_lines_lie_one_after_the_other(path: Path) -> None:
    lines = read_lines(path, Limits())
    kept = lines.keep(np.array([True, False, False, True]))
    assert kept.data == b"1\t2\t3\nlast\t\t\n"
    assert [kept.line(row) for row in range(2)] == ["1\t2\t3", "last\t\t"]
    assert kept.line_numbers.tolist() == [3, 6]
    assert lines.keep(np.ones(4, dtype=np.bool_)) is lines


@pytest.mark.parametrize(
    ("written", "bare"), [('"a"', "a"), ('""', ""), ('"', '"'), ('a"', 'a"'), ("a", "a"), ("", "")]
)
def test_quotes_are_taken_away_in_pairs(written: str, bare: str) -> None:
    assert unquote(written) == bare
