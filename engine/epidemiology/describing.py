"""What a region is like beside its genes: numbers such as burden, and clinical labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, norm, rankdata
from scipy.stats.contingency import association

from engine.epidemiology.associations import (
    Estimate,
    Tables,
    associate,
    estimate_of,
    find_q_values,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST_OF_CATEGORY = 5
"""Tumors of a category, on both sides together, below which it is told and not tested."""


@dataclass(frozen=True, kw_only=True)
class NumberContrast:
    """One number on both sides.

    Attributes:
        name: What it is called.
        known_in: Selected tumors of which it is known.
        known_out: Others of which it is known.
        median_in: Median of the selection.
        median_out: Median of the others.
        difference: Standardized mean difference: means of the selection less the others, within
            strata, in standard deviations of all; NaN where nothing can be compared.
        p_value: Two-sided rank test within strata.
        q_value: False discovery rate among the numbers.
    """

    name: str
    known_in: int
    known_out: int
    median_in: float
    median_out: float
    difference: float
    p_value: float
    q_value: float


def contrast_numbers(
    numbers: Mapping[str, Floats], selected: Mask, against: Mask, strata: Codes
) -> tuple[NumberContrast, ...]:
    """Compare numbers within strata.

    Args:
        numbers: By name, a number of each tumor, (N,), NaN where not known.
        selected: Tumors of the region, (N,).
        against: Tumors to compare with, (N,).
        strata: Stratum of each tumor, (N,); zeros for none.

    Returns:
        The numbers, the one with most evidence first. With one stratum the test is that of Mann
        and Whitney, without continuity correction.

    References:
        van Elteren 1960, On the combination of independent two-sample tests of Wilcoxon.
    """
    found = [
        _contrast_number(name, values, selected, against, strata)
        for name, values in numbers.items()
    ]
    p_values = np.array([number["p_value"] for number in found])
    q_values = find_q_values(p_values, ~np.isnan(p_values))
    order = np.argsort(np.nan_to_num(p_values, nan=2.0), kind="stable")
    return tuple(NumberContrast(**found[i], q_value=float(q_values[i])) for i in order)


def _contrast_number(
    name: str, values: Floats, selected: Mask, against: Mask, strata: Codes
) -> dict[str, object]:
    known = ~np.isnan(values)
    inside, outside = values[selected & known], values[against & known]
    rows = np.flatnonzero((selected | against) & known)
    difference, p_value = _compare(values[rows], selected[rows], strata[rows])
    return {
        "name": name,
        "known_in": len(inside),
        "known_out": len(outside),
        "median_in": float(np.median(inside)) if len(inside) else float("nan"),
        "median_out": float(np.median(outside)) if len(outside) else float("nan"),
        "difference": difference,
        "p_value": p_value,
    }


def _compare(values: Floats, inside: Mask, strata: Codes) -> tuple[float, float]:
    """Return the standardized difference within strata, and the p-value of the rank test."""
    shifts, weights, scores, variances = [], [], [], []
    for rows in _members(strata):
        part, is_in = values[rows], inside[rows]
        num_in, num_out = int(is_in.sum()), int((~is_in).sum())
        if not num_in or not num_out:
            continue
        ranks, total = rankdata(part), num_in + num_out
        weight = 1 / (total + 1)
        scores.append(weight * (ranks[is_in].sum() - num_in * (total + 1) / 2))
        variances.append(weight**2 * num_in * num_out / total * ranks.var(ddof=1))
        shifts.append(part[is_in].mean() - part[~is_in].mean())
        weights.append(num_in * num_out / total)
    spent, scale = sum(variances), float(values.std()) if len(values) else 0.0
    if not spent or not scale:
        return float("nan"), float("nan")
    difference = float(np.average(shifts, weights=weights)) / scale
    return difference, float(2 * norm.sf(abs(sum(scores)) / np.sqrt(spent)))


def _members(strata: Codes) -> list[Codes]:
    order = np.argsort(strata, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(strata[order])) + 1)


@dataclass(frozen=True, kw_only=True)
class CategoryContrast:
    """One value of a label on both sides.

    Attributes:
        value: The value.
        num_in: Selected tumors that have it.
        num_out: Others that have it.
        share_in: Share of the selected tumors whose label is known.
        share_out: Share of the others whose label is known.
        estimate: Odds ratio, nothing held fixed.
    """

    value: str
    num_in: int
    num_out: int
    share_in: float
    share_out: float
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class LabelContrast:
    """One label on both sides.

    Attributes:
        name: What it is called.
        known_in: Selected tumors of which it is known.
        known_out: Others of which it is known.
        strength: Cramer's V between the label and being selected, 0..1.
        p_value: Of the chi-square test.
        categories: Its values, the most frequent of the selection first.
    """

    name: str
    known_in: int
    known_out: int
    strength: float
    p_value: float
    categories: tuple[CategoryContrast, ...]


def contrast_labels(
    labels: Mapping[str, Sequence[str | None] | NDArray[np.object_]],
    selected: Mask,
    against: Mask,
) -> tuple[LabelContrast, ...]:
    """Compare clinical labels; nothing is held fixed, as a label often is the tumor type itself.

    Args:
        labels: By name, a label of each tumor, N; None where not known.
        selected: Tumors of the region, (N,).
        against: Tumors to compare with, (N,).

    Returns:
        Labels that have two values or more and are known on both sides, the strongest first.
    """
    found = [
        contrasted
        for name, values in labels.items()
        if (contrasted := _contrast_label(name, values, selected, against)) is not None
    ]
    return tuple(sorted(found, key=lambda label: -label.strength))


def _contrast_label(
    name: str,
    values: Sequence[str | None] | NDArray[np.object_],
    selected: Mask,
    against: Mask,
) -> LabelContrast | None:
    codes, uniques = pd.factorize(np.asarray(values, dtype=object))
    counts = np.stack(
        [
            np.bincount(codes[side & (codes >= 0)], minlength=len(uniques))
            for side in (selected, against)
        ]
    ).astype(np.float64)
    present = counts.sum(axis=0) > 0
    counts, texts = counts[:, present], [str(value) for value in np.asarray(uniques)[present]]
    known = counts.sum(axis=1)
    if not known.all() or len(texts) < 2:
        return None
    return LabelContrast(
        name=name,
        known_in=int(known[0]),
        known_out=int(known[1]),
        strength=float(association(counts.astype(np.int64), method="cramer")),
        p_value=float(chi2_contingency(counts, correction=False).pvalue),
        categories=_categories(texts, counts, known),
    )


def _categories(
    texts: Sequence[str], counts: Floats, known: Floats
) -> tuple[CategoryContrast, ...]:
    sides = [(counts[[i]], np.full((1, len(texts)), known[i])) for i in (0, 1)]
    found = associate(Tables.of_sides(sides[0], sides[1]))
    q_values = find_q_values(found.p_value, counts.sum(axis=0) >= FEWEST_OF_CATEGORY)
    return tuple(
        CategoryContrast(
            value=texts[i],
            num_in=int(counts[0, i]),
            num_out=int(counts[1, i]),
            share_in=float(counts[0, i] / known[0]),
            share_out=float(counts[1, i] / known[1]),
            estimate=estimate_of(found, q_values, i),
        )
        for i in np.argsort(-counts[0], kind="stable").tolist()
    )
