"""The tables of the section Why, and their download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.explanations import GRADIENTS, LEAVE_ONE_OUT, SHAPLEY, Explanation, PairsTold

COLUMNS = {
    SHAPLEY: "Shapley value",
    GRADIENTS: "Integrated gradients",
    LEAVE_ONE_OUT: "Leave one out",
}
ERROR = "Standard error"


def unit_table(told: Explanation) -> pd.DataFrame:
    """List what each alteration adds by each method, the strongest first."""
    first = told.methods[0]
    columns: dict[str, list[object]] = {
        "Alteration": [unit.label for unit in first.units],
        "Gene": [unit.gene for unit in first.units],
        "Kind": [unit.kind for unit in first.units],
    }
    for one in told.methods:
        columns[COLUMNS[one.method]] = [unit.value for unit in one.units]
        if one.method == SHAPLEY:
            columns[ERROR] = [unit.error for unit in one.units]
    table = pd.DataFrame(columns)
    order = table[COLUMNS[first.method]].abs().to_numpy().argsort(kind="stable")[::-1]
    return table.iloc[order]


def pair_table(pairs: PairsTold) -> pd.DataFrame:
    """List the strongest pairs."""
    return pd.DataFrame(
        [(p.first, p.second, p.value, p.error, p.alone) for p in pairs.pairs],
        columns=["First", "Second", "Together", ERROR, "With nothing else"],
    )


def show_tables(told: Explanation, source: Sequence[str]) -> None:
    """Show the tables with a download of each.

    Args:
        told: The explanation.
        source: What stands above the table in the file: tumor, number, map, model.
    """
    first = told.methods[0]
    caption = [*source, f"In {first.scale}", f"Compared with {first.baseline}"]
    tables = {"alterations": unit_table(told)}
    if told.pairs is not None:
        tables["pairs"] = pair_table(told.pairs)
    for name, table in tables.items():
        st.dataframe(
            table.round(4),
            hide_index=True,
            placeholder="none",
            key=f"why_{name}",
            alt=f"The {name} that the model was asked about, by each method",
        )
    for name, table in tables.items():
        offer_download(
            f"Download {name} as CSV",
            partial(to_csv, table, caption),
            file_name=f"tumorxy-why-{name}.csv",
            key=f"why_csv_{name}",
        )
