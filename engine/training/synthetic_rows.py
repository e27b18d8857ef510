"""Count tumors by group, pool what is too rare, and collect the rows of the statistics table.

Used by `engine.training.derive_synthetic` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from engine.synthetic_statistics import MIN_COUNT, SCHEMA

KEYS = ["cancer_type", "subtype"]
MOST_KNOTS = 19
NO_COUNT = -1


@dataclass(frozen=True)
class Cell:
    """A feature counted in one group of tumors, or in a pool of groups (see `SCHEMA`)."""

    name: str
    cancer_type: str | None
    subtype: str | None
    num_tumors: int
    num_positive: int = NO_COUNT  # where the value is no frequency
    tumors: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def share(self) -> float:
        """Share of the tumors that have the feature."""
        return self.num_positive / self.num_tumors


class Rows:
    """The statistics table as it grows; a count below MIN_COUNT stops the work."""

    def __init__(self) -> None:
        """Start with no row."""
        self._rows: list[dict[str, str | float | None]] = []

    def add(
        self,
        statistic: str,
        cell: Cell,
        value: float,
        *,
        hugo_symbol: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Add one value with the counts behind it."""
        if cell.num_tumors < MIN_COUNT or NO_COUNT < cell.num_positive < MIN_COUNT:
            raise ValueError(f"{statistic} of {cell} rests on fewer than {MIN_COUNT} tumors.")
        self._rows.append(
            {
                "statistic": statistic,
                "cancer_type": cell.cancer_type,
                "subtype": cell.subtype,
                "hugo_symbol": hugo_symbol,
                "detail": detail,
                "value": float(f"{value:.4g}"),
                "num_tumors": cell.num_tumors,
                "num_positive": None if cell.num_positive == NO_COUNT else cell.num_positive,
            }
        )

    def table(self) -> pa.Table:
        """Return all rows as `SCHEMA`, sorted."""
        table = pa.Table.from_pylist(self._rows, schema=SCHEMA)
        keys = ["statistic", "cancer_type", "subtype", "hugo_symbol", "detail"]
        return table.sort_by([(key, "ascending") for key in keys])


def group_positions(samples: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Row positions of the tumors of each (cancer type, subtype)."""
    keys = pd.MultiIndex.from_frame(samples[KEYS].astype(str))
    codes, groups = keys.factorize(sort=True)
    return {(group[0], group[1]): np.flatnonzero(codes == i) for i, group in enumerate(groups)}


def count_cells(
    samples: pd.DataFrame, flags: np.ndarray, features: Sequence[str]
) -> tuple[list[Cell], list[Cell]]:
    """Count features by group; pool groups with too few within the type, then over all types.

    Args:
        samples: Tumors with `KEYS`, (N,).
        flags: Whether a tumor has a feature, (N, F), bool.
        features: Names, (F,).

    Returns:
        Cells with at least MIN_COUNT tumors that have the feature, by group or pooled within a
        type; and for each feature the cell of what remains over all types, however few.
    """
    cells, remaining = [], []
    groups = group_positions(samples)
    counts = np.array([flags[rows].sum(axis=0) for rows in groups.values()])
    for f, name in enumerate(features):
        left: dict[str, list[np.ndarray]] = {}
        for ((cancer_type, subtype), rows), count in zip(groups.items(), counts[:, f], strict=True):
            if count >= MIN_COUNT:
                cells.append(Cell(name, cancer_type, subtype, len(rows), int(count), rows))
            else:
                left.setdefault(cancer_type, []).append(rows)
        rest: list[np.ndarray] = []
        for cancer_type, pool in left.items():
            cell = pool_cell(name, cancer_type, pool, flags[:, f])
            if cell.num_positive >= MIN_COUNT:
                cells.append(cell)
            else:
                rest.append(cell.tumors)
        remaining.append(pool_cell(name, None, rest, flags[:, f]))
    return cells, remaining


def pool_cell(
    name: str, cancer_type: str | None, pool: list[np.ndarray], flags: np.ndarray
) -> Cell:
    """Count one feature in several groups taken together."""
    tumors = np.concatenate([np.empty(0, dtype=np.int64), *pool])
    return Cell(name, cancer_type, None, len(tumors), int(flags[tumors].sum()), tumors)


def as_types(cells: list[Cell]) -> list[Cell]:
    """Say of cells counted by type, with an empty subtype, that they hold for the whole type."""
    return [
        Cell(c.name, c.cancer_type, None, c.num_tumors, c.num_positive, c.tumors) for c in cells
    ]


def add_shares(
    rows: Rows,
    statistic: str,
    calls: pd.DataFrame,
    column: str,
    *,
    group: tuple[str | None, str | None] = (None, None),
    hugo_symbol: str | None = None,
) -> None:
    """Add the share of each value of a column among calls.

    Values seen in fewer than MIN_COUNT tumors are left out; the shares add up to one over the rest.

    Args:
        rows: Receives the shares.
        statistic: What the shares are of.
        calls: Calls with `sample_id` and the column.
        column: Holds the values, which become the detail.
        group: Cancer type and subtype; None for all of them.
        hugo_symbol: The gene, where the calls are of one.
    """
    tumors = calls.groupby(column)["sample_id"].nunique()
    tumors = tumors[tumors >= MIN_COUNT]
    shares = calls[column][calls[column].isin(tumors.index)].value_counts(normalize=True)
    for value, num_positive in zip(tumors.index.astype(str), tumors, strict=True):
        cell = Cell("", *group, calls["sample_id"].nunique(), int(num_positive))
        rows.add(statistic, cell, float(shares[value]), hugo_symbol=hugo_symbol, detail=value)


def add_quantiles(rows: Rows, statistic: str, values: pd.Series, *, scope: Cell) -> None:
    """Add evenly spaced quantiles with at least MIN_COUNT tumors between two of them.

    Groups too small for two quantiles get none. The extremes, single tumors, are never written.
    """
    knots = min(MOST_KNOTS, scope.num_tumors // MIN_COUNT - 1)
    if knots < 2:
        return
    for k in range(1, knots + 1):
        probability = k / (knots + 1)
        cell = Cell("", scope.cancer_type, scope.subtype, scope.num_tumors)
        rows.add(statistic, cell, float(values.quantile(probability)), detail=f"{probability:.4f}")
