from __future__ import annotations

from typing import Any

import pytest
import torch

from kernels.errors import KernelInputError
from kernels.rope import NUM_WARPS, block_shape, rotary, rotary_kernel
from tests.kernels.interpreted import run_interpreted
from tests.kernels.machine_code import CAPABILITIES, MachineCode, compile_kernel

MOST_REGISTERS = 64
POINTERS = ("q_ptr", "k_ptr", "out_q_ptr", "out_k_ptr")


@pytest.mark.slow
def test_interpreted() -> None:
    assert run_interpreted("interpreted_rope.py") > 50


def machine_code(
    capability: int,
    dtype: str,
    head_width: int,
    *,
    num_pairs: int | None = None,
    phase: str = "i64",
    inverse: bool = False,
) -> MachineCode:
    """Compile the launch of packed, aligned tensors."""
    pairs = head_width // 2 if num_pairs is None else num_pairs
    shape = block_shape(pairs, 4, head_width, 4 if dtype == "fp32" else 2, copies=True)
    constants: dict[str, Any] = dict(PAIRS=pairs, INVERSE=inverse, IS_FIXED=phase == "i64", **shape)
    constants["UNIT"] = min(head_width, 16)
    numbers = [n for n in rotary_kernel.arg_names if n.startswith(("num_", "stride_"))]
    phases = dict.fromkeys(("positions_ptr", "steps_ptr"), f"*{phase}")
    types = dict.fromkeys(POINTERS, f"*{dtype}") | phases | dict.fromkeys(numbers, "i32")
    return compile_kernel(
        rotary_kernel,
        capability,
        signature=types,
        constants=constants,
        aligned=(*POINTERS, *phases),
        options={"num_warps": NUM_WARPS},
    )


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize(
    ("dtype", "head_width"),
    [("bf16", 16), ("bf16", 64), ("fp16", 32), ("fp32", 8), ("fp32", 16), ("fp32", 128)],
)
def test_machine_code(capability: int, dtype: str, head_width: int) -> None:
    code = machine_code(capability, dtype, head_width)
    assert code.registers <= MOST_REGISTERS
    assert code.local_accesses == code.stack_bytes == 0
    # Two halves of one head of queries and of keys; positions and steps are the other loads.
    assert code.wide_stores == code.stores == 4
    assert code.wide_loads >= 4
    assert code.double_instructions == 0
    assert code.atomics == 0


@pytest.mark.parametrize(
    "options",
    [
        {"phase": "fp64"},
        {"inverse": True},
        {"num_pairs": 8},
        {"num_pairs": 12},
        {"num_pairs": 1},
        {"num_pairs": 7, "phase": "fp64"},
    ],
    ids=str,
)
def test_machine_code_of_other_calls(options: dict[str, Any]) -> None:
    code = machine_code(90, "bf16", 32, **options)
    assert code.registers <= (80 if options.get("num_pairs") == 1 else MOST_REGISTERS)
    assert code.local_accesses == code.stack_bytes == 0


def test_an_access_carries_16_bytes_where_a_head_has_them() -> None:
    small = block_shape(8, 4, 16, 2, copies=True)
    assert (small["BLOCK_T"], small["BLOCK_H"]) == (32, 4)  # four heads of 32 bytes fill a line
    assert block_shape(8, 3, 16, 2, copies=True)["BLOCK_H"] == 4
    assert block_shape(8, 1, 16, 2, copies=True)["BLOCK_T"] == 128  # a half in each thread
    assert block_shape(32, 4, 64, 4, copies=True)["BLOCK_T"] == 16  # in each eighth thread
    assert block_shape(12, 4, 32, 2, copies=True)["BLOCK_T"] == 32  # 8 bytes in each fourth thread
    assert block_shape(1, 4, 128, 2, copies=True)["BLOCK_T"] == 8  # 126 channels are only copied
    assert block_shape(12, 4, 32, 2, copies=True)["REST"] == 8
    assert block_shape(12, 4, 32, 2, copies=False)["REST"] == 0


@pytest.mark.parametrize(("width", "dtype"), [(4, torch.float32), (256, torch.float32)])
def test_refuses_head_widths(width: int, dtype: torch.dtype) -> None:
    q = torch.zeros(2, 1, width, dtype=dtype)
    phases = torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(KernelInputError, match="takes heads of 8 to 128 channels"):
        rotary(q, q, *phases)


def test_refuses_double_precision() -> None:
    q = torch.zeros(2, 1, 8, dtype=torch.float64)
    phases = torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(KernelInputError, match=r"float64.* float32, float16 or bfloat16"):
        rotary(q, q, *phases)
