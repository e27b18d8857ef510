"""Tables as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.theme import RESEARCH_USE

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Text that begins with one of these is run as a formula by spreadsheets."""


def disarm(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def to_csv(frame: pd.DataFrame, caption: Sequence[str]) -> bytes:
    """Write a table for a spreadsheet.

    Args:
        frame: The table; its index is left out.
        caption: Where the data come from: studies, map, model, date. One comment line each, after
            the research-use notice; a line begins with `# `.

    Returns:
        UTF-8 with a byte-order mark, which spreadsheets need to read accents.
    """
    lines = [_comment(line) for line in (RESEARCH_USE, *caption)]
    safe = frame.rename(columns=disarm).map(disarm)
    table = safe.to_csv(index=False, lineterminator="\n")
    return ("\n".join([*lines, table])).encode("utf-8-sig")


def _comment(line: str) -> str:
    """Write a line of text as one quoted cell, so that none of its commas starts another."""
    text = " ".join(line.split()).replace('"', '""')
    return f'"# {text}"'
