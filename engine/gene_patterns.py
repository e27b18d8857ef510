"""How plausible the altered genes of a tumor are: frequencies in kinds of tumors, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from engine.covariates import MUTATION_IDS
from engine.tokens import MUTATIONS, TumorTokens
from engine.vocabulary import KIND_NAMES

OTHER, HOTSPOT, TRUNCATING = range(3)
STATES = ("other mutation", "hotspot", "truncating mutation")
"""What a mutated gene shows; a hotspot counts before a truncating mutation, that before others."""

SMALLEST_FREQUENCY = 1e-6
MOST_BURDEN_CLASS = 3


@dataclass(frozen=True, kw_only=True)
class GenePatterns:
    """A mixture of kinds of tumors, each a list of frequencies of mutated genes.

    Args:
        frequencies: How often each gene shows each state, (K, 3, G), float32.
        shares: Share of the reference tumors of each kind, (K,), float32, sum 1.
        state_shares: How often a mutation in a gene drawn at random shows each state, (3,).
    """

    frequencies: NDArray[np.float32]
    shares: NDArray[np.float32]
    state_shares: NDArray[np.float32]

    def log_ratio(self, tokens: TumorTokens) -> NDArray[np.float64]:
        """Compare the mutated genes with genes of the same panel drawn at random.

        Given how many genes are mutated, each kind of tumor draws them in proportion to its
        frequencies, and chance draws them evenly.

        Args:
            tokens: N tumors.

        Returns:
            Logarithm of the probability under the mixture over that under chance, (N,); below 0
            chance explains the genes better; 0 for a tumor without a mutated gene.
        """
        states = mutated_states(tokens)
        num_genes = self.frequencies.shape[2]
        logs_drawn = np.log(np.maximum(self.frequencies, SMALLEST_FREQUENCY))
        drawn = states @ logs_drawn.reshape(len(self.shares), -1).T.astype(np.float64)
        mass = tokens.panel_masks @ self.frequencies.sum(axis=1).T
        logs = np.log(np.maximum(mass, SMALLEST_FREQUENCY))[tokens.panel[:, MUTATIONS]]
        counts = _by_state(states, num_genes)
        total = counts.sum(axis=1)
        mixture = logsumexp(drawn - total[:, None] * logs + np.log(self.shares), axis=1)
        evenly = np.log(np.maximum(tokens.num_genes, 1))
        chance = counts @ np.log(self.state_shares) - total * evenly
        ratios: NDArray[np.float64] = mixture - chance
        return np.where(total > 0, ratios, 0.0)


def mutated_states(tokens: TumorTokens) -> sparse.csr_matrix:
    """Lay out which gene shows which state in each tumor, (N, 3 G), one state per mutated gene."""
    num_genes = tokens.panel_masks.shape[1]
    chosen = np.isin(tokens.kind, MUTATION_IDS)
    tumor = np.repeat(np.arange(len(tokens)), tokens.lengths)[chosen]
    truncating = tokens.kind[chosen] == KIND_NAMES.index("truncating")
    state = np.where(tokens.hotspot[chosen] > 0, HOTSPOT, np.where(truncating, TRUNCATING, OTHER))
    rank = np.array([1, 3, 2])[state]
    cell = tumor * num_genes + tokens.gene[chosen]
    order = np.lexsort((-rank, cell))
    first = order[np.unique(cell[order], return_index=True)[1]]
    columns = state[first] * num_genes + tokens.gene[chosen][first]
    shape = (len(tokens), len(STATES) * num_genes)
    ones = np.ones(len(first))
    return sparse.csr_matrix((ones, (tumor[first], columns)), shape=shape)


def num_mutated(tokens: TumorTokens) -> NDArray[np.int64]:
    """Count the mutated genes of each tumor, (N,)."""
    counts: NDArray[np.int64] = np.diff(mutated_states(tokens).indptr).astype(np.int64)
    return counts


def _by_state(states: sparse.csr_matrix, num_genes: int) -> NDArray[np.float64]:
    """Count the mutated genes of each tumor by state, (N, 3)."""
    parts = [states[:, i * num_genes : (i + 1) * num_genes].sum(axis=1) for i in range(len(STATES))]
    counts: NDArray[np.float64] = np.hstack([np.asarray(part) for part in parts])
    return counts


def burden_class(tokens: TumorTokens) -> NDArray[np.int64]:
    """Class each tumor by its mutated genes, (N,): below 4, below 16, below 64, more."""
    powers = np.floor(np.log(np.maximum(num_mutated(tokens), 1)) / np.log(4))
    classes: NDArray[np.int64] = np.minimum(powers, MOST_BURDEN_CLASS).astype(np.int64)
    return classes
