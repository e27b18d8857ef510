"""Nonsense that looks like tumors: every altered gene replaced by a random gene of its panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.covariates import COPY_NUMBER_IDS, MUTATION_IDS
from engine.tokens import COPY_NUMBER, MUTATIONS, TumorTokens
from engine.vocabulary import Vocabulary


def shuffle_genes(
    tokens: TumorTokens, vocabulary: Vocabulary, seed: int, *, copy_number: bool = True
) -> TumorTokens:
    """Replace each altered gene by a random gene that was looked at in the same tumor.

    The number of alterations, their kinds and what was profiled stay; two genes never become one.

    Args:
        tokens: N tumors.
        vocabulary: Their vocabulary.
        seed: Seed of the draw.
        copy_number: Whether copy number is shuffled too, or mutations alone.

    Returns:
        The nonsense; rows follow `tokens`. Alterations stand at the start of their new gene, at
        a random place in the protein, and hit no hotspot.
    """
    generator = np.random.default_rng(seed)
    gene, level = tokens.gene.copy(), tokens.copy_level.copy()
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    new = _permutations(tokens.panel_masks[tokens.panel[:, MUTATIONS]], generator)
    chosen = np.isin(tokens.kind, MUTATION_IDS)
    gene[chosen] = new[owner[chosen], gene[chosen]]
    if copy_number:
        new = _permutations(tokens.panel_masks[tokens.panel[:, COPY_NUMBER]], generator)
        chosen = np.isin(tokens.kind, COPY_NUMBER_IDS)
        gene[chosen] = new[owner[chosen], gene[chosen]]
        np.put_along_axis(level, new, tokens.copy_level, axis=1)
    moved = gene != tokens.gene
    somewhere = generator.random(len(gene)).astype(np.float32)
    return replace(
        tokens,
        gene=gene,
        copy_level=level,
        position=np.where(moved, vocabulary.linear_start("GRCh37")[gene], tokens.position),
        residue=np.where(moved & (tokens.residue >= 0), somewhere, tokens.residue),
        hotspot=np.where(moved, np.float32(0), tokens.hotspot),
    )


def _permutations(profiled: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.int64]:
    """Permute the profiled genes of each tumor and leave the others in place, (N, G)."""
    rows: NDArray[Any] = np.tile(np.arange(profiled.shape[1]), (len(profiled), 1))
    for row, mask in zip(rows, profiled, strict=True):
        row[mask] = generator.permutation(row[mask])
    return rows
