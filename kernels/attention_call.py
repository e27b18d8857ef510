"""Arguments of packed attention, checked and in the order in which its kernels take them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from kernels.errors import KernelInputError
from kernels.packed_rows import turn_kernel
from kernels.reference import PHASE_DTYPES, describe
from kernels.tiles import Shape

HEAD_WIDTHS = (16, 32, 64, 128)
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
PRECISION = "tf32x3"
"""Of float32 products: three matrix instructions on the upper and lower bits lose 2**-22 of a
number. One instruction would lose 2**-11, and products outside of the matrix units spill."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """Inputs of one call; `kernels.attention.varlen_attention` describes them."""

    q: Tensor
    k: Tensor
    v: Tensor
    cu_seqlens: Tensor
    positions: Tensor | None
    steps: Tensor | None
    alibi_slopes: Tensor | None
    scale: float

    @property
    def num_pairs(self) -> int:
        """Pairs of channels that are still to be rotated."""
        return 0 if self.steps is None else len(self.steps)

    def pointers(self, *between: Tensor) -> tuple[Any, ...]:
        """Return the leading arguments of every kernel behind its tiles."""
        strides = [x.stride(i) for i in (0, 1) for x in (self.q, self.k, self.v)]
        phases = (self.positions, self.steps, self.alibi_slopes)
        return (self.q, self.k, self.v, *between, *phases, *strides, len(self.q))

    def turned(self, entries: Tensor, rows: int) -> Call:
        """Return the call with queries and keys rotated, in the rows of some tiles only."""
        if not self.num_pairs or not len(entries):
            return self
        num_tokens, heads, width = self.q.shape
        q, k = (self.q.new_empty(num_tokens, heads, width) for _ in range(2))
        turn_kernel[(len(entries) * heads,)](
            entries,
            *(self.q, self.k, q, k, self.positions, self.steps),
            *(x.stride(i) for i in (0, 1) for x in (self.q, self.k)),
            H=heads,
            D=width,
            PAIRS=self.num_pairs,
            ROWS=rows,
            num_warps=turn_warps(rows, width),
            enable_fp_fusion=True,
        )
        return replace(self, q=q, k=k)

    def constants(self, shape: Shape) -> dict[str, Any]:
        """Return what a kernel is compiled for, and its launch options."""
        return {
            "H": self.q.shape[1],
            "D": self.q.shape[2],
            "PAIRS": self.num_pairs,
            "ALIBI": self.alibi_slopes is not None,
            "ROWS": shape.rows,
            "PRECISION": PRECISION,
            "num_warps": shape.warps,
            "num_stages": shape.stages,
            "enable_fp_fusion": True,
        }


def turn_warps(rows: int, head_width: int) -> int:
    """Return the warps that rotate a tile: a thread reads 16 bytes of a half row at a time."""
    return max(min(rows * head_width // 512, 4), 1)


def check_call(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> Call:
    """Refuse what the kernels cannot take, without a look at values on the device.

    Arguments are those of `kernels.attention.varlen_attention`.

    Raises:
        KernelInputError: If a tensor does not fit.
    """
    _check_heads(q, k, v)
    _check_devices(
        q, cu_seqlens=cu_seqlens, positions=positions, steps=steps, alibi_slopes=alibi_slopes
    )
    if cu_seqlens.dim() != 1 or cu_seqlens.dtype != torch.int32 or not len(cu_seqlens):
        raise KernelInputError(
            f"cu_seqlens is {describe(cu_seqlens)}; it must be (N + 1,) of int32. Use "
            "`cu_seqlens.to(torch.int32)`."
        )
    if (positions is None) != (steps is None):
        missing = "positions" if positions is None else "steps"
        raise KernelInputError(f"{missing} is missing; a rotation needs positions and steps.")
    if positions is not None and steps is not None:
        _check_phases(q, positions, steps)
    if alibi_slopes is not None and (
        alibi_slopes.shape != q.shape[1:2] or alibi_slopes.dtype != torch.float32
    ):
        raise KernelInputError(
            f"alibi_slopes is {describe(alibi_slopes)}; it must be ({q.shape[1]},) of float32, "
            "one slope per head."
        )
    scale = q.shape[2] ** -0.5 if scale is None else scale
    if not scale > 0:
        raise KernelInputError(f"scale is {scale}; it must be greater than 0.")
    return Call(
        q=q,
        k=k,
        v=v,
        cu_seqlens=cu_seqlens.contiguous(),
        positions=None if positions is None else positions.contiguous(),
        steps=None if steps is None else steps.contiguous(),
        alibi_slopes=None if alibi_slopes is None else alibi_slopes.contiguous(),
        scale=scale,
    )


def _check_heads(q: Tensor, k: Tensor, v: Tensor) -> None:
    if q.dim() != 3 or q.shape[2] not in HEAD_WIDTHS or q.dtype not in DTYPES:
        raise KernelInputError(
            f"q is {describe(q)}; it must be (T, H, D) with D of 16, 32, 64 or 128, in float32, "
            "float16 or bfloat16. Use kernels.reference for others."
        )
    for name, x in (("k", k), ("v", v)):
        if x.shape != q.shape or x.dtype != q.dtype or x.device != q.device:
            raise KernelInputError(
                f"{name} is {describe(x)}, but q is {describe(q)}; give both alike."
            )
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.stride(2) != 1:
            raise KernelInputError(
                f"Channels of {name} lie {x.stride(2)} apart; they must be neighbors. Use "
                f"`{name}.contiguous()`."
            )


def _check_devices(q: Tensor, **others: Tensor | None) -> None:
    for name, x in others.items():
        if x is not None and x.device != q.device:
            raise KernelInputError(
                f"{name} lies on {x.device}, but q on {q.device}. Use `{name}.to(q.device)`."
            )


def _check_phases(q: Tensor, positions: Tensor, steps: Tensor) -> None:
    if positions.shape != q.shape[:1] or positions.dtype not in PHASE_DTYPES:
        raise KernelInputError(
            f"positions is {describe(positions)}; it must be ({len(q)},) of int64 or float64, "
            "one per token."
        )
    fits = steps.dim() == 1 and 0 < 2 * len(steps) <= q.shape[2]
    if not fits or steps.dtype != positions.dtype:
        raise KernelInputError(
            f"steps is {describe(steps)}; it must be (P,) of {positions.dtype} as positions are, "
            f"with P from 1 to {q.shape[2] // 2}."
        )
