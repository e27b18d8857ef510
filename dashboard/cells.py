"""Numbers in sortable tables, written as the sentences and figures beside them. Pure.

Formats of Streamlit write `0.0000021` above `8.7e-9`, and 731.48 where a figure says "over 100".
What is written here is shown; the values below it stay as they are, and sort the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from dashboard.formatting import number, probability, ratio


def write_cells(table: pd.DataFrame, ratios: Collection[str]) -> Styler:
    """Write probabilities, ratios and other numbers of a table each in its way.

    Args:
        table: The table; columns `p`, `q` and `p of ...` hold probabilities.
        ratios: Columns of odds or hazard ratios and their bounds, where there are such.

    Returns:
        The table for `st.dataframe`. A column with a format of its own keeps that.
    """
    forms: dict[Any, str | Callable[[Any], str] | None] = {}
    for name in map(str, table.select_dtypes("float").columns):
        if name in ("p", "q") or name.startswith("p of "):
            forms[name] = probability
        else:
            forms[name] = ratio if name in ratios else number
    return table.style.format(forms, na_rep="")
