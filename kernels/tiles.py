"""The flat list of tiles that spreads packed sequences over a device, and the sizes of tiles.

Sequences of a tumor batch are mostly short, and a few are huge. Each tile is a block of rows of one
sequence: SHORT sequences (at most 16 rows) and MIDDLE ones (at most 64) are one tile each, with
programs as small as they are; longer ones are cut into tiles of equal height, those of the longest
sequences first, so that none starts when the others end. A program never sees two sequences, so a
sequence's result cannot depend on its neighbors.

The list is made on the device from the boundaries, and its capacity follows from T and N alone,
so that nothing waits for the device, and nothing is compiled anew when T and N change. Entries that
stay empty hold zeros, and their programs end at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

SHORT = 16
MIDDLE = 64
FIELDS = 3
"""Of an entry: first row of the tile, first and end row of its sequence; int32."""

PLAN_BLOCK = 512
PLAN_WARPS = 8


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a kernel cuts its work."""

    rows: int  # of its own in a program
    columns: int  # of the other side in a step of its loop
    warps: int
    stages: int = 2  # steps of the loop in flight


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """How the kernels cut their work for one width of heads, by kind of tile.

    Raises:
        ValueError: If the two backward passes of long sequences differ in rows: they share a list.
    """

    short: Shape
    middle: Shape
    forward: Shape
    grad_q: Shape
    grad_kv: Shape

    def __post_init__(self) -> None:
        """Refuse lists that cannot be shared."""
        if self.grad_q.rows != self.grad_kv.rows:
            raise ValueError(
                f"Tiles of the backward passes have {self.grad_q.rows} and {self.grad_kv.rows} "
                "rows; give both the same."
            )


def _shapes(
    short_warps: int, middle_warps: int, forward: Shape, grad_q: Shape, grad_kv: Shape
) -> Shapes:
    return Shapes(
        short=Shape(rows=SHORT, columns=SHORT, warps=short_warps),
        middle=Shape(rows=MIDDLE, columns=MIDDLE, warps=middle_warps),
        forward=forward,
        grad_q=grad_q,
        grad_kv=grad_kv,
    )


_SMALL = Shape(rows=64, columns=32, warps=4)
_SQUARE = Shape(rows=64, columns=64, warps=4)
_SPREAD = Shape(rows=64, columns=32, warps=8)
_TALL = Shape(rows=128, columns=64, warps=8)
_NARROW = Shape(rows=128, columns=64, warps=4, stages=3)
_SINGLE = Shape(rows=64, columns=32, warps=8, stages=1)
_HALF = {
    16: _shapes(1, 4, _NARROW, _SQUARE, _SQUARE),
    32: _shapes(1, 4, _TALL, _SQUARE, _SMALL),
    64: _shapes(1, 4, _TALL, _SQUARE, _SMALL),
    128: _shapes(4, 8, _TALL, _SMALL, _SPREAD),
}
_FLOAT = {
    16: _shapes(1, 4, _SMALL, _SMALL, _SMALL),
    32: _shapes(1, 4, _SMALL, _SMALL, _SMALL),
    64: _shapes(4, 8, _SMALL, _SPREAD, _SPREAD),
    128: _shapes(4, 8, _SPREAD, _SPREAD, _SINGLE),
}


def shapes_for(head_width: int, dtype: torch.dtype) -> Shapes:
    """Return how work is cut, chosen by registers and spills in the machine code.

    Registers are spilled only in float32, by heads of 32 and more.

    Args:
        head_width: 16, 32, 64 or 128.
        dtype: float32, float16 or bfloat16.

    Returns:
        Shapes of all kernels; the same on all architectures.
    """
    return (_FLOAT if dtype == torch.float32 else _HALF)[head_width]


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Tiles of a batch, by kind; each (capacity, 3), int32, empty entries are 0."""

    short: Tensor
    middle: Tensor
    long: Tensor


def list_tiles(cu_seqlens: Tensor, num_tokens: int, rows: int) -> Tiles:
    """List the tiles of a batch, without waiting for the device.

    Args:
        cu_seqlens: Boundaries, (N + 1,), int32, on the device.
        num_tokens: T.
        rows: Rows of a tile of a long sequence.

    Returns:
        The tiles: sequences in their order, long ones by descending length class.
    """
    num_sequences = len(cu_seqlens) - 1
    short = _round_up(min(num_sequences, num_tokens))
    middle = _round_up(min(num_sequences, num_tokens // (SHORT + 1)))
    num_long = min(num_sequences, num_tokens // (MIDDLE + 1))
    long = num_tokens // rows + num_long
    entries = cu_seqlens.new_zeros(short + middle + long, FIELDS)
    if len(entries):
        list_kernel[(1,)](
            cu_seqlens,
            entries,
            num_sequences,
            short,
            short + middle,
            SHORT=SHORT,
            MIDDLE=MIDDLE,
            ROWS=rows,
            FIELDS=FIELDS,
            BLOCK=PLAN_BLOCK,
            num_warps=PLAN_WARPS,
            enable_fp_fusion=True,
        )
    parts = entries.split((short, middle, long))
    return Tiles(short=parts[0], middle=parts[1], long=parts[2])


def _round_up(capacity: int) -> int:
    """Let the next part of the list begin at a multiple of 16 bytes: kernels assume it."""
    return -(-capacity // 4) * 4


@triton.jit
def _tiles_by_class(
    bounds_ptr,
    at,
    num_sequences,
    SHORT: tl.constexpr,
    MIDDLE: tl.constexpr,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Count the tiles of each of BLOCK sequences, (BLOCK, 8), in the column of its class."""
    i = at + tl.arange(0, BLOCK)
    valid = i < num_sequences
    start = tl.load(bounds_ptr + i, mask=valid, other=0)
    end = tl.load(bounds_ptr + i + 1, mask=valid, other=0)
    length = end - start
    tiles = (length + ROWS - 1) // ROWS
    # Classes: 0 short, 1 middle, 2 to 5 long, the longest first.
    long = 5 - (tiles >= 16).to(tl.int32) - (tiles >= 64).to(tl.int32) - (tiles >= 256).to(tl.int32)
    kind = tl.where(length <= SHORT, 0, tl.where(length <= MIDDLE, 1, long))
    tiles = tl.where(length <= 0, 0, tl.where(kind < 2, 1, tiles))
    counts = tl.where(kind[:, None] == tl.arange(0, 8)[None, :], tiles[:, None], 0)
    return start, end, tiles, counts


@triton.jit(do_not_specialize=["num_sequences", "middle_at", "long_at"])
def list_kernel(
    bounds_ptr,
    entries_ptr,
    num_sequences,
    middle_at,
    long_at,
    SHORT: tl.constexpr,
    MIDDLE: tl.constexpr,
    ROWS: tl.constexpr,
    FIELDS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Write the entries of all tiles; one program, two passes over the boundaries."""
    totals = tl.zeros((8,), tl.int32)
    for at in range(0, num_sequences, BLOCK):
        _, _, _, counts = _tiles_by_class(bounds_ptr, at, num_sequences, SHORT, MIDDLE, ROWS, BLOCK)
        totals += tl.sum(counts, 0)
    classes = tl.arange(0, 8)
    of_long = tl.where(classes >= 2, totals, 0)
    place = tl.where(classes == 1, middle_at, long_at + tl.cumsum(of_long, 0) - of_long)
    place = tl.where(classes == 0, 0, place)
    for at in range(0, num_sequences, BLOCK):
        start, end, tiles, counts = _tiles_by_class(
            bounds_ptr, at, num_sequences, SHORT, MIDDLE, ROWS, BLOCK
        )
        before = tl.cumsum(counts, 0) - counts + place[None, :]
        entry = entries_ptr + FIELDS * tl.sum(tl.where(counts > 0, before, 0), 1)
        for i in range(tl.max(tiles, 0)):
            tl.store(entry + FIELDS * i, start + ROWS * i, mask=i < tiles)
            tl.store(entry + FIELDS * i + 1, start, mask=i < tiles)
            tl.store(entry + FIELDS * i + 2, end, mask=i < tiles)
        place += tl.sum(counts, 0)
