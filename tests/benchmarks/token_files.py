"""Tokens in a file, from one process of a benchmark to another."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.tokens import TOKEN_FIELDS, TUMOR_FIELDS, TumorTokens

ARRAYS = ("cu_tokens", "panel_masks", *TOKEN_FIELDS, *TUMOR_FIELDS)


def write_tokens(tokens: TumorTokens, file: Path) -> None:
    """Write the arrays of tokens, as they are, to a file named `*.npz`."""
    np.savez(file, **{field: getattr(tokens, field) for field in ARRAYS})  # type: ignore[arg-type]


def read_tokens(file: Path) -> TumorTokens:
    """Read what `write_tokens` wrote; names of tumors are not kept."""
    with np.load(file) as arrays:
        num = len(arrays["cu_tokens"]) - 1
        return TumorTokens(
            sample_ids=("",) * num,
            input_digests=("",) * num,
            **{field: arrays[field] for field in ARRAYS},
        )
