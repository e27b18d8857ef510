"""A tumor as a game: what a prediction becomes when only some of its units are there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.batching import plan_batches
from engine.errors import ExplanationError
from engine.explaining.alterations import TumorUnits, Unit, dissect
from engine.explaining.networks import Networks
from engine.explaining.passes import TumorPass
from engine.explaining.raw_blocks import RawBlocks
from engine.explaining.targets import EMBEDDINGS, RAW, Target, Told
from engine.heads import ADAPTED, FROZEN
from engine.progress import Progress, no_progress
from engine.tokens import TumorTokens

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

BASELINE = (
    "the same tumor, sequenced and profiled the same way, without any alteration, with the average "
    "mutation burden and substitution spectrum of the training tumors"
)
CPU_BUDGET = 4_096
"""Tokens of one batch on the CPU: what a batch works on stays in the caches."""

DEVICE_BUDGET = 65_536


class Game(Protocol):
    """A number that depends on which of U units are there."""

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units, U."""

    @property
    def name(self) -> str:
        """Name of the number."""

    @property
    def scale(self) -> str:
        """What it is counted in."""

    def values(self, present: Bools, *, progress: Progress = no_progress) -> Floats:
        """Tell the number for each coalition, (B, U) to (B,)."""

    def smooth(self, gates: Tensor) -> Tensor:
        """Tell it for units that are there in part, (S, U) to (S,), differentiably."""


@dataclass(frozen=True, kw_only=True)
class TumorGame:
    """What a target becomes when units of a tumor are absent.

    Args:
        networks: The encoder.
        target: The number.
        tumor: The tumor with its units.
        budget: Most tokens of a batch; by device when None. Bounds memory, does not change results
            beyond 1e-6.
    """

    networks: Networks
    target: Target
    tumor: TumorUnits
    budget: int | None = None

    @classmethod
    def of(cls, networks: Networks, target: Target, tokens: TumorTokens) -> TumorGame:
        """Split one tumor into units and explain it.

        Raises:
            ExplanationError: If there is not exactly one tumor, or nothing is known of it.
        """
        tumor = dissect(tokens, networks.vocabulary, networks.background)
        if not tumor.units:
            raise ExplanationError(
                "A tumor without alterations was found that was not sequenced either, expected at "
                "least one of the two. There is nothing to explain; choose another tumor."
            )
        return cls(networks=networks, target=target, tumor=tumor)

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units of the tumor, U."""
        return self.tumor.units

    @property
    def name(self) -> str:
        """Name of the target."""
        return self.target.name

    @property
    def scale(self) -> str:
        """What the target is counted in."""
        return self.target.scale

    @cached_property
    def _plain(self) -> TumorPass | None:
        needed = {EMBEDDINGS, FROZEN} & set(self.target.reads)
        return TumorPass(self.networks.encoder, self.tumor) if needed else None

    @cached_property
    def _bent(self) -> TumorPass | None:
        needed = ADAPTED in self.target.reads
        return TumorPass(self.networks.bent, self.tumor) if needed else None

    @cached_property
    def _raw(self) -> RawBlocks | None:
        return RawBlocks(self.tumor) if set(RAW) & set(self.target.reads) else None

    def values(self, present: Bools, *, progress: Progress = no_progress) -> Floats:
        """Tell the target for coalitions of units.

        Equal coalitions are computed once.

        Args:
            present: Which units each coalition has, (B, U).
            progress: Told the number of coalitions done; what it raises ends the work.

        Returns:
            The target of each, (B,).
        """
        present = np.asarray(present, dtype=bool)
        if not len(present):
            return np.zeros(0)
        distinct, inverse = _distinct(present)
        lengths = self._some.num_tokens(distinct)
        told = np.empty(len(distinct))
        done = 0
        for rows in plan_batches(lengths, self._budget):
            ordered = rows[np.argsort(lengths[rows], kind="stable")]
            told[ordered] = self._values(distinct[ordered])
            done += len(rows)
            progress("Explaining", done, len(distinct))
        return told[inverse]

    def smooth(self, gates: Tensor) -> Tensor:
        """Tell the target for gates in 0..1, (S, U) to (S,), differentiably."""
        gates = gates.to(self.networks.encoder.covariate_mean.device)
        told: Told = {}
        if self._plain is not None:
            states = self._plain.gated(gates)
            told |= {EMBEDDINGS: self.networks.align(states), FROZEN: states.features}
        if self._bent is not None:
            told[ADAPTED] = self.networks.read_bent(self._bent.gated(gates).features)
        if self._raw is not None:
            told |= self._raw.read(gates)
        return self.target.score(told)

    def _values(self, present: Bools) -> Floats:
        with torch.no_grad():
            told: Told = {}
            if self._plain is not None:
                states = self._plain.present(present)
                told |= {EMBEDDINGS: self.networks.align(states), FROZEN: states.features}
            if self._bent is not None:
                told[ADAPTED] = self.networks.read_bent(self._bent.present(present).features)
            if self._raw is not None:
                told |= self._raw.read(torch.from_numpy(present).float())
            scores: Floats = self.target.score(told).double().cpu().numpy()
            return scores

    @property
    def _some(self) -> TumorPass:
        found = self._plain or self._bent
        assert found is not None  # every target reads a field
        return found

    @property
    def _budget(self) -> int:
        on_cpu = self.networks.encoder.covariate_mean.device.type == "cpu"
        return self.budget or (CPU_BUDGET if on_cpu else DEVICE_BUDGET)


def _distinct(present: Bools) -> tuple[Bools, NDArray[np.int64]]:
    """Find the different coalitions, and which of them each coalition is."""
    packed = np.ascontiguousarray(np.packbits(present, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return present[first], inverse
