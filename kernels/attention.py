"""Attention within packed sequences of any lengths, nothing padded: Triton kernels, forward.

Scores are never stored: a program keeps the rows of one tile (`kernels.tiles`) and walks over the
keys of its sequence with a running maximum and sum. Queries and keys can be rotated as they are
loaded, which saves the pass of a rotary kernel over memory.

No program adds to what another one writes, so results are bit for bit the same in every run, and
those of a sequence do not depend on its neighbors.

References:
    Dao 2023, FlashAttention-2, arXiv:2307.08691, algorithms 1 and 2.
    Press et al. 2022, Train short, test long, arXiv:2108.12409 (ALiBi), here on both sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from kernels.attention_backward import grad_kv_kernel, grad_q_kernel, whole_kernel
from kernels.attention_forward import forward_kernel
from kernels.errors import KernelInputError
from kernels.reference import describe
from kernels.tiles import Shape, list_tiles, shapes_for

HEAD_WIDTHS = (16, 32, 64, 128)
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
LOG2_E = math.log2(math.e)
PRECISION = "ieee"
"""Of float32 products: the matrix units round them to 10 bits, which plain torch does not."""


@dataclass(frozen=True, kw_only=True)
class _Call:
    """Inputs of one call, checked; `varlen_attention` describes them."""

    q: Tensor
    k: Tensor
    v: Tensor
    cu_seqlens: Tensor
    positions: Tensor | None
    steps: Tensor | None
    alibi_slopes: Tensor | None
    scale: float

    def pointers(self, *between: Tensor) -> tuple[Any, ...]:
        """Return the leading arguments of every kernel behind its tiles."""
        strides = [x.stride(i) for i in (0, 1) for x in (self.q, self.k, self.v)]
        phases = (self.positions, self.steps, self.alibi_slopes)
        return (self.q, self.k, self.v, *between, *phases, *strides, len(self.q))

    def constants(self, shape: Shape) -> dict[str, Any]:
        """Return what a kernel is compiled for, and its launch options."""
        return {
            "H": self.q.shape[1],
            "D": self.q.shape[2],
            "PAIRS": 0 if self.steps is None else len(self.steps),
            "ALIBI": self.alibi_slopes is not None,
            "ROWS": shape.rows,
            "PRECISION": PRECISION,
            "num_warps": shape.warps,
            "num_stages": shape.stages,
            "enable_fp_fusion": True,
        }


def varlen_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    *,
    positions: Tensor | None = None,
    steps: Tensor | None = None,
    alibi_slopes: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Let each token attend to all tokens of its own sequence.

    Differentiable in q, k and v, not in the slopes; always deterministic.

    Args:
        q: Queries, (T, H, D), D of 16, 32, 64 or 128; float32, float16 or bfloat16. Any strides
            with neighboring channels together, such as views of a fused projection.
        k: Keys, (T, H, D).
        v: Values, (T, H, D).
        cu_seqlens: Boundaries, (N + 1,), int32, on the device, ascending from 0 to T; a sequence
            may be empty.
        positions: Positions of the tokens, (T,), int64 or float64, which rotate q and k.
        steps: Phase of each pair per unit of position, (P,), P <= D / 2: int64 in 2**-64 turns or
            float64 in turns. Pairs are channels (c, c + P); those from 2 P on stay as they are.
        alibi_slopes: Of the bias `-slope * |i - j|` by index in the sequence, (H,), float32.
        scale: Factor of the scores, greater than 0; 1 / sqrt(D) when None.

    Returns:
        Attended values, (T, H, D), contiguous, in the dtype of q.

    Raises:
        KernelInputError: If a tensor does not fit this description.

    References:
        `kernels.reference.varlen_attention` says the same in plain torch.
    """
    out: Tensor = _Attention.apply(q, k, v, cu_seqlens, positions, steps, alibi_slopes, scale)
    return out


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, *rest: Any) -> Tensor:
        cu_seqlens, positions, steps, slopes, ctx.scale = rest
        out, lse = attention_forward(
            q,
            k,
            v,
            cu_seqlens,
            positions=positions,
            steps=steps,
            alibi_slopes=slopes,
            scale=ctx.scale,
        )
        ctx.save_for_backward(q, k, v, out, lse, cu_seqlens, positions, steps, slopes)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, positions, steps, slopes = ctx.saved_tensors
        grads = attention_backward(
            grad,
            *tensors,
            positions=positions,
            steps=steps,
            alibi_slopes=slopes,
            scale=ctx.scale,
        )
        return (*grads, None, None, None, None, None)


def attention_forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    *,
    positions: Tensor | None = None,
    steps: Tensor | None = None,
    alibi_slopes: Tensor | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Attend, without autograd; arguments as of `varlen_attention`.

    Returns:
        Attended values, (T, H, D), and natural log-sum-exp of the scores, (H, T), float32.

    Raises:
        KernelInputError: If a tensor does not fit.
    """
    call = _check(q, k, v, cu_seqlens, positions, steps, alibi_slopes, scale)
    out = q.new_empty(q.shape)
    lse = q.new_empty(q.shape[1], len(q), dtype=torch.float32)
    shapes = shapes_for(q.shape[2], q.dtype)
    with torch.cuda.device_of(q):
        tiles = list_tiles(call.cu_seqlens, len(q), shapes.forward.rows)
        for entries, shape, whole in (
            (tiles.long, shapes.forward, False),
            (tiles.middle, shapes.middle, True),
            (tiles.short, shapes.short, True),
        ):
            if len(entries):
                forward_kernel[(len(entries) * q.shape[1],)](
                    entries,
                    *call.pointers(out, lse),
                    call.scale * LOG2_E,
                    WHOLE=whole,
                    COLUMNS=shape.columns,
                    **call.constants(shape),
                )
    return out, lse


def attention_backward(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_seqlens: Tensor,
    *,
    positions: Tensor | None = None,
    steps: Tensor | None = None,
    alibi_slopes: Tensor | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Differentiate `attention_forward`, whose arguments and results these are.

    Args:
        grad: Gradient of the attended values, (T, H, D), any strides.
        q: Queries, as of the forward pass, not rotated; as all that follow.
        k: Keys.
        v: Values.
        out: Attended values.
        lse: Log-sum-exp of the scores.
        cu_seqlens: Boundaries.
        positions: Positions of the tokens.
        steps: Phase steps.
        alibi_slopes: Slopes of the bias.
        scale: Factor of the scores.

    Returns:
        Gradients of q, k and v, each (T, H, D), contiguous.

    Raises:
        KernelInputError: If a tensor does not fit.
    """
    call = _check(q, k, v, cu_seqlens, positions, steps, alibi_slopes, scale)
    grad, out = grad.contiguous(), out.contiguous()
    grads = q.new_empty(q.shape), q.new_empty(q.shape), q.new_empty(q.shape)
    with torch.cuda.device_of(q):
        _launch_backward(call, grad, out, lse, grads)
    return grads


def _launch_backward(
    call: _Call, grad: Tensor, out: Tensor, lse: Tensor, grads: tuple[Tensor, Tensor, Tensor]
) -> None:
    num_tokens, heads, width = call.q.shape
    shapes = shapes_for(width, call.q.dtype)
    tiles = list_tiles(call.cu_seqlens, num_tokens, shapes.grad_q.rows)
    if len(tiles.long):
        delta = torch.empty_like(lse)
        grid = (len(tiles.long) * heads,)
        grad_q_kernel[grid](
            tiles.long,
            *call.pointers(out, lse),
            call.scale,
            *(grad, grads[0], delta),
            COLUMNS=shapes.grad_q.columns,
            **call.constants(shapes.grad_q),
        )
        grad_kv_kernel[grid](
            tiles.long,
            *call.pointers(lse),
            call.scale,
            *(grad, grads[1], grads[2], delta),
            COLUMNS=shapes.grad_kv.columns,
            **call.constants(shapes.grad_kv),
        )
    for entries, shape in ((tiles.middle, shapes.middle), (tiles.short, shapes.short)):
        if len(entries):
            whole_kernel[(len(entries) * heads,)](
                entries,
                *call.pointers(out, lse),
                call.scale,
                *(grad, *grads),
                **call.constants(shape),
            )


def _check(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> _Call:
    """Refuse what the kernels cannot take; looks at no value on the device."""
    _check_heads(q, k, v)
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
    return _Call(
        q=q,
        k=k,
        v=v,
        cu_seqlens=cu_seqlens.contiguous(),
        positions=None if positions is None else positions.contiguous(),
        steps=None if steps is None else steps.contiguous(),
        alibi_slopes=alibi_slopes,
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


def _check_phases(q: Tensor, positions: Tensor, steps: Tensor) -> None:
    if positions.shape != q.shape[:1] or positions.dtype not in (torch.int64, torch.float64):
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
