"""Batches as bytes: all tensors of a batch in one buffer, which one copy moves to a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from engine.batching import Batch

ALIGNMENT = 256
"""Bytes at whose multiples the tensors of a batch lie in its one copy, as a fresh tensor's do."""


def map_tensors(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Apply a function to a tensor, or to every tensor field of a dataclass or item of a tuple."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        return tuple(map_tensors(change, item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: map_tensors(change, x) for name, x in parts.items()})
    return value


def lay_out(batch: Batch, *, pin: bool) -> Batch:
    """Copy all tensors of a batch into one buffer, so that one copy moves them.

    Args:
        batch: The batch, on the CPU.
        pin: Whether the buffer is page-locked, which lets the copy run beside computation.

    Returns:
        The same batch as views of the buffer; every tensor begins at a multiple of `ALIGNMENT`.
    """
    buffer = torch.empty(_num_bytes(batch), dtype=torch.uint8, pin_memory=pin)
    laid = views(buffer, batch)
    for view, x in zip(_tensors(laid), _tensors(batch), strict=True):
        view.copy_(x)
    return laid


def is_laid_out(batch: Batch) -> bool:
    """Tell whether a batch comes from `lay_out`: all its tensors share one storage."""
    storages = {x.untyped_storage().data_ptr() for x in _tensors(batch)}
    return len(storages) == 1 and batch.tumor.untyped_storage().nbytes() == _num_bytes(batch)


def buffer_of(batch: Batch) -> Tensor:
    """Return the buffer that `lay_out` made, (Z,), uint8, without a copy."""
    return torch.empty(0, dtype=torch.uint8).set_(batch.tumor.untyped_storage())


def views(buffer: Tensor, like: Batch) -> Batch:
    """Read a batch from its buffer, without a copy.

    Args:
        buffer: That of `lay_out`, or a copy of it on any device.
        like: The batch that was laid out; tells names, shapes and dtypes.

    Returns:
        A batch of views into `buffer`.
    """
    parts, start = {}, 0
    for field, x in zip(fields(Batch), _tensors(like), strict=True):
        parts[field.name] = buffer[start : start + x.nbytes].view(x.dtype).view(x.shape)
        start += _padded(x)
    return Batch(**parts)


def _tensors(batch: Batch) -> list[Tensor]:
    return [getattr(batch, field.name) for field in fields(Batch)]


def _num_bytes(batch: Batch) -> int:
    return sum(_padded(x) for x in _tensors(batch))


def _padded(x: Tensor) -> int:
    return -(-x.nbytes // ALIGNMENT) * ALIGNMENT
