from __future__ import annotations

from itertools import accumulate

import pytest
import torch
from torch.library import opcheck

from kernels import dispatch, ops, reference
from kernels.errors import KernelInputError
from kernels.segments import ROWS, mean_kernel
from tests.kernels import segment_cases as cases
from tests.kernels.interpreted import run_interpreted
from tests.kernels.machine_code import CAPABILITIES, compile_kernel

LENGTHS = cases.LENGTHS[3]


@pytest.mark.slow
def test_interpreted() -> None:
    assert run_interpreted("interpreted_segments.py") > 10


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_machine_code(capability: int) -> None:
    code = compile_kernel(
        mean_kernel,
        capability,
        signature={"x_ptr": "*fp32", "bounds_ptr": "*i32", "out_ptr": "*fp32", "stride_x": "i32"},
        constants={"D": 64, "ROWS": ROWS, "BLOCK_D": 64},
        aligned=("x_ptr", "bounds_ptr", "out_ptr", "stride_x"),
    )
    assert code.registers <= 128
    assert code.local_accesses == code.stack_bytes == code.atomics == 0
    assert code.wide_loads >= 8  # eight rows of a thread are in flight


@pytest.mark.parametrize("lengths", cases.LENGTHS, ids=str)
def test_reference_is_the_mean_of_each_segment(lengths: tuple[int, ...]) -> None:
    rows, bounds = cases.make_inputs(lengths, 5, torch.float64, "cpu")
    parts = rows.split(lengths)
    expected = [part.mean(0) if len(part) else rows.new_zeros(5) for part in parts]
    found = dispatch.segment_mean(rows, [0, *accumulate(lengths)])
    assert found.shape == (len(lengths), 5)
    assert torch.equal(found, dispatch.segment_mean(rows, bounds))
    for row, mean in zip(found, expected, strict=True):
        assert torch.allclose(row, mean, atol=1e-12)


def test_reference_does_not_depend_on_neighbors() -> None:
    cases.check_neighbors(reference.segment_mean)
    assert LENGTHS


def test_half_precision_is_summed_in_float32() -> None:
    rows = torch.full((5000, 2), 1.0, dtype=torch.float16)
    assert reference.segment_mean(rows, [0, 5000])[0, 0] == 1  # float16 stops counting at 2048


def test_gradients_and_registration() -> None:
    rows, bounds = cases.make_inputs((3, 0, 2, 1), 4, torch.float64, "cpu")
    rows = rows.clone().requires_grad_()
    for mean in (ops.segment_mean, reference.segment_mean):
        assert torch.autograd.gradcheck(lambda x, mean=mean: mean(x, bounds), rows)
    assert set(opcheck(ops.segment_mean, (rows, bounds)).values()) == {"SUCCESS"}


def test_compiled_in_one_graph() -> None:
    rows, bounds = cases.make_inputs(LENGTHS, 4, torch.float32, "cpu")
    compiled = torch.compile(dispatch.segment_mean, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(rows, bounds), dispatch.segment_mean(rows, bounds))


@pytest.mark.parametrize("bounds", [torch.zeros(0, dtype=torch.int32), torch.zeros(2)])
def test_refuses_boundaries(bounds: torch.Tensor) -> None:
    with pytest.raises(KernelInputError, match=r"Rows are .*boundaries \(N \+ 1,\) of int32"):
        reference.check_segments(torch.zeros(3, 2), bounds)
