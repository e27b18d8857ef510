from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.readers import cells
from engine.readers.cells import cell_codes
from engine.readers.lines import read_lines
from engine.readers.options import Limits

WORDS = {"-2": 0, "-1.5": 1, "0": 2, "": 3, "NA": 4}


def codes_of(folder: Path, rows: list[list[str]]) -> np.ndarray:
    path = folder / "m.txt"
    header = [f"c{n}" for n in range(len(rows[0]))]
    path.write_text("".join("\t".join(row) + "\n" for row in [header, *rows]))
    return cell_codes(read_lines(path, Limits()), WORDS, other=9)


def test_words_are_matched_whole(tmp_path: Path) -> None:
    rows = [["x", "-2", "0", "", "NA"], ["-1.5", "-", "-22", "00", "-1.50"]]
    assert codes_of(tmp_path, rows).tolist() == [[9, 0, 2, 3, 4], [1, 9, 9, 9, 9]]


def test_carriage_returns_are_no_part_of_the_last_cell(tmp_path: Path) -> None:
    path = tmp_path / "m.txt"
    path.write_bytes(b"a\tb\r\n0\t-2\r\nNA\t0")
    codes = cell_codes(read_lines(path, Limits()), WORDS, other=9)
    assert codes.tolist() == [[2, 0], [4, 2]]


@settings(max_examples=50, deadline=None)
@given(
    rows=st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([*WORDS, "1", "xyz", "é"]), min_size=n, max_size=n),
            min_size=1, max_size=12,
        ).filter(lambda rows: any(any(row) for row in rows))
    )
)  # fmt: skip
def test_blocks_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    expected = [[WORDS.get(cell, 9) for cell in row] for row in rows]
    for at_once in (1, 7, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cells, "CELLS_AT_ONCE", at_once)
            assert codes_of(tmp_path_factory.mktemp("c"), rows).tolist() == expected
