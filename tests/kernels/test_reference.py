from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from kernels import reference
from kernels.errors import KernelInputError
from kernels.reference import (
    TURN,
    equal_runs,
    rotary,
    rotary_steps,
    rotary_table,
    rotate,
    varlen_attention,
)
from tests.kernels import rotary_cases as cases


def boundaries(lengths: list[int]) -> list[int]:
    return [0, *torch.tensor(lengths, dtype=torch.long).cumsum(0).tolist()]


@pytest.mark.parametrize("position", [0, 1, 997, 249_250_621, 7_200_000_000])
def test_rotary_table_is_exact_at_any_genomic_position(position: int) -> None:
    steps = rotary_steps(16, 1e3, 1e9)
    cos, sin = rotary_table(torch.tensor([position]), steps)
    turns = [(position * int(step) % TURN) / TURN for step in steps]  # exact integer arithmetic
    expected = torch.tensor([2 * math.pi * turn for turn in turns], dtype=torch.float64)
    assert torch.allclose(cos[0].double(), expected.cos(), atol=1e-6, rtol=0)
    assert torch.allclose(sin[0].double(), expected.sin(), atol=1e-6, rtol=0)


def test_rotary_steps_follow_the_wavelengths() -> None:
    steps = rotary_steps(3, 1e3, 1e9)
    assert [round(TURN / int(step)) for step in steps] == [1_000, 1_000_000, 1_000_000_000]


def test_scores_depend_on_distance_alone_and_inputs_stay_untouched() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k = (torch.randn(1, 2, 32, generator=generator) for _ in range(2))
    copies = q.clone(), k.clone()
    steps = rotary_steps(16, 1e3, 1e9)

    def product(first: int, second: int) -> torch.Tensor:
        tables = [rotary_table(torch.tensor([p]), steps) for p in (first, second)]
        return (rotate(q, *tables[0]) * rotate(k, *tables[1])).sum(-1)

    near, far = product(100, 5_100), product(248_000_100, 248_005_100)
    assert torch.allclose(near, far, atol=2e-5)
    assert torch.equal(q, copies[0])
    assert torch.equal(k, copies[1])


@given(st.lists(st.integers(0, 40), max_size=12))
@settings(deadline=None, max_examples=40)
def test_each_sequence_attends_to_itself_alone(lengths: list[int]) -> None:
    generator = torch.Generator().manual_seed(1)
    total = sum(lengths)
    q, k, v = (torch.randn(total, 2, 8, generator=generator) for _ in range(3))
    result = varlen_attention(q, k, v, boundaries(lengths))
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        alone = [x[part].double().transpose(0, 1) for x in (q, k, v)]
        if length:
            expected = scaled_dot_product_attention(*alone).transpose(0, 1)
            assert torch.allclose(result[part].double(), expected, atol=1e-6)
        start += length
    assert result.shape == v.shape


def test_equal_runs_join_neighbors_and_pass_over_empty_sequences() -> None:
    assert list(equal_runs(boundaries([0, 0, 2, 2, 3, 2]))) == [(0, 4, 2), (4, 7, 3), (7, 9, 2)]


def test_gradient_of_packed_attention() -> None:
    generator = torch.Generator().manual_seed(2)
    inputs = [
        torch.randn(6, 1, 4, dtype=torch.float64, generator=generator, requires_grad=True)
        for _ in range(3)
    ]
    assert torch.autograd.gradcheck(lambda q, k, v: varlen_attention(q, k, v, [0, 2, 4, 6]), inputs)


def test_short_wavelengths_wrap_to_the_same_phase() -> None:
    steps = rotary_steps(2, 1.5, 4.0)
    assert [int(step) % TURN for step in steps] == [round(TURN / 1.5), TURN // 4]


@pytest.mark.parametrize("wavelength", [1.0625, 1.5, 2.5, 100, 1e9])
def test_rotary_is_exact_over_the_genome(wavelength: float) -> None:
    cases.check_exactness(rotary, wavelength)
    assert wavelength > 1


@pytest.mark.parametrize("case", cases.CASES, ids=str)
def test_rotary_of_any_shape(case: cases.Case) -> None:
    q, k, *phases = cases.make_inputs(case)
    copies = q.clone(), k.clone()
    turned = rotary(q, k, *phases)
    back = rotary(*turned, *phases, inverse=True)
    cos, sin = rotary_table(*phases)
    assert torch.equal(turned[0], rotate(q, cos, sin))
    assert torch.allclose(back[0], q, atol=2e-6)
    assert torch.allclose(back[1], k, atol=2e-6)
    assert torch.equal(q, copies[0])
    assert torch.equal(k, copies[1])


def test_both_kinds_of_phase_agree() -> None:
    case = cases.Case(num_tokens=50, num_q_heads=1, num_k_heads=1, head_width=16, num_pairs=8)
    q, k, positions, steps = cases.make_inputs(case, torch.float64)
    turns = steps.double() / float(TURN)
    fixed, floating = rotary(q, k, positions, steps), rotary(q, k, positions.double(), turns)
    assert torch.allclose(fixed[0], floating[0], atol=1e-6)


@pytest.mark.parametrize("check", [cases.check_views, cases.check_partial_in_place])
def test_rotary_of_views_and_in_place(check: Callable[[cases.Rotary], None]) -> None:
    check(rotary)
    assert check.__doc__


def test_half_precision_is_rounded_once() -> None:
    case = cases.Case(num_tokens=20, num_q_heads=2, num_k_heads=2, head_width=32, num_pairs=16)
    q, k, *phases = cases.make_inputs(case, torch.bfloat16)
    exact = rotary(q.double(), k.double(), *phases)[0]
    error = (rotary(q, k, *phases)[0].double() - exact).abs()
    assert bool((error <= exact.abs() * 2**-8 + 1e-6).all())  # bfloat16 keeps 8 bits


def test_gradient_of_rotary() -> None:
    case = cases.Case(num_tokens=3, num_q_heads=2, num_k_heads=1, head_width=8, num_pairs=3)
    q, k, *phases = cases.make_inputs(case, torch.float64)
    inputs = q.requires_grad_(), k.requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: rotary(*x, *phases), inputs)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k": torch.zeros(3, 1, 4)}, r"Queries \(3, 2, 8\) float32 and keys \(3, 1, 4\)"),
        ({"positions": torch.zeros(2, dtype=torch.int64)}, "Give one position per token"),
        ({"steps": torch.zeros(5, dtype=torch.int64)}, "one step per pair of channels"),
        ({"steps": torch.zeros(4)}, "Make both int64 .* or both float64"),
    ],
)
def test_rotary_refuses(changed: dict[str, torch.Tensor], message: str) -> None:
    whole = torch.zeros(3, dtype=torch.int64)
    inputs = {"q": torch.zeros(3, 2, 8), "k": torch.zeros(3, 1, 8), "positions": whole}
    with pytest.raises(KernelInputError, match=message):
        rotary(**(inputs | {"steps": whole} | changed))


def plain_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, slopes: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend within one sequence by the formula, (L, H, D)."""
    place = torch.arange(len(q))
    scores = torch.einsum("ihd,jhd->hij", q, k) * scale
    scores = scores - slopes[:, None, None] * (place[:, None] - place).abs()
    return torch.einsum("hij,jhd->ihd", scores.softmax(-1), v)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("most_biases", [2**24, 50])
def test_bias_by_distance(
    dtype: torch.dtype, most_biases: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "MOST_BIASES", most_biases)
    generator = torch.Generator().manual_seed(3)
    q, k, v = (torch.randn(30, 2, 8, generator=generator).to(dtype) for _ in range(3))
    slopes, bounds = torch.tensor([0.5, 0.0625]), [0, 0, 7, 14, 30]
    result = varlen_attention(q, k, v, bounds, alibi_slopes=slopes, scale=0.4)
    assert result.dtype == dtype
    for start, end in pairwise(bounds):
        parts = [x[start:end].double() for x in (q, k, v)]
        expected = plain_attention(*parts, slopes.double(), 0.4)
        assert torch.allclose(result[start:end].double(), expected, atol=torch.finfo(dtype).eps * 8)


def test_attention_rotates_first_and_takes_boundaries_of_both_kinds() -> None:
    case = cases.Case(num_tokens=12, num_q_heads=2, num_k_heads=2, head_width=8, num_pairs=3)
    q, k, positions, steps = cases.make_inputs(case)
    bounds = [0, 5, 5, 12]
    expected = varlen_attention(*rotary(q, k, positions, steps), k, bounds)
    phases = {"positions": positions, "steps": steps}
    assert torch.equal(varlen_attention(q, k, k, bounds, **phases), expected)
    on_device = torch.tensor(bounds, dtype=torch.int32)
    assert torch.equal(varlen_attention(q, k, k, on_device, **phases), expected)
    with pytest.raises(KernelInputError, match="Only one of positions and steps"):
        varlen_attention(q, k, k, bounds, positions=positions)


@pytest.mark.parametrize("bounds", [[], [0, 5], [1, 12], [0, 13]])
def test_attention_refuses_boundaries(bounds: list[int]) -> None:
    q = torch.zeros(12, 1, 8)
    with pytest.raises(KernelInputError, match=r"not \(0, 12\)"):
        varlen_attention(q, q, q, bounds)


def test_gradient_of_attention_with_rotation_and_bias() -> None:
    case = cases.Case(num_tokens=5, num_q_heads=1, num_k_heads=1, head_width=4, num_pairs=2)
    q, k, positions, steps = cases.make_inputs(case, torch.float64)
    more = {"positions": positions, "steps": steps, "alibi_slopes": torch.tensor([0.3])}
    inputs = [x.requires_grad_() for x in (q, k, k.detach().clone())]
    assert torch.autograd.gradcheck(lambda *x: varlen_attention(*x, [0, 2, 5], **more), inputs)
