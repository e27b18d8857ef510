"""Tables of the tumors that were selected on a map. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.coloring import NOT_GIVEN, Coloring, Numbers
from dashboard.queries import MapData, Objects, Rows
from dashboard.wording import count, day

SAMPLE = "Sample"
STUDY = "Study"
CANCER_TYPE = "Cancer type"


def tabulate(
    data: MapData, rows: Rows, coloring: Coloring, labels: Mapping[str, Objects]
) -> pd.DataFrame:
    """List tumors with their labels.

    Args:
        data: The map, N tumors.
        rows: Rows of the map to list, (M,).
        coloring: What the map is colored by now; becomes a column.
        labels: Further labels by title, (N,) each; those that none of the M tumors has are left
            out.

    Returns:
        M rows, in the order of `rows`.
    """
    samples = data.samples.iloc[rows]
    columns: dict[str, object] = {
        SAMPLE: samples["sample_id"].to_numpy(dtype=object),
        STUDY: samples["study_id"].to_numpy(dtype=object),
        CANCER_TYPE: samples["cancer_type"].to_numpy(dtype=object),
    }
    heading = coloring.heading if isinstance(coloring, Numbers) else coloring.title
    columns.setdefault(heading, coloring.values[rows])
    for title, values in labels.items():
        chosen = values[rows]
        if any(value is not None for value in chosen):
            columns.setdefault(title, chosen)
    return pd.DataFrame(columns)


def compose(values: npt.NDArray[np.object_], rows: Rows, most: int = 8) -> pd.DataFrame:
    """Count the categories of a selection and compare them with the whole map.

    Args:
        values: Category of each tumor on the map, (N,); None where it is not given.
        rows: The selection, (M,), M at least 1.
        most: Categories listed; the rest is one line.

    Returns:
        Columns `Category`, `Tumors`, `Share` of the selection and `On the map`, shares in percent;
        the largest category first.
    """
    named = pd.Series(values, dtype=object)
    named = named.where(named.notna(), NOT_GIVEN)
    inside = named.iloc[rows].value_counts()
    overall = named.value_counts()
    order = sorted(inside.index, key=lambda name: (-inside[name], name))
    lines = [(name, int(inside[name]), int(overall[name])) for name in order[:most]]
    rest = order[most:]
    if rest:
        word = count(len(rest), "further category")
        lines.append((word, int(inside[rest].sum()), int(overall[rest].sum())))
    return pd.DataFrame(
        {
            "Category": [name for name, _, _ in lines],
            "Tumors": [found for _, found, _ in lines],
            "Share": [100 * found / len(rows) for _, found, _ in lines],
            "On the map": [100 * everywhere / len(named) for _, _, everywhere in lines],
        }
    )


def source_lines(data: MapData) -> list[str]:
    """Say where the tumors of a map come from, for the caption of an export."""
    synthetic = [study.name for study in data.studies.values() if study.synthetic]
    lines = [
        f"Studies: {', '.join(study.name for study in data.studies.values())}",
        f"Map: {data.name}, version {data.layout_id}, fitted {day(data.created_at)}, "
        f"{count(len(data), 'tumor')}",
        f"Model: {data.model_digest}",
    ]
    if synthetic:
        lines.append(f"Synthetic, not real persons: {', '.join(synthetic)}")
    return lines
