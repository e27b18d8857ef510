"""Frequencies of mutated genes in kinds of tumors: cancer type by burden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.gene_patterns import (
    SMALLEST_FREQUENCY,
    STATES,
    GenePatterns,
    burden_class,
    mutated_states,
)
from engine.tokens import MUTATIONS, TumorTokens

FEWEST_TUMORS = 20
"""Tumors that a kind must have; rarer ones join the tumors of their burden."""

PRIOR_TUMORS = 20.0
"""Tumors worth of the average tumor of the same burden mixed into each kind."""


def fit_patterns(tokens: TumorTokens, cancer_types: Sequence[str]) -> GenePatterns:
    """Count how often each gene is mutated in each kind of tumor.

    Args:
        tokens: N training tumors.
        cancer_types: Type of each.

    Returns:
        The mixture.
    """
    states = mutated_states(tokens)
    kinds = _kinds(cancer_types, burden_class(tokens))
    names = sorted(set(kinds.tolist()))
    everyone = np.ones(len(tokens), dtype=bool)
    average = (_counts(states, everyone) + 0.3) / (_looked_at(tokens, everyone) + 30.0)
    frequencies = []
    for name in names:
        chosen = kinds == name
        counts, looked_at = _counts(states, chosen), _looked_at(tokens, chosen)
        level = counts.sum() / max((looked_at * average).sum(), 1.0)
        mixed = (counts + PRIOR_TUMORS * level * average) / (looked_at + PRIOR_TUMORS)
        frequencies.append(np.maximum(mixed, SMALLEST_FREQUENCY))
    shares = np.array([(kinds == name).mean() for name in names])
    return GenePatterns(
        frequencies=np.array(frequencies).astype(np.float32),
        shares=shares.astype(np.float32),
        state_shares=_state_shares(states, tokens.panel_masks.shape[1]),
    )


def _kinds(cancer_types: Sequence[str], burdens: NDArray[np.int64]) -> NDArray[np.str_]:
    """Name the kind of each tumor; rare ones by burden alone."""
    named = [f"{name} | {burden}" for name, burden in zip(cancer_types, burdens, strict=True)]
    counts = Counter(named)
    rare = [f"any | {burden}" for burden in burdens]
    chosen = [n if counts[n] >= FEWEST_TUMORS else r for n, r in zip(named, rare, strict=True)]
    return np.array(chosen)


def _counts(states: sparse.csr_matrix, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    counted: NDArray[np.float64] = np.asarray(states[chosen].sum(axis=0)).reshape(len(STATES), -1)
    return counted


def _looked_at(tokens: TumorTokens, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Count the tumors in which each gene was sequenced, (G,)."""
    panels = np.bincount(tokens.panel[chosen, MUTATIONS], minlength=len(tokens.panel_masks))
    counted = panels.astype(np.float64) @ tokens.panel_masks.astype(np.float64)
    return np.asarray(counted, dtype=np.float64)


def _state_shares(states: sparse.csr_matrix, num_genes: int) -> NDArray[np.float32]:
    """Share each state among mutations that landed on a gene by chance.

    A hotspot is hit by chance as often as its residues are among all: next to never.
    """
    counts = np.asarray(states.sum(axis=0)).reshape(len(STATES), num_genes).sum(axis=1) + 1.0
    counts[0] += counts[1]
    counts[1] = counts.sum() * CHANCE_OF_A_HOTSPOT
    shares: NDArray[np.float32] = (counts / counts.sum()).astype(np.float32)
    return shares


CHANCE_OF_A_HOTSPOT = 5e-4
"""Share of mutations in genes drawn at random that hit a hotspot of the gene; measured 2.5e-4."""
