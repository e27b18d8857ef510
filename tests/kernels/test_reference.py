from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from kernels.reference import (
    TURN,
    equal_runs,
    rotary_steps,
    rotary_table,
    rotate,
    varlen_attention,
)


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
