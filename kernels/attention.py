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

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from kernels.attention_backward import grad_kv_kernel, grad_q_kernel, whole_kernel
from kernels.attention_call import Call, check_call
from kernels.attention_forward import forward_kernel
from kernels.tiles import list_tiles, shapes_for


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
    call = check_call(q, k, v, cu_seqlens, positions, steps, alibi_slopes, scale)
    out = q.new_empty(q.shape)
    lse = q.new_empty(q.shape[1], len(q), dtype=torch.float32)
    shapes = shapes_for(q.shape[2], q.dtype)
    with torch.cuda.device_of(q):
        tiles = list_tiles(call.cu_seqlens, len(q), shapes.forward.rows)
        turned = call.turned(tiles.long, shapes.forward.rows)
        long = replace(turned, positions=None, steps=None)
        for part, entries, shape, whole in (
            (long, tiles.long, shapes.forward, False),
            (call, tiles.middle, shapes.middle, True),
            (call, tiles.short, shapes.short, True),
        ):
            if len(entries):
                forward_kernel[(len(entries) * q.shape[1],)](
                    entries,
                    *part.pointers(out, lse),
                    call.scale,
                    WHOLE=whole,
                    COLUMNS=shape.columns,
                    **part.constants(shape),
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
    call = check_call(q, k, v, cu_seqlens, positions, steps, alibi_slopes, scale)
    grad, out = grad.contiguous(), out.contiguous()
    grads = q.new_empty(q.shape), q.new_empty(q.shape), q.new_empty(q.shape)
    with torch.cuda.device_of(q):
        _launch_backward(call, grad, out, lse, grads)
    return grads


def _launch_backward(
    call: Call, grad: Tensor, out: Tensor, lse: Tensor, grads: tuple[Tensor, Tensor, Tensor]
) -> None:
    num_tokens, heads, width = call.q.shape
    shapes = shapes_for(width, call.q.dtype)
    tiles = list_tiles(call.cu_seqlens, num_tokens, shapes.grad_q.rows)
    if len(tiles.long):
        long = call.turned(tiles.long, shapes.grad_q.rows)
        delta, grid = torch.empty_like(lse), (len(tiles.long) * heads,)
        grad_q_kernel[grid](
            tiles.long,
            *long.pointers(out, lse),
            call.scale,
            *(grad, grads[0], delta),
            COLUMNS=shapes.grad_q.columns,
            **long.constants(shapes.grad_q),
        )
        grad_kv_kernel[grid](
            tiles.long,
            *long.pointers(lse),
            call.scale,
            *(grad, grads[1], grads[2], delta),
            COLUMNS=shapes.grad_kv.columns,
            **long.constants(shapes.grad_kv),
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
