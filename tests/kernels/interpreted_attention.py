from __future__ import annotations

import pytest
import torch

from kernels.attention import varlen_attention
from kernels.tiles import list_tiles
from tests.kernels import attention_cases as cases

DTYPES = (torch.float32, torch.float16)


@pytest.mark.parametrize("case", cases.CASES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numbers(case: cases.Case, dtype: torch.dtype) -> None:
    cases.check_numbers(varlen_attention, case, dtype)
    assert dtype.is_floating_point


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_neighbors(dtype: torch.dtype) -> None:
    cases.check_neighbors(varlen_attention, dtype)
    assert dtype.is_floating_point


def test_large_scores() -> None:
    cases.check_large_scores(varlen_attention)
    assert cases.FLOOR > 0


@pytest.mark.parametrize(
    "lengths",
    [(20_000,), (1,) * 10_000, (1,) * 700 + (65, 20_000, 0, 17, 300, 5000, 16, 64, 2000), (0, 0)],
    ids=["one", "ones", "mixed", "empty"],
)
def test_tiles(lengths: tuple[int, ...]) -> None:
    bounds = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    tiles = list_tiles(bounds, int(bounds[-1]), 64)
    found = torch.cat([tiles.short, tiles.middle, tiles.long])
    found = found[found[:, 2] > 0]
    spans = [torch.arange(f, min(f + 64, e)) for f, _, e in found.tolist()]
    covered = torch.cat(spans) if spans else torch.arange(0)
    assert torch.equal(covered.sort().values, torch.arange(int(bounds[-1])))
    for entries, least, most in ((tiles.short, 1, 16), (tiles.middle, 17, 64)):
        heights = entries[:, 2] - entries[:, 1]
        assert ((heights == 0) | ((heights >= least) & (heights <= most))).all()
    heights = tiles.long[:, 2] - tiles.long[:, 1]
    # Longest class first; empty entries last.
    edges = torch.tensor([1, 15 * 64 + 1, 63 * 64 + 1, 255 * 64 + 1])
    assert (torch.bucketize(heights, edges, right=True).diff() <= 0).all()
