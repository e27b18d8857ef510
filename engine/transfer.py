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


def pack_bytes(batch: Batch, *, pin: bool) -> Tensor:
    """Lay all tensors of a batch into one buffer, so that one copy moves them.

    Args:
        batch: The batch, on the CPU.
        pin: Whether the buffer is page-locked, which lets the copy run beside computation.

    Returns:
        The bytes, (Z,), uint8; every tensor begins at a multiple of `ALIGNMENT`.
    """
    total = sum(_padded(x) for x in _tensors(batch))
    buffer = torch.empty(total, dtype=torch.uint8, pin_memory=pin)
    views = unpack_bytes(buffer, batch)
    for view, x in zip(_tensors(views), _tensors(batch), strict=True):
        view.copy_(x)
    return buffer


def unpack_bytes(buffer: Tensor, like: Batch) -> Batch:
    """Read a batch from its bytes, without a copy.

    Args:
        buffer: What `pack_bytes` made, on any device.
        like: The batch that was packed; tells names, shapes and dtypes.

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


def _padded(x: Tensor) -> int:
    return -(-x.nbytes // ALIGNMENT) * ALIGNMENT
