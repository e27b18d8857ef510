"""Where a forward runs: the CPU, or a CUDA device with one copy there and one back per batch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from engine.batching import TOKEN_BUDGET, Batch
from engine.errors import DeviceError
from engine.transfer import buffer_of, is_laid_out, lay_out, map_tensors, views

M = TypeVar("M", bound=nn.Module)

CUDA_BUDGET = 262_144
"""Tokens of one batch on a CUDA device: the work of a launch outweighs its cost of 5 us."""


@dataclass(frozen=True, kw_only=True)
class DeviceConfig:
    """How forwards run.

    float32 everywhere, so that a stored embedding is the same to 1e-6 wherever it was made.
    bfloat16, with sums in float32, is for a large run on a CUDA device that is not stored: unit
    vectors then differ by some 1e-3. A CPU never uses it: where it was measured (AMD EPYC with
    avx512_bf16) it was 1.5 times as fast, at an error of 1.3e-3.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"  # of products on a CUDA device
    budget: int | None = None  # most tokens of a batch; by device when None
    memory_gib: float | None = None  # most memory on the device; all of it when None
    ahead: int | None = None  # batches made before they are needed; by device when None

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        for name in ("budget", "memory_gib"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise DeviceError(f"{name} is {value}. Give a number above 0, or leave it out.")


class Place(Protocol):
    """Where forwards run."""

    name: str
    budget: int
    depth: int  # batches under way at most
    ahead: int  # batches that are worth making before they are needed

    def adopt(self, model: M) -> M:
        """Return the model for this place; the one given stays as it is."""

    def prepare(self, batch: Batch) -> Batch:
        """Return the batch as `start` takes it fastest; may run in a thread."""

    def start(self, call: Callable[[Batch], Any], batch: Batch) -> Any:
        """Begin a forward; return what `finish` needs."""

    def finish(self, ticket: Any) -> Any:
        """Wait for a forward, and return its result on the CPU."""

    def recover(self) -> None:
        """Free what a forward that ran out of memory has left."""


class CpuPlace:
    """The CPU: float32, one batch at a time, on PyTorch's threads (OMP_NUM_THREADS sets them).

    Making a batch takes 1% of its forward, which uses all cores: a thread would win nothing. Nor
    would `torch.compile`: where it was measured, the blocks ran 1.36 times as fast after 178 s of
    compiling, which pays beyond a million tumors only.
    """

    name = "CPU"
    depth = 1
    ahead = 0

    def __init__(self, budget: int = TOKEN_BUDGET) -> None:
        self.budget = budget

    def adopt(self, model: M) -> M:
        """Return the model itself."""
        return model

    def prepare(self, batch: Batch) -> Batch:
        """Return the batch itself."""
        return batch

    def start(self, call: Callable[[Batch], Any], batch: Batch) -> Any:
        """Run the forward."""
        return call(batch)

    def finish(self, ticket: Any) -> Any:
        """Return the result."""
        return ticket

    def recover(self) -> None:
        """There is nothing to free."""


@dataclass(frozen=True, kw_only=True)
class _Ticket:
    """A forward under way on a CUDA device."""

    result: Any  # in pinned memory, complete once `done` is
    done: torch.cuda.Event
    batch: Batch  # keeps the pinned source of the copy alive


class CudaPlace:
    """One CUDA device.

    Args:
        config: Precision, budget and memory.
        device: The device.
    """

    depth = 2
    ahead = 2

    def __init__(self, config: DeviceConfig, device: torch.device) -> None:
        self.device = device
        self.name = torch.cuda.get_device_name(device)
        self.budget = config.budget or CUDA_BUDGET
        self._halves = config.precision == "bfloat16"
        self._copies = torch.cuda.Stream(device)
        if self._halves:  # split sums of a bfloat16 product stay in float32
            torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        if config.memory_gib is not None:
            whole = torch.cuda.get_device_properties(device).total_memory
            share = min(config.memory_gib * 2**30 / whole, 1.0)
            torch.cuda.set_per_process_memory_fraction(share, device)

    def adopt(self, model: M) -> M:
        """Copy the model to the device; the original outlives a device that fails."""
        return copy.deepcopy(model).to(self.device)

    def prepare(self, batch: Batch) -> Batch:
        """Lay the batch into one page-locked buffer."""
        return lay_out(batch, pin=True)

    def start(self, call: Callable[[Batch], Any], batch: Batch) -> _Ticket:
        """Copy a batch over beside the running forward, then queue its own."""
        laid = batch if is_laid_out(batch) else self.prepare(batch)
        main = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self._copies):
            there = buffer_of(laid).to(self.device, non_blocking=True)
        main.wait_stream(self._copies)
        there.record_stream(main)
        with torch.autocast("cuda", torch.bfloat16, enabled=self._halves):
            result = call(views(there, laid))
        back = map_tensors(_to_pinned, result)
        done = torch.cuda.Event()
        done.record(main)
        return _Ticket(result=back, done=done, batch=laid)

    def finish(self, ticket: _Ticket) -> Any:
        """Wait for the copy of the result."""
        ticket.done.synchronize()
        return ticket.result

    def recover(self) -> None:
        """Return cached blocks to the device."""
        torch.cuda.empty_cache()


def _to_pinned(x: Tensor) -> Tensor:
    held = torch.empty(x.shape, dtype=torch.float32, pin_memory=True)
    return held.copy_(x.float(), non_blocking=True)


def choose_place(config: DeviceConfig) -> Place:
    """Return the place that a configuration names; a CUDA device, where there is one, for auto.

    Raises:
        DeviceError: If a CUDA device was asked for and none is there.
    """
    if config.device == "cpu" or (config.device == "auto" and not torch.cuda.is_available()):
        return CpuPlace(config.budget or TOKEN_BUDGET)
    if not torch.cuda.is_available():
        raise DeviceError(
            f"A CUDA device was asked for, but PyTorch {torch.__version__} finds none. Use the "
            "device `cpu` or `auto`, or install a CUDA build of PyTorch and a driver."
        )
    return CudaPlace(config, torch.device("cuda", torch.cuda.current_device()))
