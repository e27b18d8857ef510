from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.first_paint import STYLE
from dashboard.widgets import MOST_TABLE_ROWS


def page(rows: int) -> None:
    import pandas as pd

    from dashboard.widgets import table_room

    table_room(rows, "numbers").dataframe(pd.DataFrame({"a": range(rows)}), alt="Numbers")


@pytest.mark.parametrize(("rows", "kept"), [(0, 1), (1, 1), (4, 4), (400, MOST_TABLE_ROWS)])
def test_the_room_of_a_table_is_that_of_its_rows(rows: int, kept: int) -> None:
    app = AppTest.from_function(page, args=(rows,)).run()
    assert not app.exception
    assert len(app.dataframe) == 1
    assert app.main.children[0].proto.id.endswith(f"numbers_rows_{kept}")


def test_the_style_sheet_has_a_height_for_every_room() -> None:
    told = dict(re.findall(r'_rows_(\d+)"\] \{\s+--rows: (\d+);', STYLE.read_text()))
    assert told == {str(rows): str(rows) for rows in range(1, MOST_TABLE_ROWS + 1)}
