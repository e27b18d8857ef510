"""What labels and numbers tell two or more groups of tumors apart, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, fisher_exact, kruskal, mannwhitneyu, norm, random_table

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Objects = NDArray[np.object_]

NUM_BATCHES, BATCH = 9, 1_111
"""Random tables of an exact test by simulation, 9,999: no p-value is below one in ten thousand.
They are drawn in batches, between which other threads of the process go on."""
NUM_DRAWS = 1_000
"""Fresh draws behind the interval of Cramer's V."""
SMALL_EXPECTED = 5.0
"""Expected count below which the chi-square distribution is not trusted in more than a fifth of
the cells (Cochran 1954, doi:10.2307/3001616)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelComparison:
    """One label in K groups.

    Attributes:
        name: What it is called.
        values: Its V values, the most frequent first.
        counts: Tumors by group and value, (K, V), int64.
        strength: Cramer's V, bias-corrected, 0..1: 0 is the same composition, 1 tells the groups
            apart.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        p_value: Of the hypothesis that the composition is the same.
        is_exact: Whether it is that of an exact test, because counts are small.
    """

    name: str
    values: tuple[str, ...]
    counts: Codes
    strength: float
    lower: float
    upper: float
    p_value: float
    is_exact: bool

    @property
    def known(self) -> tuple[int, ...]:
        """Tumors of each group of which the label is known."""
        return tuple(self.counts.sum(axis=1).tolist())


def compare_label(
    name: str, values: Objects, codes: Codes, num_groups: int, *, seed: int = 0
) -> LabelComparison | None:
    """Compare the composition of groups by a label; nothing is held fixed.

    Args:
        name: What the label is called.
        values: Label of each tumor, (N,); None where it is not known.
        codes: Group of each tumor, (N,); -1 in none.
        num_groups: K.
        seed: Of the draws.

    Returns:
        The comparison; None where fewer than two groups or two values are known.

    References:
        Bergsma 2013, A bias-correction for Cramer's V, doi:10.1016/j.jkss.2012.10.002. The
        interval is that of fresh draws within groups, whose sizes are given.
    """
    counts, found = _count(values, codes, num_groups)
    table = counts[counts.sum(axis=1) > 0]
    if min(table.shape) < 2 or len(found) < 2:
        return None
    p_value, is_exact = _test_table(table, seed)
    lower, upper = _draw_strength(table, seed)
    return LabelComparison(
        name=name,
        values=found,
        counts=counts,
        strength=float(cramers_v(table[None])[0]),
        lower=lower,
        upper=upper,
        p_value=p_value,
        is_exact=is_exact,
    )


def _count(values: Objects, codes: Codes, num_groups: int) -> tuple[Codes, tuple[str, ...]]:
    """Count tumors by group and value, (K, V), and name the values, the most frequent first."""
    rows = np.flatnonzero(codes >= 0)
    place, found = pd.factorize(values[rows])
    kept, width = place >= 0, max(len(found), 1)
    cells = codes[rows][kept] * width + place[kept]
    counts = np.bincount(cells, minlength=num_groups * width).reshape(num_groups, -1)
    order = np.argsort(-counts.sum(axis=0), kind="stable")[: len(found)]
    return counts[:, order], tuple(str(found[i]) for i in order)


def cramers_v(tables: Codes | Floats) -> Floats:
    """Measure how far rows differ in their composition, bias-corrected.

    Args:
        tables: Counts of B tables, (B, K, V). Empty rows and columns do not count.

    Returns:
        Cramer's V, (B,), 0..1; 0 where there are no two rows or columns.
    """
    total = np.maximum(tables.sum(axis=(1, 2)), 1).astype(np.float64)
    rows, columns = ((tables.sum(axis=axis) > 0).sum(axis=1) for axis in (2, 1))
    spare = (rows - 1) * (columns - 1) / np.maximum(total - 1, 1)
    excess = np.maximum(_chi_square(tables) / total - spare, 0.0)
    width = np.minimum(
        rows - 1 - (rows - 1) ** 2 / np.maximum(total - 1, 1),
        columns - 1 - (columns - 1) ** 2 / np.maximum(total - 1, 1),
    )
    share = np.divide(excess, width, out=np.zeros_like(excess), where=width > 0)
    found: Floats = np.sqrt(np.minimum(share, 1.0))
    return found


def _chi_square(tables: Codes | Floats) -> Floats:
    sums = tables.sum(axis=2, keepdims=True) * tables.sum(axis=1, keepdims=True).astype(np.float64)
    expected = sums / np.maximum(tables.sum(axis=(1, 2), keepdims=True), 1)
    parts = np.divide(
        (tables - expected) ** 2, expected, out=np.zeros_like(expected), where=expected > 0
    )
    found: Floats = parts.sum(axis=(1, 2))
    return found


def _test_table(table: Codes, seed: int) -> tuple[float, bool]:
    """Return the p-value of a table, and whether the test is exact."""
    found = chi2_contingency(table, correction=False)
    expected = found.expected_freq
    if expected.min() >= 1 and (expected < SMALL_EXPECTED).mean() <= 0.2:
        return float(found.pvalue), False
    if table.shape == (2, 2):
        return float(fisher_exact(table).pvalue), True
    generator = np.random.default_rng(seed)
    tables = random_table(table.sum(axis=1), table.sum(axis=0))
    as_far = 0
    for _ in range(NUM_BATCHES):
        drawn = _chi_square(tables.rvs(BATCH, random_state=generator))
        as_far += int((drawn >= found.statistic * (1 - 1e-9)).sum())
    return (1 + as_far) / (1 + NUM_BATCHES * BATCH), True


def _draw_strength(table: Codes, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    drawn = np.stack(
        [generator.multinomial(row.sum(), row / row.sum(), NUM_DRAWS) for row in table], axis=1
    )
    low, high = np.quantile(cramers_v(drawn), (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far a group lies above another: Cliff's delta, which is the rank-biserial correlation.

    Attributes:
        delta: Chance that a tumor of the group is above one of the other, less that of the
            opposite, -1..1; 0 is no difference.
        lower: Lower end of its 95% interval.
        upper: Upper end.
    """

    delta: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class NumberComparison:
    """One number in K groups.

    Attributes:
        name: What it is called.
        known: Tumors of each group of which it is known.
        quartiles: First quartile, median and third quartile of each group; NaN where not known.
        shifts: Each group against the reference; None for the reference, and where not known.
        p_value: Of the hypothesis that all groups are alike, by ranks: Mann and Whitney for two
            groups, Kruskal and Wallis for more; NaN where it cannot be tested.
        spread: Share of the variance of the ranks between the groups, epsilon squared, 0..1.
    """

    name: str
    known: tuple[int, ...]
    quartiles: tuple[tuple[float, float, float], ...]
    shifts: tuple[Shift | None, ...]
    p_value: float
    spread: float


def compare_number(
    name: str, values: Floats, codes: Codes, num_groups: int, reference: int = 0
) -> NumberComparison | None:
    """Compare a number between groups; nothing is held fixed.

    Args:
        name: What the number is called.
        values: Number of each tumor, (N,); NaN where it is not known.
        codes: Group of each tumor, (N,); -1 in none.
        num_groups: K.
        reference: Group that the others are set against.

    Returns:
        The comparison; None where fewer than two groups know it.

    References:
        Kruskal and Wallis 1952, doi:10.1080/01621459.1952.10483441; epsilon squared: Tomczak and
        Tomczak 2014, The need to report effect size estimates revisited.
    """
    parts = [values[(codes == group) & ~np.isnan(values)] for group in range(num_groups)]
    present = [part for part in parts if len(part)]
    if len(present) < 2:
        return None
    p_value, spread = _rank_test(present)
    return NumberComparison(
        name=name,
        known=tuple(map(len, parts)),
        quartiles=tuple(_quartiles(part) for part in parts),
        shifts=tuple(
            find_shift(part, parts[reference])
            if group != reference and len(part) and len(parts[reference])
            else None
            for group, part in enumerate(parts)
        ),
        p_value=p_value,
        spread=spread,
    )


def _quartiles(values: Floats) -> tuple[float, float, float]:
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return low, middle, high


def _rank_test(parts: Sequence[Floats]) -> tuple[float, float]:
    together = np.concatenate(parts)
    if np.ptp(together) == 0:
        return float("nan"), 0.0
    statistic, p_value = kruskal(*parts)
    spread = float(statistic) / max(len(together) - 1, 1)
    if len(parts) == 2:
        p_value = mannwhitneyu(parts[0], parts[1]).pvalue
    return float(p_value), min(spread, 1.0)


def find_shift(values: Floats, others: Floats) -> Shift:
    """Measure how far values lie above others.

    Args:
        values: Values of a group, (n,), at least one.
        others: Values of the group that it is set against, (m,), at least one.

    References:
        Cliff 1993, Dominance statistics, doi:10.1037/0033-2909.114.3.494; interval: Feng and Cliff
        2004, Monte Carlo evaluation of ordinal d with improved confidence interval,
        doi:10.22237/jmasm/1099267560.
    """
    above, below = _dominance(values, others), _dominance(others, values)
    delta = float(above.mean())
    variance = sum(
        float(part.var(ddof=1)) / len(part) if len(part) > 1 else 0.25 for part in (above, below)
    )
    z = float(norm.ppf(0.975))
    if abs(delta) == 1:
        fewest = min(len(values), len(others))
        near = (fewest - z**2) / (fewest + z**2)
        ends = sorted((delta, delta * near))
        return Shift(delta=delta, lower=ends[0], upper=ends[1])
    bent = 1 - delta**2
    reach = z * np.sqrt(variance * (bent**2 + z**2 * variance))
    middle, width = delta - delta**3, bent + z**2 * variance
    return Shift(
        delta=delta,
        lower=max(float((middle - reach) / width), -1.0),
        upper=min(float((middle + reach) / width), 1.0),
    )


def _dominance(values: Floats, others: Floats) -> Floats:
    """Return, for each value, the share of others below it less the share above, -1..1."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    not_above = np.searchsorted(ordered, values, side="right")
    found: Floats = (below + not_above - len(ordered)) / len(ordered)
    return found
