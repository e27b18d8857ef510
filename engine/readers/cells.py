"""Turn a large matrix of short words into small numbers without making a text of each cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.readers.lines import TAB, TextLines

CELLS_AT_ONCE = 1 << 20
LONGEST_WORD = 8

Codes = npt.NDArray[np.int8]
Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]


def cell_codes(lines: TextLines, words: Mapping[str, int], *, other: int) -> Codes:
    """Number the cells of a table of known words.

    Args:
        lines: Lines with as many columns as the header, (R,).
        words: Word to code; at most 8 bytes each.
        other: Code of any other cell.

    Returns:
        Codes, (R, C), int8, for all columns of the file.
    """
    num_columns = len(lines.header)
    codes = np.empty((lines.num_lines, num_columns), dtype=np.int8)
    keys = np.array([_key(word) for word in words], dtype=np.uint64)
    order = np.argsort(keys)
    values = np.append(np.array(list(words.values()), dtype=np.int8)[order], np.int8(other))
    step = max(1, CELLS_AT_ONCE // num_columns)
    for first in range(0, lines.num_lines, step):
        block = slice(first, first + step)
        found = _cell_keys(lines, block, max(len(word) for word in words))
        place = np.searchsorted(keys[order], found)
        place[keys[order][np.minimum(place, len(keys) - 1)] != found] = len(keys)
        codes[block] = values[place]
    return codes


def _cell_keys(lines: TextLines, block: slice, longest: int) -> npt.NDArray[np.uint64]:
    """Return the bytes of each cell as one number; all bits set where it is too long."""
    starts, ends = lines.starts[block], lines.ends[block]
    offset = int(starts[0])
    text = np.frombuffer(lines.data, np.uint8, count=int(ends[-1]) - offset, offset=offset)
    tabs = np.flatnonzero(text == TAB).reshape(len(starts), -1)
    begin = np.concatenate([(starts - offset)[:, None], tabs + 1], axis=1)
    length = np.concatenate([tabs, (ends - offset)[:, None]], axis=1) - begin
    keys = np.zeros(begin.shape, dtype=np.uint64)
    for position in range(longest):
        there = length > position
        byte = text[begin[there] + position].astype(np.uint64)
        keys[there] |= byte << np.uint64(8 * position)
    keys[length > longest] = np.iinfo(np.uint64).max
    return keys


def _key(word: str) -> int:
    assert len(word) <= LONGEST_WORD, word
    return int.from_bytes(word.encode(), "little")
