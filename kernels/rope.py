"""Rotary positions of packed tokens on a GPU: queries and keys in one launch, no table in memory.

A block takes some tokens, computes the rotation of each pair of channels once, and passes over the
heads, several at a time where they are small. The phase is reduced to 32 bits of a turn with
integers (or, for float64 positions, with one exact fused multiply-add), and sine and cosine are
polynomials on an eighth of a turn: `tl.sin` and `tl.cos` reduce their argument with a table in
local memory, at 153 registers and 192 local loads.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.errors import KernelInputError
from kernels.reference import check_rotary, describe

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
LEAST_WIDTH, MOST_WIDTH = 8, 128
NUM_WARPS = 4
ACCESS_BYTES = 16  # the widest access of one thread
LINE_BYTES, SECTOR_BYTES = 128, 32  # of the cache, and the part of a line that is moved alone
LARGEST_UNIT = 16  # elements; a common divisor of strides beyond it tells the compiler nothing new


@triton.jit
def turn_phase(positions, steps, IS_FIXED: tl.constexpr) -> tl.tensor:
    """Return position times step modulo one turn, in 2**-32 turns, int32."""
    product = positions * steps
    if IS_FIXED:
        phase = product >> 32
    else:
        whole = tl.floor(product)
        # Fused, so the product is not rounded before the whole turns are taken off.
        phase = (tl.fma(positions, steps, -whole) * 4294967296.0).to(tl.int64)
    return phase.to(tl.int32)


@triton.jit
def sine_cosine(phase) -> tuple[tl.tensor, tl.tensor]:
    """Return sine and cosine of a phase in 2**-32 turns, float32, within 2e-7.

    The nearest quarter turn is taken off; polynomials, fitted for the least largest error, cover
    the eighth of a turn on both sides of it (errors 1.2e-9 and 5e-11 before rounding).
    """
    quarter = (phase + 536870912) >> 30
    # The shift drops the quarters; what is left is signed, in 2**-34 turns.
    left = (phase << 2).to(tl.float32) * 5.820766091346741e-11
    square = left * left
    sine = -75.23947955 * square + 81.58811094
    sine = sine * square - 41.34162795
    sine = (sine * square + 6.28318522) * left
    cosine = 59.22000085 * square - 85.44284102
    cosine = cosine * square + 64.93931612
    cosine = cosine * square - 19.73920865
    cosine = cosine * square + 1.0
    is_odd = (quarter & 1) != 0
    first = tl.where(is_odd, cosine, sine)
    second = tl.where(is_odd, sine, cosine)
    first = tl.where((quarter & 2) != 0, -first, first)
    return first, tl.where(((quarter + 1) & 2) != 0, -second, second)


@triton.jit
def _rotate_pair(first, second, sine, cosine):
    first, second = first.to(tl.float32), second.to(tl.float32)
    return first * cosine - second * sine, second * cosine + first * sine


@triton.jit
def _places(tokens, heads, channels, stride_t, stride_h, UNIT: tl.constexpr):
    return tokens * stride_t * UNIT + heads * stride_h * UNIT + channels


@triton.jit(do_not_specialize=["num_tokens"])
def rotary_kernel(
    q_ptr,
    k_ptr,
    out_q_ptr,
    out_k_ptr,
    positions_ptr,
    steps_ptr,
    num_tokens,
    num_q_heads,
    num_k_heads,
    stride_qt,
    stride_qh,
    stride_kt,
    stride_kh,
    stride_out_qt,
    stride_out_qh,
    stride_out_kt,
    stride_out_kh,
    UNIT: tl.constexpr,  # elements in which the strides are counted, so that accesses are wide
    PAIRS: tl.constexpr,
    REST: tl.constexpr,  # channels that pass through; 0 in place
    IS_FIXED: tl.constexpr,
    INVERSE: tl.constexpr,
    BLOCK_T: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_P: tl.constexpr,
    BLOCK_R: tl.constexpr,
) -> None:
    """Rotate (T, H, D) queries and (T, H', D) keys, BLOCK_T tokens in each program."""
    tokens = tl.program_id(0).to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)
    pairs = tl.arange(0, BLOCK_P)
    positions = tl.load(positions_ptr + tokens, mask=tokens < num_tokens, other=0)
    steps = tl.load(steps_ptr + pairs, mask=pairs < PAIRS, other=0)
    phase = turn_phase(positions[:, None, None], steps[None, None, :], IS_FIXED)
    sine, cosine = sine_cosine(phase)
    if INVERSE:
        sine = -sine
    tokens, pairs = tokens[:, None, None], pairs[None, None, :]
    is_pair = (tokens < num_tokens) & (pairs < PAIRS)
    rest = tl.arange(0, BLOCK_R)[None, None, :]
    is_rest = (tokens < num_tokens) & (rest < REST)
    for first_head in range(0, tl.maximum(num_q_heads, num_k_heads), BLOCK_H):
        heads = first_head + tl.arange(0, BLOCK_H).to(tl.int64)[None, :, None]
        is_q, is_k = heads < num_q_heads, heads < num_k_heads
        q_at = q_ptr + _places(tokens, heads, pairs, stride_qt, stride_qh, UNIT)
        k_at = k_ptr + _places(tokens, heads, pairs, stride_kt, stride_kh, UNIT)
        in_q, in_k = is_pair & is_q, is_pair & is_k
        # All are loaded before any is stored: four accesses in flight in each thread.
        q_first, q_second = tl.load(q_at, mask=in_q), tl.load(q_at + PAIRS, mask=in_q)
        k_first, k_second = tl.load(k_at, mask=in_k), tl.load(k_at + PAIRS, mask=in_k)
        to_q = out_q_ptr + _places(tokens, heads, pairs, stride_out_qt, stride_out_qh, UNIT)
        to_k = out_k_ptr + _places(tokens, heads, pairs, stride_out_kt, stride_out_kh, UNIT)
        first, second = _rotate_pair(q_first, q_second, sine, cosine)
        tl.store(to_q, first, mask=in_q)
        tl.store(to_q + PAIRS, second, mask=in_q)
        first, second = _rotate_pair(k_first, k_second, sine, cosine)
        tl.store(to_k, first, mask=in_k)
        tl.store(to_k + PAIRS, second, mask=in_k)
        if REST > 0:
            channels, in_q, in_k = 2 * PAIRS + rest, is_rest & is_q, is_rest & is_k
            q_at = q_ptr + _places(tokens, heads, channels, stride_qt, stride_qh, UNIT)
            k_at = k_ptr + _places(tokens, heads, channels, stride_kt, stride_kh, UNIT)
            to_q = out_q_ptr + _places(tokens, heads, channels, stride_out_qt, stride_out_qh, UNIT)
            to_k = out_k_ptr + _places(tokens, heads, channels, stride_out_kt, stride_out_kh, UNIT)
            q_rest, k_rest = tl.load(q_at, mask=in_q), tl.load(k_at, mask=in_k)
            tl.store(to_q, q_rest, mask=in_q)
            tl.store(to_k, k_rest, mask=in_k)


def rotary(
    q: Tensor,
    k: Tensor,
    positions: Tensor,
    steps: Tensor,
    *,
    inverse: bool = False,
    inplace: bool = False,
) -> tuple[Tensor, Tensor]:
    """Rotate queries and keys by the positions of their tokens, in one launch.

    Differentiable in q and k; the gradient is the rotation back, so nothing of their size is kept.
    Cosines are within 1e-6 of the exact ones at any integer position; float64 positions carry
    the rounding of their steps, 1e-16 of the turns made.

    Args:
        q: Queries, (T, H, D), D from 8 to 128, float32, float16 or bfloat16, any strides; fastest
            with neighboring channels together, such as views of a fused projection.
        k: Keys, (T, H', D).
        positions: (T,), int64 in base pairs, or float64 in any unit.
        steps: (P,), int64 in 2**-64 turns per base pair, or float64 in turns per unit; 2 P <= D.
        inverse: Rotate back.
        inplace: Overwrite `q` and `k`; else they are left as they were.

    Returns:
        The rotated queries and keys, of the shapes and dtypes of `q` and `k`.

    Raises:
        KernelInputError: If shapes, dtypes or the head width are not as above.

    References:
        Su et al. 2021, RoFormer, arXiv:2104.09864, equation 34.
    """
    check_rotary(q, k, positions, steps)
    if q.dtype not in DTYPES or not LEAST_WIDTH <= q.shape[2] <= MOST_WIDTH:
        raise KernelInputError(
            f"The rotary kernel got queries {describe(q)}. It takes heads of {LEAST_WIDTH} to "
            f"{MOST_WIDTH} channels in float32, float16 or bfloat16; use kernels.reference.rotary."
        )
    if torch.is_grad_enabled() and (q.requires_grad or k.requires_grad):
        turned: tuple[Tensor, Tensor] = _Rotary.apply(q, k, positions, steps, inverse, inplace)
        return turned
    return _rotate(q, k, positions, steps, inverse=inverse, inplace=inplace)


class _Rotary(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        positions: Tensor,
        steps: Tensor,
        inverse: bool,  # noqa: FBT001 - autograd passes no keywords
        inplace: bool,  # noqa: FBT001
    ) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(positions, steps)
        ctx.inverse = inverse
        if inplace:
            ctx.mark_dirty(q, k)
        return _rotate(q, k, positions, steps, inverse=inverse, inplace=inplace)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_q, grad_k = grads
        back = rotary(grad_q, grad_k, *ctx.saved_tensors, inverse=not ctx.inverse)
        return (*back, None, None, None, None)


def _rotate(
    q: Tensor, k: Tensor, positions: Tensor, steps: Tensor, *, inverse: bool, inplace: bool
) -> tuple[Tensor, Tensor]:
    """Launch the kernel, if there is anything to rotate."""
    source_q, source_k = (x if x.stride(2) == 1 else x.contiguous() for x in (q, k))
    if inplace and source_q is q and source_k is k:
        out_q, out_k = q, k
    else:
        out_q, out_k = (torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in (q, k))
    if q.numel() or k.numel():
        tensors = (source_q, source_k, out_q, out_k)
        _launch(tensors, positions.contiguous(), steps.contiguous(), inverse=inverse)
    if inplace and out_q is not q:
        return q.copy_(out_q), k.copy_(out_k)
    return out_q, out_k


def _launch(
    tensors: tuple[Tensor, Tensor, Tensor, Tensor],
    positions: Tensor,
    steps: Tensor,
    *,
    inverse: bool,
) -> None:
    q, k, out_q, _ = tensors
    pairs = len(steps)
    heads = max(q.shape[1], k.shape[1])
    shape = block_shape(pairs, heads, q.shape[2], q.element_size(), copies=out_q is not q)
    strides = [stride for x in tensors for stride in x.stride()[:2]]
    unit = math.gcd(LARGEST_UNIT, *strides)
    with torch.cuda.device(q.device) if q.is_cuda else nullcontext():
        rotary_kernel[(triton.cdiv(len(q), shape["BLOCK_T"]),)](
            *tensors,
            positions,
            steps,
            *q.shape[:2],
            k.shape[1],
            *(stride // unit for stride in strides),
            UNIT=unit,
            PAIRS=pairs,
            IS_FIXED=positions.dtype == torch.int64,
            INVERSE=inverse,
            **shape,
            num_warps=NUM_WARPS,
            enable_fp_fusion=True,
        )


def block_shape(
    pairs: int, num_heads: int, head_width: int, element_bytes: int, *, copies: bool
) -> dict[str, int]:
    """Return the constants of the kernel that follow from the shape of a token.

    A thread holds as many neighboring channels of both halves as one access carries. Where halves
    do not begin at multiples of that, accesses are narrower and a thread holds fewer.

    Args:
        pairs: Rotated pairs, P.
        num_heads: H.
        head_width: D.
        element_bytes: 2 or 4.
        copies: Whether the channels that pass through are copied, as they are out of place.

    Returns:
        REST, BLOCK_T, BLOCK_H, BLOCK_P and BLOCK_R.
    """
    num_threads, widest = 32 * NUM_WARPS, ACCESS_BYTES // element_bytes
    rest = head_width - 2 * pairs if copies else 0
    block_pairs, block_rest, most_heads = (
        triton.next_power_of_2(max(n, 1)) for n in (pairs, rest, num_heads)
    )
    head_bytes = triton.next_power_of_2(head_width * element_bytes)
    # Halves of a sector or less: heads that fill a line keep a warp on few lines at a time.
    block_heads = min(most_heads, LINE_BYTES // head_bytes) if head_bytes <= SECTOR_BYTES else 1
    aligned = pairs & -pairs  # the largest power of two in it
    rotated = num_threads * min(widest, max(aligned, 1)) // (block_heads * block_pairs)
    copied = num_threads * widest // (block_heads * block_rest)
    return {
        "REST": rest,
        "BLOCK_T": max(min(rotated, copied), 1),
        "BLOCK_H": block_heads,
        "BLOCK_P": block_pairs,
        "BLOCK_R": block_rest,
    }
