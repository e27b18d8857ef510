"""Strata: tumors that are compared with each other, because type, panel and burden agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NUM_BINS = 5


def combine(*columns: Sequence[object] | NDArray[np.generic]) -> Codes:
    """Number the combinations of labels.

    Args:
        columns: Labels of N tumors each, for example cancer type and panel; None is a label.

    Returns:
        Stratum of each tumor, (N,), 0 to K - 1 in the order of first appearance.
    """
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = pd.factorize(np.asarray(column, dtype=object), use_na_sentinel=False)[0]
        joined = codes * (int(values.max(initial=0)) + 1) + values
        codes = pd.factorize(joined)[0].astype(np.int64)
    return codes


def cut_within(values: Floats, strata: Codes, num_bins: int = NUM_BINS) -> Codes:
    """Cut a number into bins of about equal size within each stratum.

    Args:
        values: A number of each tumor, (N,); NaN falls in a bin of its own.
        strata: Stratum of each tumor, (N,).
        num_bins: Bins in a stratum; fewer where values are tied.

    Returns:
        Finer strata, (N,); strata that were apart stay apart.
    """
    edges, number = bin_edges(values, strata, num_bins)
    return combine(strata, bins_of(values, number, edges))


def bin_edges(values: Floats, strata: Codes, num_bins: int = NUM_BINS) -> tuple[Floats, Codes]:
    """Find the inner edges of the bins of each stratum.

    Returns:
        Edges (K, num_bins - 1), infinite where nothing is known, and the row of each tumor, (N,).
    """
    rows = combine(strata)
    edges = np.full((int(rows.max(initial=-1)) + 1, num_bins - 1), np.inf)
    shares = np.linspace(0, 1, num_bins + 1)[1:-1]
    order = np.argsort(rows, kind="stable")
    for row, members in enumerate(np.split(order, np.flatnonzero(np.diff(rows[order])) + 1)):
        known = values[members][~np.isnan(values[members])]
        if len(known):
            edges[row] = np.quantile(known, shares)
    return edges, rows


def bins_of(values: Floats, rows: Codes, edges: Floats) -> Codes:
    """Tell the bin of each value by the edges of its row; -1 where it is not known."""
    places = (values[:, None] > edges[rows]).sum(axis=1)
    return np.where(np.isnan(values), -1, places).astype(np.int64)


def same_strata(chosen: Mask, strata: Codes) -> Mask:
    """Find the other tumors of the strata that the chosen are in, for example of their types.

    Args:
        chosen: Tumors, (N,), bool.
        strata: Stratum of each tumor, (N,).

    Returns:
        Tumors to compare with, (N,), bool.
    """
    matching: Mask = np.isin(strata, np.unique(strata[chosen])) & ~chosen
    return matching
