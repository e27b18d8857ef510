from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.library import opcheck

from kernels import ops, reference

LENGTHS = (3, 0, 1, 7, 7)
STEPS = reference.rotary_steps(4, 1e3, 1e9)


def tensors(*, dtype: torch.dtype = torch.float32, grad: bool = False) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape = (sum(LENGTHS), 2, 8)
    return [
        torch.randn(shape, generator=generator, dtype=dtype).requires_grad_(grad) for _ in range(3)
    ]


def boundaries() -> Tensor:
    return torch.tensor([0, *LENGTHS]).cumsum(0).to(torch.int32)


def positions() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(250_000_000, (sum(LENGTHS),), generator=generator)


def phases(name: str) -> tuple[Tensor | float | None, ...]:
    slopes = torch.tensor([0.5, 0.25])
    return {
        "plain": (None, None, None, None),
        "rotated": (positions(), STEPS, None, None),
        "ALiBi": (None, None, slopes, 0.3),
    }[name]


PHASES = ("plain", "rotated", "ALiBi")


@pytest.mark.parametrize("inverse", [False, True])
def test_rotary_is_registered_in_full(*, inverse: bool) -> None:
    q, k, _ = tensors(grad=True)
    one_head = k[:, :1].detach().requires_grad_()
    result = opcheck(ops.rotary, (q, one_head, positions(), STEPS, inverse))
    assert set(result.values()) == {"SUCCESS"}


@pytest.mark.parametrize("name", PHASES)
def test_attention_is_registered_in_full(name: str) -> None:
    result = opcheck(ops.varlen_attention, (*tensors(grad=True), boundaries(), *phases(name)))
    assert set(result.values()) == {"SUCCESS"}


@pytest.mark.parametrize("name", PHASES)
def test_attention_is_the_reference_forward_and_backward(name: str) -> None:
    results = []
    for run in (
        lambda *qkv: ops.varlen_attention(*qkv, boundaries(), *phases(name))[0],
        lambda *qkv: reference.varlen_attention(*qkv, boundaries(), **ops._named(phases(name))),
    ):
        qkv = tensors(dtype=torch.float64, grad=True)
        out = run(*qkv)
        out.square().sum().backward()
        results.append([out, *(x.grad for x in qkv)])
    for ours, expected in zip(*results, strict=True):
        assert torch.allclose(ours, expected, atol=1e-12)


def test_rotary_backward_rotates_back() -> None:
    q, k, _ = tensors(dtype=torch.float64, grad=True)
    turned = ops.rotary(q, k, positions(), STEPS, inverse=False)
    (0.5 * (turned[0].square().sum() + turned[1].square().sum())).backward()
    assert torch.allclose(q.grad, q, atol=1e-12)  # rotation keeps lengths
    assert torch.allclose(k.grad, k, atol=1e-12)


def test_gradients_of_attention() -> None:
    qkv = tensors(dtype=torch.float64, grad=True)
    assert torch.autograd.gradcheck(
        lambda *x: ops.varlen_attention(*x, boundaries(), positions(), STEPS, None, None)[0], qkv
    )


def test_inputs_stay_untouched_and_strided_views_are_taken() -> None:
    fused = torch.randn(sum(LENGTHS), 3, 2, 8, generator=torch.Generator().manual_seed(2))
    before = fused.clone()
    q, k, v = fused.unbind(1)
    found = ops.varlen_attention(q, k, v, boundaries(), *phases("rotated"))[0]
    alone = [x.contiguous() for x in (q, k, v)]
    assert torch.equal(found, ops.varlen_attention(*alone, boundaries(), *phases("rotated"))[0])
    assert torch.equal(fused, before)
