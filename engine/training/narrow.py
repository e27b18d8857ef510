"""Tumors as a targeted panel would have seen them, token by token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.tokens import COPY_NUMBER, FUSIONS, MUTATIONS, TOKEN_FIELDS, TumorTokens, boundaries
from engine.training.views import MODALITY_OF_KIND


def narrow(tokens: TumorTokens, genes: NDArray[np.bool_]) -> TumorTokens:
    """Forget what a panel does not cover; `engine.training.views.through_panel` for whole cohorts.

    Args:
        tokens: N tumors.
        genes: Genes of the panel, (G,), bool.

    Returns:
        The same tumors: nothing outside the panel is profiled, kept or counted.
    """
    masks = tokens.panel_masks & genes
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    modality = MODALITY_OF_KIND.numpy()[tokens.kind.astype(np.int64)]
    profile = np.stack([tokens.panel[:, m] for m in (MUTATIONS, COPY_NUMBER, FUSIONS)])
    kept = masks[profile[modality, owner], tokens.gene]
    counts = np.bincount(owner[kept], minlength=len(tokens))
    return replace(
        tokens,
        panel_masks=masks,
        cu_tokens=boundaries(counts),
        copy_level=tokens.copy_level * masks[tokens.panel[:, COPY_NUMBER]],
        outside_burden=np.zeros_like(tokens.outside_burden),
        outside_mb=np.zeros_like(tokens.outside_mb),
        outside_spectrum=np.zeros_like(tokens.outside_spectrum),
        **{name: getattr(tokens, name)[kept] for name in TOKEN_FIELDS},
    )
