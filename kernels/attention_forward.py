"""Forward kernel of packed attention; `kernels.attention` says what it computes."""

from __future__ import annotations

import triton
import triton.language as tl

from kernels.packed_rows import load_rows, store_rows

LOG2_E = tl.constexpr(1.4426950408889634)
"""Exponentials are powers of two inside the kernels, which is what the hardware computes."""

LN_2 = tl.constexpr(0.6931471805599453)


@triton.jit
def biased(scores, rows, columns, slope, scale, ALIBI: tl.constexpr) -> tuple[tl.tensor, tl.tensor]:
    """Bring raw scores to base 2.

    Args:
        scores: Products of queries and keys, two-dimensional.
        rows: Indices in the sequence along the first dimension.
        columns: Indices in the sequence along the second.
        slope: ALiBi slope.
        scale: Factor of the scores.
        ALIBI: Whether there is a bias.

    Returns:
        Scores and the factor that they still need: one multiply-add of the exponent takes it.
    """
    scale *= LOG2_E
    if ALIBI:
        distance = tl.abs(rows[:, None] - columns[None, :]).to(tl.float32)
        scores, factor = scores * scale - slope * LOG2_E * distance, 1.0
    else:
        factor = scale
    return scores, factor


@triton.jit
def _step(
    q,
    acc,
    total,
    peak,
    k_ptr,
    v_ptr,
    k_stride,
    v_stride,
    positions_ptr,
    steps_ptr,
    start,
    at,
    length,
    rows,
    slope,
    scale,
    COLUMNS: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ALIBI: tl.constexpr,
    PRECISION: tl.constexpr,
    MASKED: tl.constexpr = True,  # noqa: FBT002 - kernels know no keyword-only arguments
):
    """Take the keys from index `at` on into the running maximum, sum and average."""
    columns = at + tl.arange(0, COLUMNS)
    first = start + at
    k = load_rows(
        k_ptr, k_stride, positions_ptr, steps_ptr, first, length - at, COLUMNS, D, PAIRS, MASKED
    )
    v = load_rows(v_ptr, v_stride, None, None, first, length - at, COLUMNS, D, 0, MASKED)
    scores = tl.dot(q, tl.trans(k), input_precision=PRECISION)
    scores, factor = biased(scores, rows, columns, slope, scale, ALIBI)
    if MASKED:
        scores = tl.where((columns < length)[None, :], scores, float("-inf"))
    new_peak = tl.maximum(peak, tl.max(scores, 1) * factor)
    weights = tl.exp2(scores * factor - new_peak[:, None])
    fade = tl.exp2(peak - new_peak)
    total = total * fade + tl.sum(weights, 1)
    acc = tl.dot(weights.to(v.dtype), v, acc * fade[:, None], input_precision=PRECISION)
    return acc, total, new_peak


@triton.jit(do_not_specialize=["num_tokens"])
def forward_kernel(
    tiles_ptr,
    q_ptr,
    k_ptr,
    v_ptr,
    out_ptr,
    lse_ptr,
    positions_ptr,
    steps_ptr,
    slopes_ptr,
    q_stride,
    k_stride,
    v_stride,
    q_head,
    k_head,
    v_head,
    num_tokens,
    scale,
    H: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ALIBI: tl.constexpr,
    WHOLE: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PRECISION: tl.constexpr,
) -> None:
    """Attend from the rows of one tile of one head; heads of a tile are neighbors in the grid."""
    head = tl.program_id(0) % H
    entry = tiles_ptr + tl.program_id(0) // H * 3
    first, start = tl.load(entry).to(tl.int64), tl.load(entry + 1).to(tl.int64)
    end = tl.load(entry + 2)
    if end == 0:
        return
    length = (end - start).to(tl.int32)
    q_ptr += head.to(tl.int64) * q_head
    k_ptr += head.to(tl.int64) * k_head
    v_ptr += head.to(tl.int64) * v_head
    slope = tl.load(slopes_ptr + head) if ALIBI else 0.0
    count = (end - first).to(tl.int32)
    rows = (first - start).to(tl.int32) + tl.arange(0, ROWS)
    q = load_rows(q_ptr, q_stride, positions_ptr, steps_ptr, first, count, ROWS, D, PAIRS)
    acc = tl.zeros((ROWS, D), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    peak = tl.full((ROWS,), float("-inf"), tl.float32)
    full = 0 if WHOLE else length // COLUMNS * COLUMNS
    if not WHOLE:
        for at in tl.range(0, full, COLUMNS):
            acc, total, peak = _step(
                q, acc, total, peak, k_ptr, v_ptr, k_stride, v_stride, positions_ptr, steps_ptr,
                start, at, length, rows, slope, scale, COLUMNS, D, PAIRS, ALIBI, PRECISION,
                MASKED=False,
            )  # fmt: skip
    if full < length:
        acc, total, peak = _step(
            q, acc, total, peak, k_ptr, v_ptr, k_stride, v_stride, positions_ptr, steps_ptr,
            start, full, length, rows, slope, scale, COLUMNS, D, PAIRS, ALIBI, PRECISION,
        )  # fmt: skip
    store_rows(
        out_ptr + head * D, H * D, None, None, first, count, acc / total[:, None], ROWS, D, 0
    )
    lse = (peak + tl.log2(total)) * LN_2
    at_rows = head.to(tl.int64) * num_tokens + first + tl.arange(0, ROWS)
    tl.store(lse_ptr + at_rows, lse, mask=tl.arange(0, ROWS) < count)
