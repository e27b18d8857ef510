"""Raw features: what a simple model would be given in the place of the encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse

from engine.batching import Batch, make_batch
from engine.covariates import MUTATION_IDS
from engine.tokens import TumorTokens
from engine.training.views import gene_states

View = Callable[[Batch], Batch]
BLOCK_TUMORS = 1024


def raw_features(tokens: TumorTokens, view: View | None = None) -> sparse.csr_matrix:
    """Lay out gene by kind, copy number by gene, and burden.

    Args:
        tokens: N tumors.
        view: Hides a part of each tumor first.

    Returns:
        (N, 5 G + 1), float32: whether each gene is mutated, truncated, amplified, deleted; its
        copy number from -2 to 2; the logarithm of 1 + the number of mutations, last.
    """
    blocks = []
    for start in range(0, len(tokens), BLOCK_TUMORS):
        rows = np.arange(start, min(start + BLOCK_TUMORS, len(tokens)))
        whole = make_batch(tokens, rows)
        blocks.append(_block(view(whole) if view else whole))
    return sparse.vstack(blocks, format="csr", dtype=np.float32)


def _block(batch: Batch) -> sparse.csr_matrix:
    altered, _ = gene_states(batch)
    columns = [altered.flatten(1), batch.copy_level.float(), log_burden(batch)[:, None]]
    return sparse.csr_matrix(torch.cat(columns, 1).numpy())


def log_burden(batch: Batch) -> torch.Tensor:
    """Return the logarithm of 1 + the number of altering mutations, (B,)."""
    is_mutation = torch.isin(batch.kind, torch.tensor(MUTATION_IDS))
    counts = torch.bincount(batch.tumor[is_mutation], minlength=batch.num_tumors)
    return torch.log1p(counts + batch.outside_burden)


def burden_column(features: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    """Take the burden out of raw features, (N, 1)."""
    column: npt.NDArray[np.float32] = features[:, -1].toarray()
    return column
