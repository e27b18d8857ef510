"""Cases of packed attention that the interpreter and a GPU run alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from kernels import reference
from kernels.reference import TURN, rotary_steps

Attention = Callable[..., Tensor]
GENOME_END = 250_000_000
FLOOR = 4  # roundings of the largest value, granted to both sides
MIXED = (1, 0, 5, 16, 17, 64, 65, 130, 0, 3)
ALL_KINDS = (3, 0, 17, 70, 2)  # of tiles: short, middle and long


@dataclass(frozen=True, kw_only=True)
class Case:
    """Shape of a call."""

    lengths: tuple[int, ...]
    num_heads: int = 2
    head_width: int = 16
    num_pairs: int = 0
    is_fixed: bool = True
    has_alibi: bool = False
    scale: float | None = None

    def __str__(self) -> str:
        rotation = f"{self.num_pairs}{'i' if self.is_fixed else 'f'}" if self.num_pairs else "-"
        bias = "alibi" if self.has_alibi else "-"
        return f"{self.lengths}x{self.num_heads}x{self.head_width} {rotation} {bias}"


CASES = (
    Case(lengths=MIXED),
    Case(lengths=MIXED, num_heads=3, num_pairs=8, has_alibi=True),
    Case(lengths=(131, 7, 2), head_width=32, num_pairs=6, is_fixed=False, scale=0.5),
    Case(lengths=(13, 67), head_width=64, num_pairs=32),
    Case(lengths=(33, 129), num_heads=1, head_width=128, num_pairs=64, is_fixed=False),
    Case(lengths=(64, 128, 16), num_heads=1, head_width=32, has_alibi=True),
    Case(lengths=(1,), num_heads=1),
    Case(lengths=(0, 0)),
    Case(lengths=()),
)
GPU_CASES = (
    *CASES,
    Case(lengths=(20_000,), num_heads=1, num_pairs=8, has_alibi=True),
    Case(lengths=(1,) * 10_000, num_heads=4, num_pairs=8),
    Case(lengths=(4999, 1, 30, 3, 257), num_heads=1, head_width=64, num_pairs=32),
)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tensors of a call."""

    qkv: tuple[Tensor, Tensor, Tensor]  # views of one fused projection
    grad: Tensor
    cu_seqlens: Tensor
    options: dict[str, Any]  # keyword arguments


def make_inputs(case: Case, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Inputs:
    """Return the tensors of a case; the numbers follow from its shape."""
    bounds = torch.tensor([0, *accumulate(case.lengths)], dtype=torch.int32, device=device)
    num_tokens, generator = sum(case.lengths), torch.Generator().manual_seed(1)
    shape = (num_tokens, 4, case.num_heads, case.head_width)
    fused = torch.randn(shape, generator=generator).to(device, dtype)
    q, k, v, grad = fused.unbind(1)
    options: dict[str, Any] = {"scale": case.scale}
    if case.num_pairs:
        positions = torch.randint(GENOME_END, (num_tokens,), generator=generator)
        steps = rotary_steps(case.num_pairs, 100.0, 1e8)
        if not case.is_fixed:
            positions, steps = positions.double(), steps.double() / float(TURN)
        options |= {"positions": positions.to(device), "steps": steps.to(device)}
    if case.has_alibi:
        slopes = torch.tensor([2.0**-i for i in range(1, case.num_heads + 1)])
        options["alibi_slopes"] = slopes.to(device)
    return Inputs(qkv=(q, k, v), grad=grad, cu_seqlens=bounds, options=options)


def exact_attention(
    q: Tensor, k: Tensor, v: Tensor, bounds: Sequence[int], **options: Any
) -> Tensor:
    """Attend in float64, one sequence after the other, by the definition."""
    given = {name: value for name, value in options.items() if value is not None}
    if "positions" in given:
        q, k = (_turn(x, given["positions"], given["steps"]) for x in (q, k))
    scale = given.get("scale", 1 / math.sqrt(q.shape[2]))
    slopes = given.get("alibi_slopes", q.new_zeros(q.shape[1])).double()
    pieces = [v[:0]]
    for start, end in pairwise(bounds):
        places = torch.arange(end - start, device=q.device)
        bias = -slopes[:, None, None] * (places[:, None] - places[None, :]).abs()
        scores = torch.einsum("ihd,jhd->hij", q[start:end], k[start:end]) * scale + bias
        pieces.append(torch.einsum("hij,jhd->ihd", scores.softmax(-1), v[start:end]))
    return torch.cat(pieces)


def _turn(x: Tensor, positions: Tensor, steps: Tensor) -> Tensor:
    """Rotate in float64; integers give the phase exactly, as 64 bits wrap at one turn."""
    phase = positions[:, None] * steps[None, :]
    turns = phase.double() / float(TURN) if phase.dtype == torch.int64 else phase.frac()
    cos, sin = (2 * math.pi * turns[:, None]).cos(), (2 * math.pi * turns[:, None]).sin()
    one, two, rest = x.tensor_split((len(steps), 2 * len(steps)), -1)
    return torch.cat((one * cos - two * sin, two * cos + one * sin, rest), -1)


def run(attention: Attention, inputs: Inputs, *, exactly: bool = False) -> list[Tensor]:
    """Return attended values and the gradients of q, k and v; in float64 if `exactly`."""
    qkv = [x.detach().double() if exactly else x.detach() for x in inputs.qkv]
    for x in qkv:
        x.requires_grad_()
    on_host = exactly or attention is reference.varlen_attention
    bounds = inputs.cu_seqlens.tolist() if on_host else inputs.cu_seqlens
    out = attention(*qkv, bounds, **inputs.options)
    grad = inputs.grad.to(out.dtype)
    grads = torch.autograd.grad(out, qkv, grad, allow_unused=True, materialize_grads=True)
    return [out.detach(), *grads]


def check_numbers(
    attention: Attention, case: Case, dtype: torch.dtype, device: str = "cpu"
) -> None:
    """Compare with float64: at most twice plain torch's error, plus a rounding floor."""
    inputs = make_inputs(case, dtype, device)
    before = [x.clone() for x in (*inputs.qkv, inputs.grad)]
    found = run(attention, inputs)
    for x, was in zip((*inputs.qkv, inputs.grad), before, strict=True):
        assert torch.equal(x, was)
    exact = run(exact_attention, inputs, exactly=True)
    plain = run(reference.varlen_attention, inputs) if len(inputs.grad) else exact
    largest = max((x.abs().max().item() for x in exact if len(x)), default=0.0)
    floor = FLOOR * torch.finfo(dtype).eps * largest
    for name, x, right, other in zip("oqkv", found, exact, plain, strict=True):
        assert x.shape == right.shape
        assert x.dtype == dtype
        if len(right):
            error, allowed = (x - right).abs().max().item(), (other - right).abs().max().item()
            assert error <= 2 * allowed + floor, (name, error, allowed, floor)


def _alone(inputs: Inputs, start: int, end: int) -> Inputs:
    options = dict(inputs.options)
    if "positions" in options:
        options["positions"] = options["positions"][start:end]
    q, k, v = (x[start:end] for x in inputs.qkv)
    bounds = inputs.cu_seqlens.new_tensor([0, end - start])
    return Inputs(qkv=(q, k, v), grad=inputs.grad[start:end], cu_seqlens=bounds, options=options)


def check_neighbors(attention: Attention, dtype: torch.dtype, device: str = "cpu") -> None:
    """A sequence alone gives the same bits as among others, also beside one that is not finite."""
    case = Case(lengths=ALL_KINDS, num_pairs=8, has_alibi=True)
    inputs = make_inputs(case, dtype, device)
    packed = run(attention, inputs)
    ranges = list(pairwise(inputs.cu_seqlens.tolist()))
    for start, end in ranges:
        for x, whole in zip(run(attention, _alone(inputs, start, end)), packed, strict=True):
            assert torch.equal(x, whole[start:end])
    for spoiled in (0, 2, 3):
        poisoned = make_inputs(case, dtype, device)
        for x in poisoned.qkv:
            x[slice(*ranges[spoiled])] = math.nan
        for x, whole in zip(run(attention, poisoned), packed, strict=True):
            kept = torch.ones(len(x), dtype=torch.bool, device=device)
            kept[slice(*ranges[spoiled])] = False
            assert torch.equal(x[kept], whole[kept])


def check_large_scores(attention: Attention, device: str = "cpu") -> None:
    """Scores of some thousands, whose exponentials float32 does not hold, stay finite."""
    inputs = make_inputs(Case(lengths=(70, 9), head_width=16), torch.float32, device)
    q, k, v = inputs.qkv
    q *= 300
    found, exact = (
        attention(q, k, v, inputs.cu_seqlens),
        exact_attention(q.double(), k.double(), v.double(), inputs.cu_seqlens.tolist()),
    )
    assert (found - exact).abs().max() < 5e-3  # a score of 4000 is rounded by 2e-4 to 1e-3
