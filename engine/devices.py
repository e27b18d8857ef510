"""Forwards over all tumors of a cohort, batch after batch, wherever they run.

For a CUDA device the next batches are made and laid into page-locked memory in a thread, and copied
over while the present one is computed; results come back one batch late. A batch that does not fit
into memory is split, and the budget halved for the rest. A device that fails is left for the CPU,
in the middle of a run. Launches are paid by large batches (`engine.places.CUDA_BUDGET`), not by
CUDA graphs: every batch has its own number of tokens, and a graph has one.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from engine.batching import TOKEN_BUDGET, Batch, plan_batches
from engine.places import CpuPlace, DeviceConfig, Place, choose_place
from engine.prefetch import prefetched

M = TypeVar("M", bound=nn.Module)
Out = TypeVar("Out")
Rows = npt.NDArray[np.int64]

LOGGER = logging.getLogger("tumorxy")

LEAST_BUDGET = 1_024
"""Below this, a device that has no memory left is given up."""


class Notice(Protocol):
    """Told in one sentence when a run goes on otherwise than planned."""

    def __call__(self, sentence: str) -> None:
        """Show or write down the sentence."""


def log_notice(sentence: str) -> None:
    """Log it as a warning, which without other settings goes to the standard error output."""
    LOGGER.warning(sentence)


class Engine(Generic[M]):
    """Runs forwards of a model over the batches of a cohort.

    Args:
        model: The model, on the CPU, in evaluation mode; it stays there as it is.
        config: How forwards run.
        place: Where; chosen by `config` when None.
        notice: Told when memory runs out or the device fails.
    """

    def __init__(
        self,
        model: M,
        config: DeviceConfig | None = None,
        *,
        place: Place | None = None,
        notice: Notice = log_notice,
    ) -> None:
        self._config = config or DeviceConfig()
        self._original = model
        self._notice = notice
        self.place = place or choose_place(self._config)
        self._model = self.place.adopt(model)

    def run(
        self,
        forward: Callable[[M, Batch], Out],
        make: Callable[[Rows], Batch],
        lengths: Rows,
        budget: int | None = None,
    ) -> Iterator[tuple[Rows, Out]]:
        """Run a forward over all tumors, in batches.

        Args:
            forward: Computes the result of a batch with the model that it is handed: a tensor, or
                a dataclass of tensors.
            make: Makes the batch of the tumors whose numbers it is given; may run in a thread.
            lengths: Tokens of each tumor as the encoder counts them, (N,), int64.
            budget: Most tokens of a batch; that of the place when None.

        Yields:
            Tumor numbers of a batch and its result on the CPU; every tumor occurs once.
        """
        at_most = min(budget or self.place.budget, self.place.budget)
        work = _Work(lambda rows: self._prepare(make(rows)), lengths, at_most)
        under_way: deque[tuple[Rows, Any]] = deque()
        stated = self._config.ahead
        for rows, batch in work.batches(self.place.ahead if stated is None else stated):
            if self._begin(forward, rows, batch, under_way, work):
                yield from self._harvest(forward, under_way, work, self.place.depth - 1)
        yield from self._harvest(forward, under_way, work, 0)

    def _prepare(self, batch: Batch) -> Batch:
        """Prepare a batch for the place; a device that fails here is told of by its next start."""
        try:
            return self.place.prepare(batch)
        except RuntimeError as error:
            if not is_device_failure(error):
                raise
            return batch

    def _begin(
        self,
        forward: Callable[[M, Batch], Any],
        rows: Rows,
        batch: Batch,
        under_way: deque[tuple[Rows, Any]],
        work: _Work,
    ) -> bool:
        """Start a batch; when that fails, put it and what was under way back, and tell so."""
        try:
            with torch.inference_mode():
                ticket = self.place.start(lambda moved: forward(self._model, moved), batch)
        except RuntimeError as error:
            self._react(error, [rows], under_way, work)
            return False
        under_way.append((rows, ticket))
        return True

    def _harvest(
        self,
        forward: Callable[[M, Batch], Any],
        under_way: deque[tuple[Rows, Any]],
        work: _Work,
        remaining: int,
    ) -> Iterator[tuple[Rows, Any]]:
        """Yield results until few are under way; what failed is begun anew until all is done."""
        while len(under_way) > remaining or (remaining == 0 and work.returned):
            if not under_way:
                rows, batch = work.again()
                self._begin(forward, rows, batch, under_way, work)
                continue
            rows, ticket = under_way.popleft()
            try:
                result = self.place.finish(ticket)
            except RuntimeError as error:
                self._react(error, [rows], under_way, work)
                continue
            yield rows, result

    def _react(
        self,
        error: RuntimeError,
        failed: list[Rows],
        under_way: deque[tuple[Rows, Any]],
        work: _Work,
    ) -> None:
        """Shrink the budget or leave the device, and put what was not finished back."""
        if isinstance(self.place, CpuPlace) or not is_device_failure(error):
            raise error
        if isinstance(error, torch.OutOfMemoryError):
            self._shrink(work)
        else:
            self._leave(f"The device {self.place.name} failed", work)
        work.put_back([*failed, *(rows for rows, _ in under_way)])
        under_way.clear()

    def _shrink(self, work: _Work) -> None:
        """Halve the budget; below the least one, go to the CPU."""
        if work.budget // 2 < LEAST_BUDGET:
            self._leave(f"The device {self.place.name} has no memory left", work)
            return
        self.place.recover()
        work.budget //= 2
        self.place.budget = work.budget
        self._notice(
            f"The device {self.place.name} ran out of memory; going on with batches of at most "
            f"{work.budget:,} tokens."
        )

    def _leave(self, why: str, work: _Work) -> None:
        self._notice(f"{why}; going on with the CPU, more slowly.")
        self.place = CpuPlace(min(work.budget, TOKEN_BUDGET))
        self._model = self._original
        work.budget = self.place.budget


class _Work:
    """What is still to be computed, in batches of at most `budget` tokens."""

    def __init__(self, make: Callable[[Rows], Batch], lengths: Rows, budget: int) -> None:
        self._make = make
        self._lengths = lengths
        self.budget = budget
        self.returned: deque[Rows] = deque()

    def batches(self, ahead: int) -> Iterator[tuple[Rows, Batch]]:
        """Yield all batches, those that came back first; made ahead, split where too large."""
        plan = plan_batches(self._lengths, self.budget)
        for rows, batch in prefetched(((rows, self._make(rows)) for rows in plan), ahead):
            while self.returned:
                yield self.again()
            if len(rows) == 1 or self._lengths[rows].sum() <= self.budget:
                yield rows, batch
            else:
                self.put_back([rows])

    def put_back(self, failed: list[Rows]) -> None:
        """Return tumors that must be computed again, in batches of the present budget."""
        for rows in failed:
            parts = plan_batches(self._lengths[rows], self.budget)
            self.returned.extend(rows[part] for part in parts)

    def again(self) -> tuple[Rows, Batch]:
        """Make the next batch that came back."""
        rows = self.returned.popleft()
        return rows, self._make(rows)


def is_device_failure(error: RuntimeError) -> bool:
    """Tell whether a device, not the computation, failed."""
    named = isinstance(error, (torch.OutOfMemoryError, torch.AcceleratorError))
    return named or "CUDA error" in str(error)
