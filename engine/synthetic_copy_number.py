"""Draw the copy number of synthetic tumors."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from engine import synthetic_statistics as names
from engine.genes import GeneTable
from engine.synthetic_statistics import Group, Statistics

ARM_SHARED = 0.7
"""Share of the variance that all genes of a chromosome arm have in common."""
REACH = 10e6
"""Bases over which the rest of the correlation falls to 1/e."""
INSTABILITY = 0.6
"""Standard deviation of the logarithm of how far a tumor's genome strays."""


def profiled_genes(statistics: Statistics, genes: GeneTable) -> tuple[str, ...]:
    """Genes with copy number, in the order of the genome."""
    symbols = [row.hugo_symbol for row in statistics.rows(names.PROFILED)]
    frame = genes.frame.loc[symbols].sort_values(["arm", "start_37"])
    return tuple(frame.index)


def draw_ranks(
    symbols: tuple[str, ...], num_tumors: int, genes: GeneTable, rng: np.random.Generator
) -> np.ndarray:
    """Draw where each gene's copy number ranks, (N, G), uniform in 0..1 (1: most copies).

    Genes of one arm go together, neighbors most; some tumors stray further than others in all
    their genes. Every gene by itself is uniform over tumors.
    """
    frame = genes.frame.loc[list(symbols)]
    arms = frame["arm"].astype("category").cat.codes.to_numpy()
    gaps = np.diff(frame["start_37"].to_numpy(), prepend=0)
    kept = np.where(np.diff(arms, prepend=-1) == 0, np.exp(-np.abs(gaps) / REACH), 0.0)
    local = rng.standard_normal((len(symbols), num_tumors))
    for g in range(1, len(symbols)):
        local[g] = kept[g] * local[g - 1] + np.sqrt(1 - kept[g] ** 2) * local[g]
    shared = rng.standard_normal((arms.max() + 1, num_tumors))[arms]
    level = np.sqrt(ARM_SHARED) * shared + np.sqrt(1 - ARM_SHARED) * local
    level *= np.exp(INSTABILITY * rng.standard_normal(num_tumors))
    grid = np.linspace(-30, 30, 6001)
    spread = np.exp(INSTABILITY * np.linspace(-3, 3, 61))
    weights = np.exp(-(np.linspace(-3, 3, 61) ** 2) / 2)
    law = (ndtr(grid[:, None] / spread) * weights).sum(axis=1) / weights.sum()
    ranks: np.ndarray = np.interp(level, grid, law).T
    return ranks


def draw_levels(
    statistics: Statistics,
    group: Group,
    symbols: tuple[str, ...],
    ranks: np.ndarray,
    genes: GeneTable,
) -> np.ndarray:
    """Turn ranks into copy-number levels, (N, G), int8, -2 .. 2, by the group's frequencies."""
    by_gene = {
        statistic: {r.hugo_symbol: r.value for r in statistics.fitting(statistic, group)}
        for statistic in (names.AMPLIFIED, names.DEEPLY_DELETED)
    }
    by_arm = {
        statistic: {r.detail: r.value for r in statistics.fitting(statistic, group)}
        for statistic in (names.ARM_GAIN, names.ARM_LOSS)
    }
    arms = genes.frame.loc[list(symbols), "arm"]
    deep = np.array([by_gene[names.DEEPLY_DELETED].get(s, 0.0) for s in symbols])
    high = np.array([by_gene[names.AMPLIFIED].get(s, 0.0) for s in symbols])
    loss = np.maximum([by_arm[names.ARM_LOSS].get(a, 0.0) for a in arms], deep)
    gain = np.maximum([by_arm[names.ARM_GAIN].get(a, 0.0) for a in arms], high)
    loss, gain = np.minimum(loss, 1 - high), np.minimum(gain, 1 - deep)
    crowded = np.maximum(loss + gain, 1.0)
    loss, gain = np.maximum(loss / crowded, deep), np.maximum(gain / crowded, high)
    levels = np.zeros(ranks.shape, dtype=np.int8)
    levels[ranks > 1 - gain] = 1
    levels[ranks < loss] = -1
    levels[ranks > 1 - high] = 2
    levels[ranks < deep] = -2
    return levels
