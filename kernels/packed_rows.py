"""Blocks of token rows as the attention kernels read and write them, rotated on the way.

A block is at most BLOCK neighboring tokens of one head. Where it is rotated, its channels come in
pairs: neighbors in the block are the two channels that turn together, (c, c + PAIRS) in memory.
Scores do not notice the order, since queries and keys share it, and no thread needs a channel of
another one.

A sequence that is one tile is rotated as it is loaded. The keys of a long one are read by each of
its tiles, and turning them anew for each would cost a third of the arithmetic of a head of 16
channels; `turn_kernel` turns them once, into memory that holds pairs as neighbors.
"""

from __future__ import annotations

import triton
import triton.language as tl

from kernels.rope import sine_cosine, turn_phase


@triton.jit
def rotation_of(
    positions_ptr, steps_ptr, first, rows, valid, PAIRS: tl.constexpr, D: tl.constexpr
) -> tuple[tl.tensor, tl.tensor]:
    """Compute how a block of tokens is rotated.

    Args:
        positions_ptr: Positions of all tokens, int64 or float64.
        steps_ptr: Phase steps of the pairs, of the same type.
        first: First token of the block.
        rows: Numbers of the tokens in the block, (BLOCK,).
        valid: Which of them exist, (BLOCK,).
        PAIRS: Rotated pairs.
        D: Channels of a head.

    Returns:
        Cosine and sine, each (BLOCK, D / 2), float32; 1 and 0 for pairs that pass through.
    """
    pair = tl.arange(0, D // 2)
    positions = tl.load(positions_ptr + first + rows, mask=valid, other=0)
    steps = tl.load(steps_ptr + pair, mask=pair < PAIRS, other=0)
    phase = turn_phase(
        positions[:, None], steps[None, :], positions_ptr.dtype.element_ty == tl.int64
    )
    sine, cosine = sine_cosine(phase)
    return cosine, sine


@triton.jit
def pair_channels(PAIRS: tl.constexpr, D: tl.constexpr) -> tuple[tl.tensor, tl.tensor]:
    """Return the first and second channel of each pair, each (D / 2,)."""
    pair = tl.arange(0, D // 2)
    if PAIRS * 2 == D:
        one, two = pair, pair + PAIRS
    else:
        turns = pair < PAIRS
        one = tl.where(turns, pair, pair + PAIRS)
        two = tl.where(turns, pair + PAIRS, pair + D // 2)
    return one, two


@triton.jit
def load_rows(
    x_ptr,
    stride,
    positions_ptr,
    steps_ptr,
    first,
    count,
    BLOCK: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    MASKED: tl.constexpr = True,  # noqa: FBT002 - kernels know no keyword-only arguments
) -> tl.tensor:
    """Load the rows of neighboring tokens, rotated where there are pairs.

    Args:
        x_ptr: Row of token 0 of the head, unit stride within.
        stride: Elements from one token to the next.
        positions_ptr: Positions of all tokens; unused without pairs.
        steps_ptr: Phase steps; unused without pairs.
        first: First token of the block, int64.
        count: Rows from it on that belong to the sequence.
        BLOCK: Rows of the block.
        D: Channels of a head.
        PAIRS: Rotated pairs; 0 leaves the rows as they are.
        MASKED: Whether `count` may be less than BLOCK; rows beyond it are 0.

    Returns:
        (BLOCK, D), in the dtype of x; channels in pairs where rotated.
    """
    rows = tl.arange(0, BLOCK)
    valid = rows < (count if MASKED else BLOCK)
    x_ptr += first * stride
    at = x_ptr + rows[:, None] * stride
    if PAIRS == 0:
        at += tl.arange(0, D)[None, :]
        loaded = tl.load(at, mask=valid[:, None], other=0.0) if MASKED else tl.load(at)
    else:
        one, two = pair_channels(PAIRS, D)
        at_one, at_two = at + one[None, :], at + two[None, :]
        if MASKED:
            x_one = tl.load(at_one, mask=valid[:, None], other=0.0).to(tl.float32)
            x_two = tl.load(at_two, mask=valid[:, None], other=0.0).to(tl.float32)
        else:
            x_one, x_two = tl.load(at_one).to(tl.float32), tl.load(at_two).to(tl.float32)
        cosine, sine = rotation_of(positions_ptr, steps_ptr, first, rows, valid, PAIRS, D)
        turned = tl.interleave(x_one * cosine - x_two * sine, x_two * cosine + x_one * sine)
        loaded = turned.to(x_ptr.dtype.element_ty)
    return loaded


@triton.jit
def store_rows(
    x_ptr,
    stride,
    positions_ptr,
    steps_ptr,
    first,
    count,
    value,
    BLOCK: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
) -> None:
    """Store the rows of neighboring tokens, rotated back where there are pairs.

    Args:
        x_ptr: Row of token 0 of the head, unit stride within.
        stride: Elements from one token to the next.
        positions_ptr: Positions of all tokens; unused without pairs.
        steps_ptr: Phase steps; unused without pairs.
        first: First token of the block, int64.
        count: Rows from it on that belong to the sequence.
        value: (BLOCK, D), float32; channels in pairs where there are pairs.
        BLOCK: Rows of the block.
        D: Channels of a head.
        PAIRS: Rotated pairs.
    """
    rows = tl.arange(0, BLOCK)
    valid = rows < count
    x_ptr += first * stride
    dtype = x_ptr.dtype.element_ty
    if PAIRS == 0:
        at = rows[:, None] * stride + tl.arange(0, D)[None, :]
        tl.store(x_ptr + at, value.to(dtype), mask=valid[:, None])
    else:
        one, two = pair_channels(PAIRS, D)
        cosine, sine = rotation_of(positions_ptr, steps_ptr, first, rows, valid, PAIRS, D)
        x_one, x_two = tl.split(tl.reshape(value, (BLOCK, D // 2, 2)))
        at = x_ptr + rows[:, None] * stride
        turned_one, turned_two = x_one * cosine + x_two * sine, x_two * cosine - x_one * sine
        tl.store(at + one[None, :], turned_one.to(dtype), mask=valid[:, None])
        tl.store(at + two[None, :], turned_two.to(dtype), mask=valid[:, None])


@triton.jit
def turn_kernel(
    tiles_ptr,
    q_ptr,
    k_ptr,
    turned_q_ptr,
    turned_k_ptr,
    positions_ptr,
    steps_ptr,
    q_stride,
    k_stride,
    q_head,
    k_head,
    H: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ROWS: tl.constexpr,
) -> None:
    """Rotate the queries and keys of one tile of one head into (T, H, D), channels in pairs."""
    head = tl.program_id(0) % H
    entry = tiles_ptr + tl.program_id(0) // H * 3
    first, end = tl.load(entry).to(tl.int64), tl.load(entry + 2)
    if end == 0:
        return
    count = (end - first).to(tl.int32)
    q_ptr += head.to(tl.int64) * q_head
    k_ptr += head.to(tl.int64) * k_head
    # Both are loaded before either is stored: the compiler shares their rotation.
    q = load_rows(q_ptr, q_stride, positions_ptr, steps_ptr, first, count, ROWS, D, PAIRS)
    k = load_rows(k_ptr, k_stride, positions_ptr, steps_ptr, first, count, ROWS, D, PAIRS)
    store_rows(turned_q_ptr + head * D, H * D, None, None, first, count, q, ROWS, D, 0)
    store_rows(turned_k_ptr + head * D, H * D, None, None, first, count, k, ROWS, D, 0)
