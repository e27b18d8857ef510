"""Cases of the rotary op that the interpreter and a GPU run alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kernels import reference
from kernels.reference import TURN, rotary_steps

Rotary = Callable[..., tuple[Tensor, Tensor]]
GENOME_END = 250_000_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """Shape of a call."""

    num_tokens: int
    num_q_heads: int
    num_k_heads: int
    head_width: int
    num_pairs: int
    is_fixed: bool = True

    def __str__(self) -> str:
        shape = f"{self.num_tokens}x{self.num_q_heads}+{self.num_k_heads}x{self.head_width}"
        return f"{shape}, {self.num_pairs} pairs, {'int64' if self.is_fixed else 'float64'}"


def _case(*shape: int, is_fixed: bool) -> Case:
    names = ("num_tokens", "num_q_heads", "num_k_heads", "head_width", "num_pairs")
    return Case(**dict(zip(names, shape, strict=True)), is_fixed=is_fixed)


SHAPES = (
    (0, 4, 4, 16, 8),
    (1, 1, 1, 8, 4),
    (2, 4, 4, 16, 8),
    (131, 4, 4, 16, 8),
    (37, 2, 2, 64, 32),
    (13, 1, 3, 128, 64),
    (13, 3, 0, 32, 16),
    (41, 2, 1, 32, 12),
    (29, 3, 3, 24, 7),
    (5, 1, 2, 13, 0),
)
CASES = [_case(*shape, is_fixed=is_fixed) for shape in SHAPES for is_fixed in (True, False)]


def make_inputs(
    case: Case, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return queries, keys, positions and steps of a case; the numbers follow from its shape."""
    generator = torch.Generator().manual_seed(case.num_tokens)
    q, k = (
        torch.randn(case.num_tokens, heads, case.head_width, generator=generator).to(dtype)
        for heads in (case.num_q_heads, case.num_k_heads)
    )
    positions = torch.randint(-GENOME_END, GENOME_END, (case.num_tokens,), generator=generator)
    steps = torch.zeros(0, dtype=torch.int64)
    if case.num_pairs:
        steps = rotary_steps(case.num_pairs, 10, 1e9)
    if not case.is_fixed:
        positions, steps = positions.double() + 0.3, steps.double() / float(TURN)
    return q.to(device), k.to(device), positions.to(device), steps.to(device)


def check_numbers(rotary: Rotary, case: Case, dtype: torch.dtype, device: str = "cpu") -> None:
    """Hold a kernel to twice the error of plain torch in its dtype, forward and inverse."""
    q, k, *phases = inputs = make_inputs(case, dtype, device)
    copies = [x.clone() for x in inputs]
    for inverse in (False, True):
        results = rotary(*inputs, inverse=inverse)
        plain = reference.rotary(*inputs, inverse=inverse)
        exact = reference.rotary(q.double(), k.double(), *phases, inverse=inverse)
        for result, peer, truth in zip(results, plain, exact, strict=True):
            assert (result.shape, result.dtype) == (truth.shape, dtype)
            floor = torch.finfo(dtype).eps * max(1.0, largest(truth))
            assert largest(result - truth) <= 2 * largest(peer - truth) + floor
    assert all(torch.equal(x, copy) for x, copy in zip(inputs, copies, strict=True))


def largest(x: Tensor) -> float:
    """Return the largest absolute value, 0 of nothing."""
    return float(x.abs().max()) if x.numel() else 0.0


def check_exactness(rotary: Rotary, wavelength: float, device: str = "cpu") -> None:
    """Hold cosine and sine to 1e-6 of exact arithmetic, at positions over the whole genome."""
    step = int(rotary_steps(1, wavelength, wavelength))
    positions = [0, 1, 2, 997, 10**6 + 3, 83_257_441, GENOME_END - 1, GENOME_END, -GENOME_END]
    q = torch.zeros(len(positions), 1, 8, device=device)
    q[:, :, 0] = 1  # rotates into (cosine, 0, 0, 0, sine, 0, 0, 0)
    place = torch.tensor(positions, device=device)
    turned, _ = rotary(q, q, place, torch.tensor([step] * 4, device=device))
    turns = torch.tensor([(p * step % TURN) / TURN for p in positions], dtype=torch.float64)
    expected = torch.stack([(2 * torch.pi * turns).cos(), (2 * torch.pi * turns).sin()], 1)
    assert largest(turned[:, 0, ::4].cpu() - expected) < 1e-6


def check_views(rotary: Rotary, device: str = "cpu") -> None:
    """Rotate views of a fused projection, and heads that lie before tokens."""
    case = Case(num_tokens=19, num_q_heads=4, num_k_heads=4, head_width=16, num_pairs=8)
    q, k, *phases = make_inputs(case, device=device)
    expected = rotary(q, k, *phases)
    fused = torch.stack([q, k, k], 1)
    before = fused.clone()
    by_head = [x.transpose(0, 1).contiguous().transpose(0, 1) for x in (q, k)]
    scattered = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k)]
    for views in ((fused[:, 0], fused[:, 1]), by_head, scattered):
        results = rotary(*views, *phases)
        assert all(torch.equal(x, y) for x, y in zip(results, expected, strict=True))
    assert torch.equal(fused, before)
    rotary(fused[:, 0], fused[:, 1], *phases, inplace=True)
    assert torch.equal(fused, torch.stack([*expected, k], 1))
    rotary(*scattered, *phases, inplace=True)
    assert all(torch.equal(x, y) for x, y in zip(scattered, expected, strict=True))


def check_partial_in_place(rotary: Rotary, device: str = "cpu") -> None:
    """Channels that pass through stay, in place and out of place."""
    case = Case(num_tokens=11, num_q_heads=2, num_k_heads=1, head_width=32, num_pairs=5)
    q, k, *phases = make_inputs(case, device=device)
    expected = rotary(q, k, *phases)
    assert torch.equal(expected[0][..., 10:], q[..., 10:])
    results = rotary(q, k, *phases, inplace=True)
    assert results[0].data_ptr() == q.data_ptr()
    assert torch.equal(q, expected[0])
    assert torch.equal(k, expected[1])


def check_gradients(rotary: Rotary, device: str = "cpu") -> None:
    """Gradients equal those of plain torch, also of results that are broadcast or overwritten."""
    case = Case(num_tokens=23, num_q_heads=4, num_k_heads=2, head_width=16, num_pairs=6)
    q, k, *phases = make_inputs(case, device=device)
    weights = torch.randn(16, device=device)

    def gradients(op: Rotary, *, inplace: bool) -> list[Tensor]:
        leaves = [x.clone().requires_grad_() for x in (q, k)]
        turned = op(*(x * 1 for x in leaves), *phases, inplace=inplace)
        loss = (turned[0].square() * weights).sum() + turned[1].sum()
        return list(torch.autograd.grad(loss, leaves))

    expected = gradients(reference.rotary, inplace=False)
    for inplace in (False, True):
        for result, truth in zip(gradients(rotary, inplace=inplace), expected, strict=True):
            assert torch.allclose(result, truth, atol=1e-5)


def check_neighbors(rotary: Rotary, device: str = "cpu") -> None:
    """A token is rotated alike, bit for bit, whatever lies beside it."""
    case = Case(num_tokens=300, num_q_heads=2, num_k_heads=2, head_width=16, num_pairs=8)
    q, k, positions, steps = make_inputs(case, device=device)
    whole, _ = rotary(q, k, positions, steps)
    for part in (slice(0, 1), slice(3, 130), slice(127, 300)):
        alone, _ = rotary(q[part], k[part], positions[part], steps)
        assert torch.equal(alone, whole[part])
