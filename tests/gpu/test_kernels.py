"""The kernels on a device, against plain torch and float64."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.library import opcheck

from kernels import attention, dispatch, ops, reference, rope
from kernels.choice import Choice, Kernel, Request, Wish, choose, this_machine
from kernels.dispatch import Rotation, varlen_attention
from kernels.tiles import list_tiles
from tests.kernels import attention_cases, rotary_cases, segment_cases

pytestmark = pytest.mark.gpu

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ROUNDING = {torch.float32: 2e-6, torch.float16: 1e-3, torch.bfloat16: 8e-3}
"""Floor of the tolerance, of values around 1."""

LENGTHS = [3, 0, 1, 17, 64, 65, 129, 2, 1, 1]
ROTARY_CHECKS = (
    rotary_cases.check_views,
    rotary_cases.check_partial_in_place,
    rotary_cases.check_gradients,
    rotary_cases.check_neighbors,
)


def inputs(width: int, dtype: torch.dtype, device: str) -> tuple[list[Tensor], Tensor, Rotation]:
    """Return queries, keys, values, boundaries and rotation of sequences of LENGTHS."""
    case = attention_cases.Case(
        lengths=tuple(LENGTHS), num_heads=4, head_width=width, num_pairs=width // 2
    )
    made = attention_cases.make_inputs(case, dtype, device)
    rotation = Rotation(made.options["positions"], made.options["steps"])
    return list(made.qkv), made.cu_seqlens, rotation


@pytest.mark.parametrize("case", attention_cases.GPU_CASES, ids=lambda case: str(case)[:60])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_attention(case: attention_cases.Case, dtype: torch.dtype, device: str) -> None:
    attention_cases.check_numbers(attention.varlen_attention, case, dtype, device)
    assert torch.cuda.is_available()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_attention_of_neighbors(dtype: torch.dtype, device: str) -> None:
    attention_cases.check_neighbors(attention.varlen_attention, dtype, device)
    assert torch.cuda.is_available()


def test_attention_with_large_scores(device: str) -> None:
    attention_cases.check_large_scores(attention.varlen_attention, device)
    assert torch.cuda.is_available()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_runs_of_attention_agree_bit_for_bit(dtype: torch.dtype, device: str) -> None:
    case = attention_cases.Case(lengths=(4999, *range(200)), num_heads=4, num_pairs=8)
    made = attention_cases.make_inputs(case, dtype, device)
    first = attention_cases.run(attention.varlen_attention, made)
    for _ in range(3):
        for x, y in zip(attention_cases.run(attention.varlen_attention, made), first, strict=True):
            assert torch.equal(x, y)


def test_attention_of_more_elements_than_32_bits_count(device: str) -> None:
    length = 97
    num_tokens = (2**31 // 384 // length + 20) * length  # of 384 elements in a fused projection
    fused = torch.randn(num_tokens, 3, 1, 128, dtype=torch.bfloat16, device=device)
    bounds = torch.arange(0, num_tokens + 1, length, dtype=torch.int32, device=device)
    whole = attention.varlen_attention(*fused.unbind(1), bounds)
    last = fused[-length:].clone().unbind(1)
    assert torch.equal(whole[-length:], attention.varlen_attention(*last, bounds[:2]))


def test_attention_waits_for_nothing(device: str) -> None:
    (q, k, v), bounds, rotation = inputs(16, torch.bfloat16, device)
    leaf = q.detach().requires_grad_()
    varlen_attention(leaf, k, v, bounds, rotation=rotation).sum().backward()
    torch.cuda.set_sync_debug_mode("error")
    try:
        out = varlen_attention(leaf, k, v, bounds, rotation=rotation)
        out.sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert out.isfinite().all()


def test_tiles_are_those_of_the_lengths(device: str) -> None:
    bounds = torch.tensor([0, 1, 70, 70, 20_070, 20_080], dtype=torch.int32, device=device)
    tiles = list_tiles(bounds, 20_080, 64)
    long = tiles.long[tiles.long[:, 2] > 0]
    assert long[:313, 0].tolist() == list(range(70, 20_070, 64))  # the longest first
    assert long[313:].tolist() == [[1, 1, 70], [65, 1, 70]]
    assert tiles.short[:2].tolist() == [[0, 0, 1], [20_070, 20_070, 20_080]]
    assert not tiles.middle.any()


@pytest.mark.parametrize("case", rotary_cases.CASES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rotary(case: rotary_cases.Case, dtype: torch.dtype, device: str) -> None:
    rotary_cases.check_numbers(rope.rotary, case, dtype, device)
    assert rope.rotary(*rotary_cases.make_inputs(case, dtype, device))[0].is_cuda


@pytest.mark.parametrize("wavelength", [1.0625, 1.5, 2.5, 3, 100, 1e4, 1e9])
def test_rotary_is_exact_over_the_genome(wavelength: float, device: str) -> None:
    rotary_cases.check_exactness(rope.rotary, wavelength, device)
    assert wavelength > 1


@pytest.mark.parametrize("check", ROTARY_CHECKS)
def test_behavior_of_rotary(check: Callable[..., None], device: str) -> None:
    check(rope.rotary, device)
    assert torch.cuda.is_available()


def test_rotary_of_more_elements_than_32_bits_count(device: str) -> None:
    num_tokens = 2**31 // 512 + 1000  # of 512 elements in a fused projection
    fused = torch.randn(num_tokens, 4, 1, 128, dtype=torch.bfloat16, device=device)
    q, k = fused[:, 0], fused[:, 1]
    positions = torch.arange(num_tokens, device=device)
    steps = torch.arange(1, 65, device=device) * 2**40
    last = slice(num_tokens - 5, num_tokens)
    expected = rope.rotary(q[last].clone(), k[last].clone(), positions[last], steps)
    results = rope.rotary(q, k, positions, steps)
    assert all(torch.equal(x[last], y) for x, y in zip(results, expected, strict=True))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("lengths", segment_cases.GPU_LENGTHS, ids=len)
def test_mean_of_segments(lengths: tuple[int, ...], dtype: torch.dtype, device: str) -> None:
    segment_cases.check_numbers(dispatch.segment_mean, lengths, dtype, device)
    segment_cases.check_neighbors(dispatch.segment_mean, device)
    assert torch.cuda.is_available()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("width", [16, 32, 64, 128])
def test_what_dispatch_takes_is_as_exact_as_plain_torch(
    device: str, width: int, dtype: torch.dtype
) -> None:
    qkv, bounds, rotation = inputs(width, dtype, device)
    phases = {"positions": rotation.positions, "steps": rotation.steps}
    exact = reference.varlen_attention(*(x.double() for x in qkv), bounds, **phases)
    plain = reference.varlen_attention(*qkv, bounds, **phases)
    found = varlen_attention(*qkv, bounds, rotation=rotation)
    allowed = 2 * (plain.double() - exact).abs().max() + ROUNDING[dtype]
    assert (found.double() - exact).abs().max() <= allowed


def test_batch_equals_single_through_dispatch(device: str) -> None:
    qkv, bounds, rotation = inputs(16, torch.bfloat16, device)
    whole = varlen_attention(*qkv, bounds, rotation=rotation)
    for start, end in pairwise(bounds.tolist()):
        part = [x[start:end] for x in qkv]
        turn = Rotation(rotation.positions[start:end], rotation.steps)
        alone = varlen_attention(*part, [0, end - start], rotation=turn)
        assert torch.equal(whole[start:end], alone)


def test_the_ops_are_registered_in_full(device: str) -> None:
    qkv, bounds, rotation = inputs(16, torch.float32, device)
    phases = (rotation.positions, rotation.steps)
    values = [x.detach().clone().requires_grad_() for x in qkv]
    attended = opcheck(ops.varlen_attention, (*values, bounds, *phases, None, None))
    turned = opcheck(ops.rotary, (*values[:2], *phases, False))
    mean = opcheck(ops.segment_mean, (values[0].flatten(1), bounds))
    assert set(attended.values()) == set(turned.values()) == set(mean.values()) == {"SUCCESS"}


def test_compiled_under_autocast_in_one_graph(device: str) -> None:
    qkv, bounds, rotation = inputs(16, torch.float32, device)
    where, steps = rotation.positions, rotation.steps

    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return varlen_attention(q, k, v, bounds, rotation=Rotation(where, steps))

    with torch.autocast("cuda", torch.bfloat16):
        eager, compiled = run(*qkv), torch.compile(run, fullgraph=True)(*qkv)
    assert compiled.dtype == torch.bfloat16
    assert torch.equal(eager, compiled)


def test_every_kernel_that_is_here_agrees(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    qkv, bounds, rotation = inputs(32, torch.bfloat16, device)
    phases = {"positions": rotation.positions, "steps": rotation.steps}
    exact = reference.varlen_attention(*(x.double() for x in qkv), bounds, **phases)
    kernels = [Kernel.REFERENCE, Kernel.TRITON, Kernel.TORCH_VARLEN, Kernel.JAGGED]
    for kernel in kernels + [Kernel.FLASH] * bool(this_machine().flash_attn):
        made = Choice(kernel=kernel, why="a test")
        monkeypatch.setattr(dispatch, "_choose_for", lambda *call, made=made: made)
        found = varlen_attention(*qkv, bounds, rotation=rotation)
        assert (found.double() - exact).abs().max() <= 4 * ROUNDING[torch.bfloat16], kernel


def test_the_own_kernel_is_chosen_for_small_heads(device: str) -> None:
    request = Request(device=device, dtype=torch.bfloat16, head_width=16)
    assert choose(request, Wish.AUTO, this_machine()).kernel is Kernel.TRITON
