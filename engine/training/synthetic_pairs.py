"""Which genes are mutated together more or less often than chance, within a cancer type.

Used by `engine.training.derive_synthetic` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from engine import synthetic_statistics as names
from engine.synthetic_statistics import MIN_COUNT
from engine.training.synthetic_rows import KEYS, NO_COUNT, Cell, Rows

MOST_GENES = 40
"""Genes of a type that are paired: those mutated most often."""
MOST_PAIRS = 60
"""Pairs kept of a type: those furthest from chance."""
MIN_CHI = 3.3
"""Smallest distance from chance, in standard deviations, p = 0.001."""
TMB_BINS = 5


@dataclass(frozen=True)
class Pair:
    """Two genes of one type; `log_odds` above 0 is more often together than by chance."""

    first: str
    second: str
    log_odds: float
    chi: float
    num_both: int


def strata_of(samples: pd.DataFrame) -> np.ndarray:
    """Number the tumors' strata, (N,): subtype and fifth of the TMB in it.

    Burden alone makes all genes go together; within a fifth of it that is taken out.
    """
    fifths = samples.groupby(KEYS)["tmb"].rank(pct=True).fillna(0.5).mul(TMB_BINS).apply(np.ceil)
    return samples.assign(fifth=fifths).groupby([*KEYS, "fifth"]).ngroup().to_numpy()


def pair_genes(
    first: np.ndarray, second: np.ndarray, strata: np.ndarray
) -> tuple[float, float, int]:
    """Mantel-Haenszel log odds and distance from chance of two genes over strata.

    Fewer than MIN_COUNT tumors with both count as MIN_COUNT - 1 of them, so that the log odds of
    exclusive genes is a bound and no small count can be read from it.

    Returns:
        Log odds ratio, distance from chance in standard deviations, tumors with both.
    """
    size = np.bincount(strata)
    a = np.bincount(strata, first & second, len(size))
    b = np.bincount(strata, first & ~second, len(size))
    c = np.bincount(strata, ~first & second, len(size))
    d = size - a - b - c
    expected = (a + b) * (a + c) / size
    variance = expected * (c + d) * (b + d) / size / np.maximum(size - 1, 1)
    both = int(a.sum())
    if both < MIN_COUNT:
        floor = MIN_COUNT - 1
        chi = min(0.0, (floor - expected.sum()) / np.sqrt(variance.sum()))
        return float(np.log(floor / expected.sum())) if chi else 0.0, chi, both
    chi = (both - expected.sum()) / np.sqrt(variance.sum())
    odds = (a * d / size).sum() / max((b * c / size).sum(), 0.5)
    return float(np.log(odds)), float(chi), both


def strongest_pairs(samples: pd.DataFrame, mutated: pd.DataFrame) -> list[Pair]:
    """Pairs of one type that are furthest from chance."""
    often = mutated.sum().sort_values(ascending=False, kind="stable")
    often = often[often >= max(3 * MIN_COUNT, 0.03 * len(mutated))].head(MOST_GENES)
    strata = strata_of(samples)
    flags = {gene: mutated[gene].to_numpy() for gene in often.index}
    pairs = [
        Pair(x, y, *pair_genes(flags[x], flags[y], strata))
        for x, y in combinations(sorted(flags), 2)
    ]
    pairs = [pair for pair in pairs if abs(pair.chi) >= MIN_CHI]
    return sorted(pairs, key=lambda pair: -abs(pair.chi))[:MOST_PAIRS]


def latent_correlation(log_odds: float, first: float, second: float) -> float:
    """Correlation of two normal variables that gives two shares and their log odds ratio."""
    cuts = stats.norm.ppf([first, second])

    def excess(correlation: float) -> float:
        both = stats.multivariate_normal.cdf(cuts, cov=[[1, correlation], [correlation, 1]])
        only, other = max(first - both, 1e-9), max(second - both, 1e-9)
        neither = max(1 - first - second + both, 1e-9)
        return float(np.log(max(both, 1e-9) * neither / (only * other)) - log_odds)

    return float(optimize.brentq(excess, -0.99, 0.99, xtol=1e-3))


def add_pairs(rows: Rows, samples: pd.DataFrame, mutated: pd.DataFrame) -> None:
    """Add log odds and latent correlation of the strongest pairs of one cancer type.

    Args:
        rows: Receives the pairs.
        samples: Tumors of one type with `KEYS` and tmb, (N,).
        mutated: Tumors x genes that were looked at in all of them, bool, (N, G).
    """
    cancer_type = str(samples["cancer_type"].iloc[0])
    for pair in strongest_pairs(samples, mutated):
        published = pair.num_both if pair.num_both >= MIN_COUNT else NO_COUNT
        cell = Cell(pair.second, cancer_type, None, len(samples), published)
        shares = mutated[pair.first].mean(), mutated[pair.second].mean()
        latent = latent_correlation(pair.log_odds, *shares)
        rows.add(
            names.PAIR_LOG_ODDS, cell, pair.log_odds, hugo_symbol=pair.first, detail=pair.second
        )
        rows.add(names.PAIR_CORRELATION, cell, latent, hugo_symbol=pair.first, detail=pair.second)
