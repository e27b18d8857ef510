"""The kernels on a device, against plain torch in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.library import opcheck

from kernels import ops, reference
from kernels.choice import Kernel, Request, Wish, choose, this_machine
from kernels.dispatch import Rotation, rotary, varlen_attention

pytestmark = pytest.mark.gpu

CASES = {
    "tumors": [3, 0, 1, 17, 64, 65, 129, 2, 1, 1],
    "one of 20,000": [20_000],
    "10,000 of 1": [1] * 10_000,
    "nothing": [0, 0],
}
ROUNDING = {torch.float32: 2e-6, torch.float16: 1e-3, torch.bfloat16: 8e-3}
"""Floor of the tolerance, of values around 1."""


def inputs(
    lengths: list[int], width: int, dtype: torch.dtype, device: str
) -> tuple[list[Tensor], Tensor, Rotation]:
    generator = torch.Generator().manual_seed(0)
    total = sum(lengths)
    fused = torch.randn(total, 3, 4, width, generator=generator).to(device, dtype)
    bounds = torch.tensor([0, *lengths]).cumsum(0).to(device, torch.int32)
    where = torch.randint(3_000_000_000, (total,), generator=generator).to(device)
    steps = reference.rotary_steps(width // 2, 1e3, 1e9).to(device)
    return list(fused.unbind(1)), bounds, Rotation(where, steps)


def exact(
    qkv: list[Tensor], bounds: Tensor, rotation: Rotation, slopes: Tensor | None = None
) -> Tensor:
    wide = [x.double() for x in qkv]
    phases = {"positions": rotation.positions, "steps": rotation.steps}
    return reference.varlen_attention(*wide, bounds, **phases, alibi_slopes=slopes)


def with_gradients(qkv: list[Tensor]) -> list[Tensor]:
    return [x.detach().clone().requires_grad_() for x in qkv]


@pytest.mark.parametrize("dtype", list(ROUNDING))
@pytest.mark.parametrize("width", [16, 32, 64, 128])
@pytest.mark.parametrize("name", list(CASES))
def test_attention_is_as_exact_as_plain_torch(
    device: str, name: str, width: int, dtype: torch.dtype
) -> None:
    qkv, bounds, rotation = inputs(CASES[name], width, dtype, device)
    expected = exact(qkv, bounds, rotation)
    found = varlen_attention(*qkv, bounds, rotation=rotation)
    phases = {"positions": rotation.positions, "steps": rotation.steps}
    plain = reference.varlen_attention(*qkv, bounds, **phases)
    if not len(expected):
        assert found.shape == expected.shape
        return
    allowed = 2 * (plain.double() - expected).abs().max() + ROUNDING[dtype]
    assert (found.double() - expected).abs().max() <= allowed


@pytest.mark.parametrize("dtype", list(ROUNDING))
@pytest.mark.parametrize("has_alibi", [False, True])
def test_gradients_are_those_of_plain_torch(
    device: str, dtype: torch.dtype, *, has_alibi: bool
) -> None:
    qkv, bounds, rotation = inputs(CASES["tumors"], 16, dtype, device)
    slopes = torch.tensor([0.5, 0.25, 0.125, 0.0625], device=device) if has_alibi else None
    gradients = []
    for values, run in (
        (
            with_gradients(qkv),
            lambda *x: varlen_attention(*x, bounds, rotation=rotation, alibi_slopes=slopes),
        ),
        (
            with_gradients([x.double() for x in qkv]),
            lambda *x: exact(list(x), bounds, rotation, slopes),
        ),
    ):
        run(*values).sin().sum().backward()
        gradients.append([x.grad for x in values])
    for ours, expected in zip(*gradients, strict=True):
        assert (ours.double() - expected).abs().max() <= 20 * ROUNDING[dtype]


def test_a_sequence_does_not_depend_on_its_neighbors(device: str) -> None:
    qkv, bounds, rotation = inputs(CASES["tumors"], 16, torch.bfloat16, device)
    whole = varlen_attention(*qkv, bounds, rotation=rotation)
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        part = [x[start:end] for x in qkv]
        turn = Rotation(rotation.positions[start:end], rotation.steps)
        alone = varlen_attention(*part, [0, end - start], rotation=turn)
        assert torch.equal(whole[start:end], alone)


def test_results_are_the_same_bit_for_bit(device: str) -> None:
    runs = []
    for _ in range(3):
        qkv, bounds, rotation = inputs([5_000, 3, 700], 32, torch.bfloat16, device)
        values = with_gradients(qkv)
        out = varlen_attention(*values, bounds, rotation=rotation)
        out.sum().backward()
        runs.append([out.detach(), *(x.grad for x in values)])
    assert all(torch.equal(a, b) for run in runs[1:] for a, b in zip(runs[0], run, strict=True))


@pytest.mark.parametrize("dtype", list(ROUNDING))
def test_rotary_is_exact_and_comes_back(device: str, dtype: torch.dtype) -> None:
    qkv, _, rotation = inputs([100_003], 16, dtype, device)
    q, k = qkv[0], qkv[1]
    phases = rotation.positions, rotation.steps
    found = rotary(q, k, *phases)
    expected = reference.rotary(q.double(), k.double(), *phases)
    assert (found[0].double() - expected[0]).abs().max() <= 4 * ROUNDING[dtype]
    back = rotary(*found, *phases, inverse=True)
    assert (back[1] - k).abs().max() <= 8 * ROUNDING[dtype]


def test_the_ops_are_registered_in_full(device: str) -> None:
    qkv, bounds, rotation = inputs(CASES["tumors"], 16, torch.float32, device)
    phases = (rotation.positions, rotation.steps)
    values = with_gradients(qkv)
    attended = opcheck(ops.varlen_attention, (*values, bounds, *phases, None, None))
    turned = opcheck(ops.rotary, (*values[:2], *phases, False))
    assert set(attended.values()) == set(turned.values()) == {"SUCCESS"}


def test_compiled_under_autocast_in_one_graph(device: str) -> None:
    qkv, bounds, rotation = inputs(CASES["tumors"], 16, torch.float32, device)
    where, steps = rotation.positions, rotation.steps

    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return varlen_attention(q, k, v, bounds, rotation=Rotation(where, steps))

    with torch.autocast("cuda", torch.bfloat16):
        eager, compiled = run(*qkv), torch.compile(run, fullgraph=True)(*qkv)
    assert compiled.dtype == torch.bfloat16
    assert torch.equal(eager, compiled)


def test_every_kernel_that_is_here_agrees(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kernels import dispatch
    from kernels.choice import Choice

    qkv, bounds, rotation = inputs([3, 17, 200], 32, torch.bfloat16, device)
    expected = exact(qkv, bounds, rotation)
    here = this_machine()
    kernels = [Kernel.REFERENCE, Kernel.TRITON, Kernel.TORCH_VARLEN, Kernel.JAGGED]
    for kernel in kernels + [Kernel.FLASH] * bool(here.flash_attn):
        made = Choice(kernel=kernel, why="a test")
        monkeypatch.setattr(dispatch, "_choose_for", lambda *call, made=made: made)
        found = varlen_attention(*qkv, bounds, rotation=rotation)
        assert (found.double() - expected).abs().max() <= 4 * ROUNDING[torch.bfloat16], kernel


def test_the_own_kernel_is_chosen_for_small_heads(device: str) -> None:
    request = Request(device=device, dtype=torch.bfloat16, head_width=16)
    assert choose(request, Wish.AUTO, this_machine()).kernel is Kernel.TRITON
