"""What a head for few labels reads of a tumor: its genes, its burden and its directions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.covariates import MUTATION_IDS
from engine.directions import Directions
from engine.readout import Readout
from engine.tokens import MUTATIONS, TumorTokens
from engine.vocabulary import KIND_NAMES

MUTATED, TRUNCATED, COPY_LEVELS = "mutated", "truncated", "copy levels"
BURDEN = "burden"
"""Names of the blocks that are read from the tokens; those of the directions come beside them."""

Floats = NDArray[np.float32]


def read_blocks(tokens: TumorTokens, readout: Readout, directions: Directions) -> dict[str, Floats]:
    """Read every block of features.

    Args:
        tokens: N tumors.
        readout: The same, as the encoder tells them.
        directions: Directions of the encoder.

    Returns:
        By name of the block, (N, K), float32, parts of one tumor only.

    Raises:
        WeightsError: If the directions belong to another encoder.
    """
    return raw_blocks(tokens) | directions.apply(readout)


def raw_blocks(tokens: TumorTokens) -> dict[str, Floats]:
    """Read what is known without any encoder.

    Args:
        tokens: N tumors.

    Returns:
        `MUTATED` and `TRUNCATED`, 0 or 1 by gene of the vocabulary, (N, G); `COPY_LEVELS`, -2..2,
        (N, G); `BURDEN`, log1p of the altering mutations, (N, 1).
    """
    return {
        MUTATED: _has_kind(tokens, MUTATION_IDS),
        TRUNCATED: _has_kind(tokens, (KIND_NAMES.index("truncating"),)),
        COPY_LEVELS: tokens.copy_level.astype(np.float32),
        BURDEN: log_burden(tokens)[:, None],
    }


def log_burden(tokens: TumorTokens) -> Floats:
    """Tell log1p of the altering mutations of each tumor, (N,); 0 where none were looked for."""
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    counted = np.isin(tokens.kind, MUTATION_IDS)
    inside = np.bincount(owner[counted], minlength=len(tokens))
    sequenced = tokens.panel[:, MUTATIONS] > 0
    total = np.where(sequenced, inside + tokens.outside_burden, 0)
    return np.log1p(total).astype(np.float32)


def join_blocks(blocks: Mapping[str, Floats], names: tuple[str, ...]) -> Floats:
    """Put blocks side by side in the order of their names, (N, K of all)."""
    return np.concatenate([blocks[name] for name in names], axis=1)


def _has_kind(tokens: TumorTokens, kinds: tuple[int, ...]) -> Floats:
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    chosen = np.isin(tokens.kind, kinds)
    table = np.zeros(tokens.copy_level.shape, dtype=np.float32)
    table[owner[chosen], tokens.gene[chosen]] = 1
    return table
