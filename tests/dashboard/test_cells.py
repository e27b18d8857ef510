from __future__ import annotations

import pandas as pd

from dashboard.cells import write_cells


def test_cells_are_written_as_sentences_are_and_keep_their_values() -> None:
    table = pd.DataFrame(
        {
            "Gene": ["KRAS", "TP53", None],
            "q": [2.1e-6, 8.7e-9, 0.031],
            "Upper": [731.48, 1.834, None],
            "Median in": [12.41, 0.0312, 3.0],
            "p of change over time": [0.995, 0.5, None],
        }
    )
    styled = write_cells(table, ratios=["Upper", "not there"])
    cells = styled._translate(sparse_index=False, sparse_cols=False)["body"]
    shown = [[cell["display_value"] for cell in row[1:]] for row in cells]
    assert shown == [
        ["KRAS", "< 0.001", "over 100", "12", "> 0.99"],
        ["TP53", "< 0.001", "1.83", "0.031", "0.50"],
        ["", "0.03", "", "3.0", ""],
    ]
    assert styled.data.equals(table)
