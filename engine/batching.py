"""Batches: which sequences go together, and tumors' numbers as tensors. Nothing is padded."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterable, Iterator
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
class StreamConfig:
    """How a stream of sequences is packed into batches."""

    budget: int = TOKEN_BUDGET  # tokens; a longer sequence is a batch of its own
    window: int = 8  # budgets' worth of tokens that wait at most, to choose from
    seed: int | None = None  # draws at random; None takes what fits best


def stream_batches(
    lengths: Iterable[int],
    config: StreamConfig,
    groups: Iterable[Hashable] | None = None,
) -> Iterator[npt.NDArray[np.int64]]:
    """Pack a stream of sequences into batches, without knowing all lengths.

    A batch begins with the sequence that has waited longest, so none waits forever. With a seed
    it goes on with sequences drawn at random, as training wants; then the longest that still fit
    fill it up. Beyond the first window, batches are at least 98% full on long-tailed lengths; the
    last batches hold what is left.

    Args:
        lengths: Tokens of each sequence, in the order of arrival.
        config: Budget, window and seed; the same seed and stream make the same batches.
        groups: Group of each sequence, for batches of one group each; then a batch can be less
            full, where no group has a budget's worth within the window.

    Yields:
        Numbers of the sequences of a batch, in the order of arrival from 0; each occurs once.
    """
    generator = None if config.seed is None else random.Random(config.seed)
    pools: dict[Hashable, _Pool] = {}
    waiting = 0
    for number, (length, group) in enumerate(_with_groups(lengths, groups)):
        if length > config.budget:
            yield np.array([number])
            continue
        pools.setdefault(group, _Pool()).add(number, length)
        waiting += length
        if waiting >= config.window * config.budget:
            batch, filled = _draw(pools, config.budget, generator)
            waiting -= filled
            yield batch
    while pools:
        yield _draw(pools, config.budget, generator)[0]


def _with_groups(
    lengths: Iterable[int], groups: Iterable[Hashable] | None
) -> Iterator[tuple[int, Hashable]]:
    if groups is None:
        return ((int(length), None) for length in lengths)
    pairs = zip(lengths, groups, strict=True)
    return ((int(length), group) for length, group in pairs)


def _draw(
    pools: dict[Hashable, _Pool], budget: int, generator: random.Random | None
) -> tuple[npt.NDArray[np.int64], int]:
    """Draw a batch from the fullest pool; a pool without sequences is dropped."""
    group = max(pools, key=lambda name: pools[name].tokens)
    pool = pools[group]
    before = pool.tokens
    batch = pool.draw(budget, generator)
    if not pool.arrived:
        del pools[group]
    return batch, before - pool.tokens


class _Pool:
    """Sequences of one group that wait for a batch."""

    def __init__(self) -> None:
        self.arrived: dict[int, int] = {}  # length by number, in the order of arrival
        self.by_length: list[tuple[int, int]] = []  # (length, number), ascending
        self.tokens = 0

    def add(self, number: int, length: int) -> None:
        """Let a sequence wait."""
        self.arrived[number] = length
        insort(self.by_length, (length, number))
        self.tokens += length

    def draw(self, budget: int, generator: random.Random | None) -> npt.NDArray[np.int64]:
        """Take the sequences of one batch."""
        number, length = next(iter(self.arrived.items()))
        chosen = [self._take(bisect_left(self.by_length, (length, number)))]
        room = budget - length
        while generator and self.by_length:
            place = generator.randrange(len(self.by_length))
            if self.by_length[place][0] > room:
                break
            room -= self.by_length[place][0]
            chosen.append(self._take(place))
        while (place := bisect_right(self.by_length, (room, LAST)) - 1) >= 0:
            room -= self.by_length[place][0]
            chosen.append(self._take(place))
        return np.array(chosen)

    def _take(self, place: int) -> int:
        length, number = self.by_length.pop(place)
        self.tokens -= length
        del self.arrived[number]
        return number


LAST = np.iinfo(np.int64).max
"""Comes after every number, so that `(length, LAST)` sorts behind all sequences of a length."""


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
    hotspot: Tensor  # (T,) float32, 1 where the residue is a known hotspot of its gene
    outside_burden: Tensor  # (B,) float32
    outside_mb: Tensor  # (B,) float32
    outside_spectrum: Tensor  # (B, S) float32
    copy_level: Tensor  # (B, G) int8, -2..2, 0 where not profiled gene by gene
    graded: Tensor  # (B,) bool, whether single-copy gains and losses were reported
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
    "hotspot",
    "outside_burden",
    "outside_mb",
    "outside_spectrum",
    "copy_level",
    "graded",
)
