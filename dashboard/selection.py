"""Tables of the tumors that were selected on a map. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dashboard.coloring import NOT_GIVEN, Coloring, Numbers
from dashboard.labels import Labels
from dashboard.queries import MapData, Rows
from dashboard.wording import count, day

SAMPLE = "Sample"
STUDY = "Study"
CANCER_TYPE = "Cancer type"


def tabulate(
    data: MapData, rows: Rows, colorings: Sequence[Coloring], labels: Mapping[str, Labels]
) -> pd.DataFrame:
    """List tumors with their labels.

    Args:
        data: The map, N tumors.
        rows: Rows of the map to list, (M,).
        colorings: What the map is colored by now; each becomes a column.
        labels: Further labels by title; those that none of the M tumors has are left out.

    Returns:
        M rows, in the order of `rows`.
    """
    samples = data.samples.iloc[rows]
    columns: dict[str, object] = {
        SAMPLE: samples["sample_id"].to_numpy(dtype=object),
        STUDY: samples["study_id"].to_numpy(dtype=object),
        CANCER_TYPE: samples["cancer_type"].to_numpy(dtype=object),
    }
    for coloring in colorings:
        columns.setdefault(coloring.heading, coloring.at(rows))
    for title, values in labels.items():
        if values.count(rows).any():
            columns.setdefault(title, values.at(rows))
    return pd.DataFrame(columns)


def compose(labels: Labels, rows: Rows, most: int = 8) -> pd.DataFrame:
    """Count the categories of a selection and compare them with the whole map.

    Args:
        labels: Category of each tumor on the map.
        rows: The selection, (M,), M at least 1.
        most: Categories listed; the rest is one line.

    Returns:
        Columns `Category`, `Tumors`, `Share` of the selection and `On the map`, shares in percent;
        the largest category first.
    """
    names = [*labels.names, NOT_GIVEN]
    inside = [*labels.count(rows).tolist(), 0]
    inside[-1] = len(rows) - sum(inside)
    overall = [*labels.counts.tolist(), labels.num_missing]
    present = [place for place in range(len(names)) if inside[place]]
    order = sorted(present, key=lambda place: (-inside[place], names[place]))
    lines = [(names[place], inside[place], overall[place]) for place in order[:most]]
    rest = order[most:]
    if rest:
        word = count(len(rest), "further category")
        lines.append((word, sum(inside[i] for i in rest), sum(overall[i] for i in rest)))
    return pd.DataFrame(
        {
            "Category": [name for name, _, _ in lines],
            "Tumors": [found for _, found, _ in lines],
            "Share": [100 * found / len(rows) for _, found, _ in lines],
            "On the map": [100 * everywhere / len(labels) for _, _, everywhere in lines],
        }
    )


def spread_of(coloring: Numbers, rows: Rows) -> str:
    """Say how a number is spread in a selection; empty where it is known of no tumor."""
    known = coloring.values[rows]
    known = known[np.isfinite(known)]
    if not known.size:
        return ""
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return (
        f"{coloring.heading}: median {middle:,.3g}, middle half {low:,.3g} to {high:,.3g}, known "
        f"for {count(known.size, 'tumor')}"
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
