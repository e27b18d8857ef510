"""Draw the burden of synthetic tumors and which of their genes are mutated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from engine import synthetic_statistics as names
from engine.synthetic_statistics import Group, Statistics

LEAST_TMB = 0.01  # mutations per megabase; keeps the logarithm finite


@dataclass(frozen=True)
class Burdens:
    """Tumors of one group: where each stands in the group's TMB, and the TMB."""

    scores: np.ndarray  # normal scores, (N,)
    tmb: np.ndarray  # mutations per megabase, (N,)


def draw_burdens(
    statistics: Statistics, group: Group, num_tumors: int, rng: np.random.Generator
) -> Burdens:
    """Draw the TMB of each tumor by the group's quantiles, (N,)."""
    scores = rng.standard_normal(num_tumors)
    probabilities, values = statistics.quantiles(names.TMB_QUANTILE, group)
    tmb = np.exp(np.interp(ndtr(scores), probabilities, np.log(np.maximum(values, LEAST_TMB))))
    return Burdens(scores, tmb)


def background_rates(statistics: Statistics, symbols: tuple[str, ...]) -> np.ndarray:
    """Expected mutations per unit of TMB of each gene, (G,); 0 where a gene has no background."""
    rates = {r.hugo_symbol: r.value for r in statistics.rows(names.MUTATED_PER_TMB)}
    return np.array([rates.get(symbol, 0.0) for symbol in symbols])


def gene_probabilities(
    statistics: Statistics, group: Group, symbols: tuple[str, ...], burdens: Burdens
) -> np.ndarray:
    """Probability that each gene of each tumor is mutated, given its burden, (N, G).

    A gene with a frequency in the group has exactly that frequency over all burdens; the others
    are mutated by their background rate.
    """
    rates = background_rates(statistics, symbols)
    chances: np.ndarray = -np.expm1(-rates[None, :] * burdens.tmb[:, None])
    index = {symbol: i for i, symbol in enumerate(symbols)}
    shares: dict[str | None, float] = {}
    slopes: dict[str | None, float] = {}
    for statistic, values in ((names.MUTATED, shares), (names.TMB_CORRELATION, slopes)):
        values |= {row.hugo_symbol: row.value for row in statistics.fitting(statistic, group)}
    for symbol, share in shares.items():
        if symbol in index:
            slope = slopes[symbol]
            signal = slope * burdens.scores - ndtri(1 - min(share, 1 - 1e-6))
            chances[:, index[symbol]] = ndtr(signal / np.sqrt(1 - slope**2))
    return chances


def draw_genes(
    statistics: Statistics,
    group: Group,
    symbols: tuple[str, ...],
    burdens: Burdens,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw which genes of each tumor are mutated, (N, G), bool, pairs as in the statistics.

    A Gaussian copula: a gene is mutated where its normal variable exceeds the cut of its
    probability, and the variables of a pair are correlated. Frequencies are exact; correlations
    are those of the nearest possible correlation matrix.
    """
    chances = gene_probabilities(statistics, group, symbols, burdens)
    noise = rng.standard_normal(chances.shape)
    index = {symbol: i for i, symbol in enumerate(symbols)}
    pairs = [
        (index[row.hugo_symbol], index[row.detail], row.value)
        for row in statistics.fitting(names.PAIR_CORRELATION, group)
        if row.hugo_symbol in index and row.detail in index
    ]
    if pairs:
        members = sorted({i for first, second, _ in pairs for i in (first, second)})
        noise[:, members] = noise[:, members] @ _root(pairs, members).T
    drawn: np.ndarray = ndtr(noise) > 1 - chances
    return drawn


def _root(pairs: list[tuple[int, int, float]], members: list[int]) -> np.ndarray:
    """Matrix that turns independent normal variables into ones correlated as the pairs are."""
    place = {gene: i for i, gene in enumerate(members)}
    wanted = np.eye(len(members))
    for first, second, value in pairs:
        wanted[place[first], place[second]] = wanted[place[second], place[first]] = value
    values, vectors = np.linalg.eigh(wanted)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    scaled: np.ndarray = root / np.linalg.norm(root, axis=1, keepdims=True)
    return scaled


def draw_passengers(
    rates: np.ndarray, tmb: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw mutated genes by background alone: (tumor, gene) positions, each pair once.

    Args:
        rates: Mutations per unit of TMB, (G,).
        tmb: TMB of each tumor, (N,).
        rng: Source of randomness.
    """
    counts = rng.poisson(rates.sum() * tmb)
    tumors = np.repeat(np.arange(len(tmb)), counts)
    genes = np.searchsorted(np.cumsum(rates) / rates.sum(), rng.random(len(tumors)))
    pairs = np.unique(np.stack([tumors, genes.clip(max=len(rates) - 1)]), axis=1)
    return pairs[0], pairs[1]
