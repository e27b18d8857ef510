from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import triton
import triton.language as tl

from kernels.rope import rotary, sine_cosine
from tests.kernels import rotary_cases as cases


@triton.jit
def apply_sine_cosine(phase_ptr, sine_ptr, cosine_ptr, BLOCK_SIZE: tl.constexpr) -> None:
    places = tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    sine, cosine = sine_cosine(tl.load(phase_ptr + places))
    tl.store(sine_ptr + places, sine)
    tl.store(cosine_ptr + places, cosine)


def test_sine_and_cosine_of_phases() -> None:
    generator = torch.Generator().manual_seed(0)
    phases = torch.randint(-(2**31), 2**31, (2**16,), generator=generator, dtype=torch.int64)
    eighths = torch.arange(-4, 4) * 2**29
    special = torch.cat([eighths, eighths + 1, eighths - 1, torch.arange(-20, 20)])
    phases[: len(special)] = special.clamp(-(2**31), 2**31 - 1)
    sine, cosine = torch.empty(2, len(phases))
    apply_sine_cosine[(len(phases) // 1024,)](phases.int(), sine, cosine, BLOCK_SIZE=1024)
    angle = phases.double() * (2 * torch.pi / 2**32)
    assert cases.largest(sine - angle.sin()) < 2e-7
    assert cases.largest(cosine - angle.cos()) < 2e-7


@pytest.mark.parametrize("case", cases.CASES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_numbers(case: cases.Case, dtype: torch.dtype) -> None:
    cases.check_numbers(rotary, case, dtype)
    assert rotary(*cases.make_inputs(case, dtype))[0].dtype == dtype


@pytest.mark.parametrize("wavelength", [1.0625, 1.5, 2.5, 3, 100, 1e4, 1e9])
def test_exact_over_the_genome(wavelength: float) -> None:
    cases.check_exactness(rotary, wavelength)
    assert wavelength > 1


CHECKS = (
    cases.check_views,
    cases.check_partial_in_place,
    cases.check_gradients,
    cases.check_neighbors,
)


@pytest.mark.parametrize("check", CHECKS)
def test_behavior(check: Callable[[cases.Rotary], None]) -> None:
    check(rotary)
    assert check in CHECKS


@pytest.mark.filterwarnings("ignore:Input #:UserWarning")  # the op is linear: float32 suffices
@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
def test_gradcheck(check: Callable[..., bool]) -> None:
    case = cases.Case(num_tokens=2, num_q_heads=1, num_k_heads=2, head_width=8, num_pairs=3)
    q, k, *phases = cases.make_inputs(case)
    inputs = (q.requires_grad_(), k.requires_grad_())
    tolerance = {"eps": 0.5, "atol": 1e-5, "rtol": 1e-5}
    assert check(lambda *x: rotary(*x, *phases), inputs, **tolerance, fast_mode=True)
