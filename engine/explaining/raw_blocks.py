"""What heads for few labels read of a tumor beside the encoder, as a function of gates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.covariates import MUTATION_IDS
from engine.explaining.alterations import BURDEN as BURDEN_UNIT
from engine.explaining.alterations import Ints, TumorUnits
from engine.explaining.removal import without
from engine.few_features import BURDEN, COPY_LEVELS, MUTATED, TRUNCATED, log_burden
from engine.vocabulary import KIND_NAMES

TRUNCATING = (KIND_NAMES.index("truncating"),)


class RawBlocks:
    """The raw features of one tumor whose units are there in part.

    At gates of 0 and 1 they are those of `engine.few_features.raw_blocks` for the tumor without
    the units whose gate is 0.

    Args:
        tumor: The tumor, T tokens in U units.
    """

    def __init__(self, tumor: TumorUnits) -> None:
        tokens = tumor.tokens
        self._tumor = tumor
        self._num_genes = tokens.copy_level.shape[1]
        self._groups = {
            MUTATED: _Group.of(tumor, MUTATION_IDS),
            TRUNCATED: _Group.of(tumor, TRUNCATING),
        }
        ends = np.stack([np.zeros(len(tumor), bool), np.ones(len(tumor), bool)])
        self._burden = log_burden(without(tumor, ends)).tolist()

    def read(self, gates: Tensor) -> dict[str, Tensor]:
        """Tell the blocks of S versions, (S, G) each and (S, 1), differentiably.

        Args:
            gates: Gate of each unit, (S, U), 0..1.
        """
        shut = gates.new_zeros(len(gates), 1)
        extended = torch.cat([gates, shut], 1)
        told = {n: group.read(extended, self._num_genes) for n, group in self._groups.items()}
        number = self._tumor.number(BURDEN_UNIT)
        gate = gates[:, [number]] if number >= 0 else torch.ones_like(gates[:, :1])
        full, empty = self._burden
        return told | {COPY_LEVELS: self._levels(extended), BURDEN: empty + gate * (full - empty)}

    def _levels(self, extended: Tensor) -> Tensor:
        """Tell the copy number of each gene; the first copy stays without the second."""
        tumor = self._tumor
        carriers = np.stack([tumor.deep_unit, tumor.shallow_unit])
        shut = np.where(carriers < 0, len(tumor), carriers)
        deep, shallow = extended[:, shut].unbind(1)
        signs = np.sign(tumor.tokens.copy_level[0]).astype(np.float32)
        return torch.from_numpy(signs).to(extended) * (2 * deep + (1 - deep) * shallow)


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The genes that have tokens of some kinds, K, and the units of those tokens."""

    genes: Ints  # (K,) rows of the vocabulary
    units: Ints  # (K, most), U where a gene has fewer tokens: a gate that is always shut

    @classmethod
    def of(cls, tumor: TumorUnits, kinds: tuple[int, ...]) -> _Group:
        rows = np.flatnonzero(np.isin(tumor.tokens.kind, kinds))
        genes, group = np.unique(tumor.tokens.gene[rows], return_inverse=True)
        most = int(np.bincount(group).max(initial=0))
        units = np.full((len(genes), most), len(tumor), dtype=np.int64)
        for number in range(len(genes)):
            own = tumor.unit_of_token[rows[group == number]]
            units[number, : len(own)] = own
        return cls(genes=genes.astype(np.int64), units=units)

    def read(self, extended: Tensor, num_genes: int) -> Tensor:
        """Tell whether each gene has one of the tokens: 1 less the product of what is shut."""
        altered = 1 - (1 - extended[:, self.units]).prod(-1)
        genes = torch.from_numpy(self.genes).to(extended.device)
        return extended.new_zeros(len(extended), num_genes).index_copy(1, genes, altered)
