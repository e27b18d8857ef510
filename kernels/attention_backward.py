"""Backward kernels of packed attention: scores are computed anew from their log-sum-exp.

Sequences of one tile take one kernel for all three gradients. Longer ones take two, one with
queries for rows and one with keys, so that each gradient is written once, by one program; they get
queries and keys that are rotated already, and rotate the gradients back.
"""

from __future__ import annotations

import triton
import triton.language as tl

from kernels.attention_forward import LOG2_E, biased
from kernels.packed_rows import load_rows, store_rows


@triton.jit(do_not_specialize=["num_tokens"])
def whole_kernel(
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
    grad_ptr,
    grad_q_ptr,
    grad_k_ptr,
    grad_v_ptr,
    H: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ALIBI: tl.constexpr,
    ROWS: tl.constexpr,
    PRECISION: tl.constexpr,
) -> None:
    """Differentiate a sequence that is one tile, for one head."""
    head = tl.program_id(0) % H
    entry = tiles_ptr + tl.program_id(0) // H * 3
    start = tl.load(entry + 1).to(tl.int64)
    end = tl.load(entry + 2)
    if end == 0:
        return
    count = (end - start).to(tl.int32)
    slope = tl.load(slopes_ptr + head) if ALIBI else 0.0
    rows = tl.arange(0, ROWS)
    valid = rows < count
    wide = head.to(tl.int64)
    q_ptr += wide * q_head
    q = load_rows(q_ptr, q_stride, positions_ptr, steps_ptr, start, count, ROWS, D, PAIRS)
    k_ptr += wide * k_head
    k = load_rows(k_ptr, k_stride, positions_ptr, steps_ptr, start, count, ROWS, D, PAIRS)
    v = load_rows(v_ptr + wide * v_head, v_stride, None, None, start, count, ROWS, D, 0)
    out = load_rows(out_ptr + head * D, H * D, None, None, start, count, ROWS, D, 0)
    grad = load_rows(grad_ptr + head * D, H * D, None, None, start, count, ROWS, D, 0)
    lse = tl.load(lse_ptr + wide * num_tokens + start + rows, mask=valid, other=0.0)
    delta = tl.sum(out.to(tl.float32) * grad.to(tl.float32), 1)
    scores = tl.dot(q, tl.trans(k), input_precision=PRECISION)
    scores, factor = biased(scores, rows, rows, slope, scale, ALIBI)
    weights = tl.exp2(scores * factor - lse[:, None] * LOG2_E)
    weights = tl.where(valid[:, None] & valid[None, :], weights, 0.0)
    grad_v = tl.dot(tl.trans(weights.to(v.dtype)), grad, input_precision=PRECISION)
    store_rows(grad_v_ptr + head * D, H * D, None, None, start, count, grad_v, ROWS, D, 0)
    moved = tl.dot(grad, tl.trans(v), input_precision=PRECISION)
    grad_scores = (weights * (moved - delta[:, None])).to(q.dtype)
    grad_q = tl.dot(grad_scores, k, input_precision=PRECISION) * scale
    grad_k = tl.dot(tl.trans(grad_scores), q, input_precision=PRECISION) * scale
    store_rows(
        grad_q_ptr + head * D, H * D, positions_ptr, steps_ptr, start, count, grad_q, ROWS, D, PAIRS
    )
    store_rows(
        grad_k_ptr + head * D, H * D, positions_ptr, steps_ptr, start, count, grad_k, ROWS, D, PAIRS
    )


@triton.jit
def _grad_q_step(
    q,
    grad,
    lse,
    delta,
    grad_q,
    k_ptr,
    v_ptr,
    k_stride,
    v_stride,
    start,
    at,
    length,
    rows,
    slope,
    scale,
    COLUMNS: tl.constexpr,
    D: tl.constexpr,
    ALIBI: tl.constexpr,
    PRECISION: tl.constexpr,
    MASKED: tl.constexpr = True,  # noqa: FBT002 - kernels know no keyword-only arguments
):
    """Add what the keys from index `at` on give to the gradient of queries."""
    columns = at + tl.arange(0, COLUMNS)
    left = length - at
    first = start + at
    k = load_rows(k_ptr, k_stride, None, None, first, left, COLUMNS, D, 0, MASKED)
    v = load_rows(v_ptr, v_stride, None, None, first, left, COLUMNS, D, 0, MASKED)
    scores = tl.dot(q, tl.trans(k), input_precision=PRECISION)
    scores, factor = biased(scores, rows, columns, slope, scale, ALIBI)
    weights = tl.exp2(scores * factor - lse[:, None])
    if MASKED:
        weights = tl.where((columns < length)[None, :], weights, 0.0)
    moved = tl.dot(grad, tl.trans(v), input_precision=PRECISION)
    grad_scores = (weights * (moved - delta[:, None])).to(k.dtype)
    return tl.dot(grad_scores, k, grad_q, input_precision=PRECISION)


@triton.jit(do_not_specialize=["num_tokens"])
def grad_q_kernel(
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
    grad_ptr,
    grad_q_ptr,
    delta_ptr,
    H: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ALIBI: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PRECISION: tl.constexpr,
) -> None:
    """Differentiate the queries of one tile; leaves sum(out * grad) for `grad_kv_kernel`."""
    head = tl.program_id(0) % H
    entry = tiles_ptr + tl.program_id(0) // H * 3
    first, start = tl.load(entry).to(tl.int64), tl.load(entry + 1).to(tl.int64)
    end = tl.load(entry + 2)
    if end == 0:
        return
    length, count = (end - start).to(tl.int32), (end - first).to(tl.int32)
    wide = head.to(tl.int64)
    slope = tl.load(slopes_ptr + head) if ALIBI else 0.0
    rows = (first - start).to(tl.int32) + tl.arange(0, ROWS)
    valid = tl.arange(0, ROWS) < count
    at_rows = wide * num_tokens + first + tl.arange(0, ROWS)
    out = load_rows(out_ptr + head * D, H * D, None, None, first, count, ROWS, D, 0)
    grad = load_rows(grad_ptr + head * D, H * D, None, None, first, count, ROWS, D, 0)
    delta = tl.sum(out.to(tl.float32) * grad.to(tl.float32), 1)
    tl.store(delta_ptr + at_rows, delta, mask=valid)
    q_ptr += wide * q_head
    q = load_rows(q_ptr, q_stride, None, None, first, count, ROWS, D, 0)
    lse = tl.load(lse_ptr + at_rows, mask=valid, other=0.0) * LOG2_E
    k_ptr += wide * k_head
    v_ptr += wide * v_head
    grad_q = tl.zeros((ROWS, D), tl.float32)
    full = length // COLUMNS * COLUMNS
    for at in tl.range(0, full, COLUMNS):
        grad_q = _grad_q_step(
            q, grad, lse, delta, grad_q, k_ptr, v_ptr, k_stride, v_stride, start, at, length, rows,
            slope, scale, COLUMNS, D, ALIBI, PRECISION, MASKED=False,
        )  # fmt: skip
    if full < length:
        grad_q = _grad_q_step(
            q, grad, lse, delta, grad_q, k_ptr, v_ptr, k_stride, v_stride, start, full, length,
            rows, slope, scale, COLUMNS, D, ALIBI, PRECISION,
        )  # fmt: skip
    store_rows(
        grad_q_ptr + head * D, H * D, positions_ptr, steps_ptr, first, count, grad_q * scale,
        ROWS, D, PAIRS,
    )  # fmt: skip


@triton.jit
def _grad_kv_step(
    k,
    v,
    grad_k,
    grad_v,
    q_ptr,
    grad_ptr,
    lse_ptr,
    delta_ptr,
    q_stride,
    grad_stride,
    start,
    at,
    length,
    rows,
    slope,
    scale,
    COLUMNS: tl.constexpr,
    D: tl.constexpr,
    ALIBI: tl.constexpr,
    PRECISION: tl.constexpr,
    MASKED: tl.constexpr = True,  # noqa: FBT002 - kernels know no keyword-only arguments
):
    """Add what the queries from index `at` on give to the gradients of keys and values."""
    columns = at + tl.arange(0, COLUMNS)
    left = length - at
    first = start + at
    valid = columns < length
    q = load_rows(q_ptr, q_stride, None, None, first, left, COLUMNS, D, 0, MASKED)
    grad = load_rows(grad_ptr, grad_stride, None, None, first, left, COLUMNS, D, 0, MASKED)
    lse = tl.load(lse_ptr + start + columns, mask=valid, other=0.0) * LOG2_E
    delta = tl.load(delta_ptr + start + columns, mask=valid, other=0.0)
    scores = tl.dot(k, tl.trans(q), input_precision=PRECISION)
    scores, factor = biased(scores, rows, columns, slope, scale, ALIBI)
    weights = tl.exp2(scores * factor - lse[None, :])
    if MASKED:
        weights = tl.where(valid[None, :], weights, 0.0)
    grad_v = tl.dot(weights.to(v.dtype), grad, grad_v, input_precision=PRECISION)
    moved = tl.dot(v, tl.trans(grad), input_precision=PRECISION)
    grad_scores = (weights * (moved - delta[None, :])).to(q.dtype)
    return tl.dot(grad_scores, q, grad_k, input_precision=PRECISION), grad_v


@triton.jit(do_not_specialize=["num_tokens"])
def grad_kv_kernel(
    tiles_ptr,
    q_ptr,
    k_ptr,
    v_ptr,
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
    grad_ptr,
    grad_k_ptr,
    grad_v_ptr,
    delta_ptr,
    H: tl.constexpr,
    D: tl.constexpr,
    PAIRS: tl.constexpr,
    ALIBI: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PRECISION: tl.constexpr,
) -> None:
    """Differentiate the keys and values of one tile; keys are the rows here."""
    head = tl.program_id(0) % H
    entry = tiles_ptr + tl.program_id(0) // H * 3
    first, start = tl.load(entry).to(tl.int64), tl.load(entry + 1).to(tl.int64)
    end = tl.load(entry + 2)
    if end == 0:
        return
    length, count = (end - start).to(tl.int32), (end - first).to(tl.int32)
    wide = head.to(tl.int64)
    slope = tl.load(slopes_ptr + head) if ALIBI else 0.0
    rows = (first - start).to(tl.int32) + tl.arange(0, ROWS)
    k_ptr += wide * k_head
    k = load_rows(k_ptr, k_stride, None, None, first, count, ROWS, D, 0)
    v = load_rows(v_ptr + wide * v_head, v_stride, None, None, first, count, ROWS, D, 0)
    q_ptr += wide * q_head
    grad_ptr += head * D
    lse_ptr += wide * num_tokens
    delta_ptr += wide * num_tokens
    grad_k = tl.zeros((ROWS, D), tl.float32)
    grad_v = tl.zeros((ROWS, D), tl.float32)
    full = length // COLUMNS * COLUMNS
    for at in tl.range(0, full, COLUMNS):
        grad_k, grad_v = _grad_kv_step(
            k, v, grad_k, grad_v, q_ptr, grad_ptr, lse_ptr, delta_ptr, q_stride, H * D, start, at,
            length, rows, slope, scale, COLUMNS, D, ALIBI, PRECISION, MASKED=False,
        )  # fmt: skip
    if full < length:
        grad_k, grad_v = _grad_kv_step(
            k, v, grad_k, grad_v, q_ptr, grad_ptr, lse_ptr, delta_ptr, q_stride, H * D, start,
            full, length, rows, slope, scale, COLUMNS, D, ALIBI, PRECISION,
        )  # fmt: skip
    store_rows(
        grad_k_ptr + head * D, H * D, positions_ptr, steps_ptr, first, count, grad_k * scale,
        ROWS, D, PAIRS,
    )  # fmt: skip
    store_rows(grad_v_ptr + head * D, H * D, None, None, first, count, grad_v, ROWS, D, 0)
