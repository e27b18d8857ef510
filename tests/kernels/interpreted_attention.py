from __future__ import annotations

import pytest
import torch

from kernels.attention import varlen_attention
from kernels.tiles import list_tiles
from tests.kernels import attention_cases as cases


@pytest.mark.parametrize("case", cases.CASES, ids=str)
def test_numbers(case: cases.Case) -> None:
    cases.check_numbers(varlen_attention, case, torch.float32)
    assert case in cases.CASES


@pytest.mark.parametrize("case", cases.CASES[2:4], ids=str)
def test_numbers_in_half_precision(case: cases.Case) -> None:
    cases.check_numbers(varlen_attention, case, torch.float16)
    assert case.num_pairs


@pytest.mark.filterwarnings("ignore:Input #:UserWarning")  # float32 is what the kernels take
def test_gradcheck() -> None:
    case = cases.Case(lengths=(3, 1), num_heads=1, num_pairs=3, has_alibi=True)
    inputs = cases.make_inputs(case)
    leaves = [x.detach().clone().requires_grad_() for x in inputs.qkv]
    assert torch.autograd.gradcheck(
        lambda *qkv: varlen_attention(*qkv, inputs.cu_seqlens, **inputs.options),
        leaves,
        eps=2e-2,
        atol=1e-3,
        rtol=1e-3,
        fast_mode=True,
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy, on the spoiled sequence
def test_neighbors() -> None:
    cases.check_neighbors(varlen_attention, torch.float16)
    assert cases.FLOOR > 0


def test_large_scores() -> None:
    cases.check_large_scores(varlen_attention)
    assert cases.FLOOR > 0


def test_tiles_rotated_once_are_those_rotated_on_load() -> None:
    long = cases.make_inputs(cases.Case(lengths=(70,), num_heads=1, num_pairs=8))
    half = long.cu_seqlens.new_tensor([0, 35, 70])
    q, k, v = long.qkv
    q, k = torch.zeros_like(q), torch.zeros_like(k)
    q[:, :, 0] = k[:, :, 0] = 1  # weights follow from the rotation alone
    whole = varlen_attention(q, k, v, long.cu_seqlens, **long.options)
    parts = varlen_attention(q, k, v, half, **long.options)
    exact = [
        cases.exact_attention(*(x.double() for x in (q, k, v)), bounds.tolist(), **long.options)
        for bounds in (long.cu_seqlens, half)
    ]
    assert (whole - exact[0]).abs().max() < 2e-6
    assert (parts - exact[1]).abs().max() < 2e-6


@pytest.mark.parametrize(
    "lengths",
    [(20_000,), (1,) * 10_000, (1,) * 700 + (65, 20_000, 0, 17, 300, 5000, 16, 64, 2000), (0, 0)],
    ids=["one", "ones", "mixed", "empty"],
)
@pytest.mark.parametrize("rows", [64, 128])
def test_tiles(lengths: tuple[int, ...], rows: int) -> None:
    bounds = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    tiles = list_tiles(bounds, int(bounds[-1]), rows)
    found = torch.cat([tiles.short, tiles.middle, tiles.long])
    found = found[found[:, 2] > 0]
    spans = [torch.arange(f, min(f + rows, e)) for f, _, e in found.tolist()]
    covered = torch.cat(spans) if spans else torch.arange(0)
    assert torch.equal(covered.sort().values, torch.arange(int(bounds[-1])))
    for entries, least, most in ((tiles.short, 1, 16), (tiles.middle, 17, 64)):
        heights = entries[:, 2] - entries[:, 1]
        assert ((heights == 0) | ((heights >= least) & (heights <= most))).all()
    heights = tiles.long[:, 2] - tiles.long[:, 1]
    # Longest class first; empty entries last.
    edges = torch.tensor([1, 15 * rows + 1, 63 * rows + 1, 255 * rows + 1])
    assert (torch.bucketize(heights, edges, right=True).diff() <= 0).all()
