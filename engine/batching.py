"""Batches of tumors: which tumors go together, and their numbers as tensors. Nothing is padded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.tokens import COPY_NUMBER, FUSIONS, MUTATIONS, TumorTokens

TOKEN_BUDGET = 32_768
"""Tokens of one batch at inference; a tumor with more goes alone."""


def plan_batches(
    lengths: npt.NDArray[np.int64], budget: int = TOKEN_BUDGET
) -> list[npt.NDArray[np.int64]]:
    """Pack tumors into batches of at most `budget` tokens.

    Bin packing from both ends of the sorted lengths: the longest tumors that are left, in a row,
    then the shortest that still fit. A batch has few distinct lengths, so attention needs few
    calls, and misses its budget by less than its shortest tumor.

    Args:
        lengths: Tokens of each tumor, (N,), int64.
        budget: Most tokens of a batch; a longer tumor is a batch of its own.

    Returns:
        Tumor numbers of each batch; every tumor occurs once.
    """
    order = np.argsort(-lengths, kind="stable")
    ranked = lengths[order].tolist()
    batches, first, last = [], 0, len(ranked)
    while first < last:
        start, end, filled = first, last, 0
        while first < last and (filled + ranked[first] <= budget or first == start):
            filled += ranked[first]
            first += 1
        while first < last and filled + ranked[last - 1] <= budget:
            last -= 1
            filled += ranked[last]
        batches.append(np.concatenate((order[start:first], order[last:end])))
    return batches


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B tumors with T alteration tokens as tensors, and what was profiled of each tumor."""

    tumor: Tensor  # (T,) int64, row of the tumor that a token belongs to
    gene: Tensor  # (T,) int64
    kind: Tensor  # (T,) int64
    position: Tensor  # (T,) int64, base pairs
    substitution: Tensor  # (T,) int64
    residue: Tensor  # (T,) float32
    vaf: Tensor  # (T,) float32
    indel: Tensor  # (T,) float32
    outside_burden: Tensor  # (B,) float32
    outside_mb: Tensor  # (B,) float32
    outside_spectrum: Tensor  # (B, S) float32
    arm_sum: Tensor  # (B, A) float32
    arm_count: Tensor  # (B, A) float32
    profiled: Tensor  # (3, B, G) bool: mutations, copy number, fusions

    @property
    def num_tumors(self) -> int:
        """Return B."""
        return self.outside_burden.shape[0]


def make_batch(tokens: TumorTokens, rows: npt.NDArray[np.int64]) -> Batch:
    """Gather tumors into one batch.

    Args:
        tokens: Tokens of a cohort.
        rows: Tumor numbers, (B,), int64.

    Returns:
        The batch, on the CPU; its rows follow `rows`.
    """
    part = tokens.take(rows)
    masks = torch.from_numpy(part.panel_masks)
    panel = torch.from_numpy(part.panel.astype(np.int64))
    profiled = torch.stack([masks[panel[:, i]] for i in (MUTATIONS, COPY_NUMBER, FUSIONS)])
    counts = torch.from_numpy(part.lengths)
    whole = {name: getattr(part, name).astype(np.int64) for name in WHOLE}
    real = {name: getattr(part, name) for name in REAL}
    return Batch(
        tumor=torch.repeat_interleave(torch.arange(len(part)), counts),
        profiled=profiled,
        **{name: torch.from_numpy(values) for name, values in (whole | real).items()},
    )


WHOLE = ("gene", "kind", "position", "substitution")
REAL = (
    "residue",
    "vaf",
    "indel",
    "outside_burden",
    "outside_mb",
    "outside_spectrum",
    "arm_sum",
    "arm_count",
)
