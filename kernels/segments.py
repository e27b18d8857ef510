"""Means of packed segments on a GPU, the same bits in every run and beside any neighbors.

PyTorch has two ways: `index_add` adds with atomics, in an order that differs from run to run, and
`segment_reduce` leaves each channel of a segment to one thread, which walks 20,000 rows alone.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.reference import check_segments

ROWS = 64
MOST_CHANNELS = 64  # of a program


@triton.jit
def mean_kernel(
    x_ptr,
    bounds_ptr,
    out_ptr,
    stride_x,
    D: tl.constexpr,
    ROWS: tl.constexpr,
    BLOCK_D: tl.constexpr,
) -> None:
    """Average the rows of one segment, BLOCK_D channels of it."""
    segment = tl.program_id(0).to(tl.int64)
    start = tl.load(bounds_ptr + segment).to(tl.int64)
    length = (tl.load(bounds_ptr + segment + 1) - start).to(tl.int32)
    rows = tl.arange(0, ROWS)[:, None]
    channels = tl.program_id(1) * BLOCK_D + tl.arange(0, BLOCK_D)
    x_ptr += start * stride_x + channels[None, :]
    total = tl.zeros((ROWS, BLOCK_D), tl.float32)
    for at in range(0, length, ROWS):
        mask = (at + rows < length) & (channels < D)[None, :]
        places = (at + rows).to(tl.int64) * stride_x
        total += tl.load(x_ptr + places, mask=mask, other=0.0).to(tl.float32)
    mean = tl.sum(total, 0) / tl.maximum(length, 1).to(tl.float32)
    tl.store(out_ptr + segment * D + channels, mean, mask=channels < D)


def segment_mean(x: Tensor, cu_seqlens: Tensor) -> Tensor:
    """Average the rows of each segment, without autograd; always deterministic.

    Args:
        x: Packed rows, (T, D), float32, float16 or bfloat16, any strides.
        cu_seqlens: Boundaries, (N + 1,), int32, on the device, ascending from 0 to T.

    Returns:
        Means, (N, D), in the dtype of x, summed in float32; zeros for an empty segment.

    Raises:
        KernelInputError: If x or the boundaries have another shape or dtype.
    """
    check_segments(x, cu_seqlens)
    num_segments, width = len(cu_seqlens) - 1, x.shape[1]
    means = x.new_empty(num_segments, width)
    block = min(triton.next_power_of_2(max(width, 1)), MOST_CHANNELS)
    x = x if x.stride(1) == 1 else x.contiguous()
    if means.numel():
        with torch.cuda.device_of(x):
            mean_kernel[(num_segments, triton.cdiv(width, block))](
                x,
                cu_seqlens.contiguous(),
                means,
                x.stride(0),
                D=width,
                ROWS=ROWS,
                BLOCK_D=block,
                enable_fp_fusion=True,
            )
    return means
