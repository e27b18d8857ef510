"""Many versions of one tumor through the encoder at once.

Every version lacks some units. What the encoder computes of it is a function of U gates, one per
unit: at 0 and 1 it is the encoder itself on the tumor without the units whose gate is 0, and in
between it is a smooth way from one to the other, for gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from engine.batching import Batch, make_batch
from engine.covariates import COPY_NUMBER_IDS, SCALARS
from engine.explaining.alterations import BURDEN, SPECTRUM, TumorUnits
from engine.explaining.blocks import after_asking, asked_by, gated_block, packed_block, turn
from engine.explaining.removal import without
from engine.model import NUM_LEADING, TumorEncoder, count_tokens
from engine.tokens import COPY_NUMBER
from engine.vocabulary import SUBSTITUTIONS
from kernels.dispatch import Rotation

SMALLEST_GATE = 1e-30
"""Stands for 0 where a logarithm is taken: such a token gets no attention in float32."""

NUM_SCALARS = len(SCALARS)
NUM_BURDEN = 2
"""Covariates that count mutations come first among the scalars."""


@dataclass(frozen=True, kw_only=True)
class States:
    """What one encoder makes of S versions of a tumor."""

    embeddings: Tensor  # (S, D), unit length
    features: Tensor  # (S, F), as `engine.model.Reading.features`


class TumorPass:
    """One tumor and one encoder, ready for many versions.

    What all versions share (token vectors, panel, the numbers of the full tumor) is computed once.

    Args:
        encoder: The encoder, in evaluation mode, on the device to run on.
        tumor: The tumor, T tokens in U units.
    """

    def __init__(self, encoder: TumorEncoder, tumor: TumorUnits) -> None:
        self._encoder = encoder
        self._tumor = tumor
        self._device = device = encoder.covariate_mean.device
        with torch.no_grad():
            batch = _on(make_batch(tumor.tokens, np.zeros(1, dtype=np.int64)), device)
            self._tokens = encoder.embed_tokens(batch)
            self._profiled = batch.profiled[:, 0].float()
            self._panel = self._panel_token()
            self._numbers = self._covariates_of_ends()
        self._position = batch.position if encoder.config.use_positions else batch.position * 0
        self._unit_of_token = torch.from_numpy(tumor.unit_of_token).to(device)
        kinds = torch.from_numpy(tumor.tokens.kind.astype(np.int64)).to(device)
        self._of_kind = torch.stack([(kinds == i).float() for i in COPY_NUMBER_IDS], 1)
        self._lay_out_levels()

    def _panel_token(self) -> Tensor:
        shares = torch.einsum("mg,mgd->d", self._profiled, self._encoder.profiled)
        return self._encoder.tumor + shares / self._profiled.sum().clamp(min=1).sqrt()

    def _covariates_of_ends(self) -> tuple[Tensor, Tensor, Tensor]:
        """Covariates of the full tumor and of the empty one, (C,) each, and which are known."""
        absent = np.stack([np.zeros(len(self._tumor), bool), np.ones(len(self._tumor), bool)])
        ends = _on(make_batch(without(self._tumor, absent), np.arange(2)), self._device)
        told = self._encoder.covariates(ends)
        return told.values[0], told.values[1], told.known[0]

    def _lay_out_levels(self) -> None:
        """Keep the genes with a copy number: who carries it, its sign, its arm, its vector."""
        tumor, encoder = self._tumor, self._encoder
        level = tumor.tokens.copy_level[0]
        genes = np.flatnonzero(level)
        units = np.stack([tumor.deep_unit[genes], tumor.shallow_unit[genes]])
        # A gate that is always 0 stands after the others for "carried by nobody".
        self._carriers = torch.from_numpy(np.where(units < 0, len(tumor), units)).to(self._device)
        self._sign = torch.from_numpy(np.sign(level[genes]).astype(np.float32)).to(self._device)
        rows = torch.from_numpy(genes).to(self._device)
        self._gene_vectors = encoder.copy_number.weight[:, rows].T
        self._arms_of_genes = encoder.arm_membership[rows]
        graded = bool(tumor.tokens.graded[0])
        self._arm_genes = (self._profiled[COPY_NUMBER] * graded) @ encoder.arm_membership
        self._copy_genes = self._profiled[COPY_NUMBER].sum().clamp(min=1)

    def gated(self, gates: Tensor) -> States:
        """Run versions whose units are there in part, differentiably.

        A token with gate g gets g times its attention, and g times its weight in the mean. The
        work grows with S times T + 3, whatever the gates are.

        Args:
            gates: Gate of each unit, (S, U), 0..1, float32.

        Returns:
            Their states, (S, ...).
        """
        gate = gates[:, self._unit_of_token]
        covariates = self._covariates(gates, gate)
        leading = self._leading(gates, covariates)
        tokens = self._tokens[:, None].expand(-1, len(gates), -1)
        x = torch.cat([leading.transpose(0, 1), tokens])  # (L, S, D)
        rotation = Rotation(self._with_leading(self._position), self._encoder.rotary_steps)
        open_ = torch.cat([torch.ones_like(gates[:, :1]).expand(-1, NUM_LEADING), gate], 1)
        bias = open_.clamp(min=SMALLEST_GATE).log()[:, None, None]
        for block in self._encoder.blocks:
            x = gated_block(block, x, rotation, bias)
        x = self._encoder.final_norm(x)
        nothing = (1 - gate).prod(1)
        sums = torch.einsum("lsd,sl->sd", x[NUM_LEADING:], gate)
        mean = sums / (gate.sum(1) + nothing)[:, None]
        return self._states(x[:NUM_LEADING].transpose(0, 1), mean, covariates)

    def _with_leading(self, position: Tensor) -> Tensor:
        return torch.cat([position.new_zeros(NUM_LEADING), position])

    def present(self, present: NDArray[np.bool_]) -> States:
        """Run versions that lack units altogether, packed: absent tokens cost nothing.

        Args:
            present: Which units each version has, (S, U); of any order, fastest when versions with
                equally many tokens stand together.

        Returns:
            Their states, (S, ...), without gradients.
        """
        with torch.no_grad():
            gates = torch.from_numpy(np.asarray(present, dtype=np.float32)).to(self._device)
            gate = gates[:, self._unit_of_token]
            covariates = self._covariates(gates, gate)
            version, token = gate.nonzero(as_tuple=True)
            lengths = count_tokens(version, len(gates)) + NUM_LEADING
            ends = lengths.cumsum(0)
            first = (ends - lengths)[:, None] + torch.arange(NUM_LEADING, device=self._device)
            place = torch.arange(len(token), device=self._device) + NUM_LEADING * (version + 1)
            order = _Order(leading=first.flatten(), place=place, token=token)
            leading = self._leading(gates, covariates).flatten(0, 1)
            x = order.lay_out(leading, self._tokens)
            position = order.lay_out(self._position.new_zeros(len(leading)), self._position)
            bounds = [0, *ends.tolist()]
            rotation = Rotation(position, self._encoder.rotary_steps)
            x = self._first_block(x, leading, order, bounds)
            for block in self._encoder.blocks[1:]:
                x = packed_block(block, x, rotation, bounds)
            x = self._encoder.final_norm(x)
            sums = x.new_zeros(len(gates), x.shape[1]).index_add(0, version, x[place])
            mean = sums / (lengths - NUM_LEADING).clamp(min=1)[:, None]
            return self._states(x[first], mean, covariates)

    def _first_block(self, x: Tensor, leading: Tensor, order: _Order, bounds: list[int]) -> Tensor:
        """Apply the first block, where what tokens ask is the same in every version.

        Leading tokens stand at position 0, which rotates nothing.
        """
        block = self._encoder.blocks[0]
        asked = order.lay_out(asked_by(block, leading), self._asked_by_tokens)
        return after_asking(block, x, asked, bounds)

    @cached_property
    def _asked_by_tokens(self) -> Tensor:
        """Turned queries, turned keys and values of the tokens in the first block, (T, 3, H, .)."""
        asked = asked_by(self._encoder.blocks[0], self._tokens)
        turn(asked, *Rotation(self._position, self._encoder.rotary_steps).table)
        return asked

    def num_tokens(self, present: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count what each version costs, (S,): its alterations and the leading tokens."""
        per_unit = np.array([len(unit.tokens) for unit in self._tumor.units], dtype=np.int64)
        counts: NDArray[np.int64] = present @ per_unit + NUM_LEADING
        return counts

    def _states(self, leading: Tensor, mean: Tensor, covariates: Tensor) -> States:
        """Put the last states together as `TumorEncoder.read` does."""
        known = self._numbers[2].float().expand_as(covariates)
        parts = [leading.flatten(1), mean, covariates, known]
        embeddings = self._encoder.project(torch.cat([leading[:, 0], mean], 1))
        return States(embeddings=normalize(embeddings, dim=-1), features=torch.cat(parts, 1))

    def _covariates(self, gates: Tensor, gate: Tensor) -> Tensor:
        """Compute covariates in standard units, (S, C), from the gates of units and of tokens.

        Burden and spectrum go straight from those of the empty tumor to those of the full one as
        the gates of their own units open; the others are computed as from a tumor.
        """
        full, empty, known = self._numbers
        away = [self._gate(gates, name) for name in (BURDEN, SPECTRUM)]
        straight = empty + torch.cat(
            [
                away[0].expand(-1, NUM_BURDEN),
                torch.zeros_like(gates[:, :1]).expand(-1, NUM_SCALARS - NUM_BURDEN),
                away[1].expand(-1, len(SUBSTITUTIONS)),
                torch.zeros_like(gates[:, :1]).expand(-1, len(self._arm_genes)),
            ],
            1,
        ) * (full - empty)
        arms = self._steps(gates)[0] @ self._arms_of_genes / self._arm_genes.clamp(min=1)
        shares = torch.log1p(gate @ self._of_kind / self._copy_genes * 100)
        raw = torch.cat([shares, arms.abs().mean(1, keepdim=True), arms], 1)
        measured = torch.ones_like(known)
        measured[:NUM_BURDEN] = False
        measured[NUM_SCALARS : NUM_SCALARS + len(SUBSTITUTIONS)] = False
        mean, scale = self._encoder.covariate_mean, self._encoder.covariate_scale
        computed = torch.zeros_like(straight)
        computed[:, measured] = (raw - mean[measured]) / scale[measured]
        return torch.where(known, torch.where(measured, computed, straight), 0.0)

    def _gate(self, gates: Tensor, name: str) -> Tensor:
        """Take the gate of a covariate, (S, 1); open where the tumor has no such unit."""
        number = self._tumor.number(name)
        return gates[:, [number]] if number >= 0 else torch.ones_like(gates[:, :1])

    def _steps(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Tell sign and level of the copy number of each gene that has one, (S, K) each."""
        deep, shallow = torch.cat([gates, gates.new_zeros(len(gates), 1)], 1)[
            :, self._carriers
        ].unbind(1)
        first = (1 - deep) * shallow
        return self._sign * (deep + first), self._sign * (2 * deep + first)

    def _leading(self, gates: Tensor, covariates: Tensor) -> Tensor:
        """Make the leading tokens, (S, 3, D), as `TumorEncoder` makes them."""
        encoder = self._encoder
        split = [encoder.num_scalars, covariates.shape[1] - encoder.num_scalars]
        known = self._numbers[2].float().expand_as(covariates)
        scalars, arms = covariates.split_with_sizes(split, 1)
        scalars_known, arms_known = known.split_with_sizes(split, 1)
        by_gene = self._steps(gates)[1] @ self._gene_vectors / self._copy_genes.sqrt()
        return torch.stack(
            [
                self._panel.expand(len(gates), -1),
                encoder.scalars(torch.cat([scalars, scalars_known], 1)),
                encoder.arms(torch.cat([arms, arms_known], 1)) + by_gene,
            ],
            1,
        )


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Where the rows of S packed versions stand."""

    leading: Tensor  # (3 S,) places of the leading tokens
    place: Tensor  # (N,) places of the tokens
    token: Tensor  # (N,) which token of the tumor stands there

    def lay_out(self, leading: Tensor, tokens: Tensor) -> Tensor:
        """Put rows of the leading tokens (3 S, ...) and of the tumor's (T, ...) in their places."""
        laid = tokens.new_empty(len(self.leading) + len(self.place), *tokens.shape[1:])
        laid[self.leading] = leading
        laid[self.place] = tokens[self.token]
        return laid


def _on(batch: Batch, device: torch.device) -> Batch:
    return Batch(**{field.name: getattr(batch, field.name).to(device) for field in fields(Batch)})
