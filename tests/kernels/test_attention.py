from __future__ import annotations

from typing import Any

import pytest
import torch

from kernels.attention import PRECISION, varlen_attention
from kernels.attention_backward import grad_kv_kernel, grad_q_kernel, whole_kernel
from kernels.attention_forward import forward_kernel
from kernels.errors import KernelInputError
from kernels.tiles import Shape, Shapes, shapes_for
from tests.kernels import attention_cases as cases
from tests.kernels.interpreted import run_interpreted
from tests.kernels.machine_code import CAPABILITIES, MachineCode, compile_kernel

MOST_REGISTERS = {16: 128, 32: 168, 64: 255, 128: 255}
"""By head width; 128 registers leave room for 16 warps on a multiprocessor."""

KERNELS = {
    "forward short": (forward_kernel, "short", {"WHOLE": True}),
    "forward middle": (forward_kernel, "middle", {"WHOLE": True}),
    "forward long": (forward_kernel, "forward", {"WHOLE": False}),
    "backward short": (whole_kernel, "short", {}),
    "backward middle": (whole_kernel, "middle", {}),
    "backward long q": (grad_q_kernel, "grad_q", {}),
    "backward long kv": (grad_kv_kernel, "grad_kv", {}),
}
FLOATS = ("lse_ptr", "slopes_ptr", "delta_ptr")
ODD = ("num_tokens", "scale")


@pytest.mark.slow
def test_interpreted() -> None:
    assert run_interpreted("interpreted_attention.py") > 20


def machine_code(
    name: str,
    capability: int,
    head_width: int,
    dtype: torch.dtype = torch.bfloat16,
    *,
    num_pairs: int | None = None,
    phase: str = "i64",
    has_alibi: bool = False,
) -> MachineCode:
    """Compile the launch of views of a fused projection."""
    kernel, kind, constants = KERNELS[name]
    shape: Shape = getattr(shapes_for(head_width, dtype), kind)
    pairs = head_width // 2 if num_pairs is None else num_pairs
    known: dict[str, Any] = {**constants, "H": 4, "D": head_width, "PAIRS": pairs}
    known |= {"ALIBI": has_alibi, "ROWS": shape.rows, "COLUMNS": shape.columns}
    known["PRECISION"] = PRECISION
    known |= {} if pairs else {"positions_ptr": None, "steps_ptr": None}
    known |= {} if has_alibi else {"slopes_ptr": None}
    element = {torch.bfloat16: "*bf16", torch.float16: "*fp16", torch.float32: "*fp32"}[dtype]
    types = {n: element if n.endswith("_ptr") else "i32" for n in kernel.arg_names}
    types |= dict.fromkeys(FLOATS, "*fp32") | {"tiles_ptr": "*i32", "scale": "fp32"}
    types |= dict.fromkeys(("positions_ptr", "steps_ptr"), f"*{phase}")
    constants = {n: known[n] for n in kernel.arg_names if n in known}
    return compile_kernel(
        kernel,
        capability,
        signature=types,
        constants=constants,
        aligned=[n for n in kernel.arg_names if n not in constants and n not in ODD],
        options={"num_warps": shape.warps, "num_stages": shape.stages},
    )


def check_code(code: MachineCode, head_width: int) -> None:
    """No spill, no atomic, matrix units at work, rows read 16 bytes at a time."""
    assert code.registers <= MOST_REGISTERS[head_width]
    assert code.local_accesses == code.stack_bytes == 0
    assert code.atomics == 0
    assert code.matrix_instructions >= 2
    assert code.wide_loads >= 3


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("capability", CAPABILITIES)
def test_machine_code_of_the_encoder(name: str, capability: int) -> None:
    code = machine_code(name, capability, 16)
    check_code(code, 16)
    assert code.double_instructions == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("head_width", [32, 64, 128])
def test_machine_code_of_wider_heads(name: str, head_width: int) -> None:
    code = machine_code(name, 90, head_width)
    check_code(code, head_width)
    assert code.double_instructions == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"num_pairs": 0},
        {"num_pairs": 0, "has_alibi": True},
        {"phase": "fp64"},
        {"num_pairs": 6},
        {"dtype": torch.float16},
    ],
    ids=str,
)
def test_machine_code_of_other_calls(options: dict[str, Any]) -> None:
    code = machine_code("forward long", 90, 16, **options)
    assert code.local_accesses == code.stack_bytes == code.atomics == 0
    assert code.matrix_instructions >= 2
    assert code.registers <= 168


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forward long", "backward long kv"])
def test_float32_is_not_rounded_for_the_matrix_units(name: str) -> None:
    code = machine_code(name, 90, 16, torch.float32)
    assert code.local_accesses == code.atomics == 0
    assert code.matrix_instructions == 0
    assert code.count(r"\bFFMA2?\b") > 100


def test_lists_are_shared_by_the_backward_passes() -> None:
    short = Shape(rows=16, columns=16, warps=1)
    tall = Shape(rows=128, columns=64, warps=8)
    with pytest.raises(ValueError, match="16 and 128 rows; give both the same"):
        Shapes(short=short, middle=short, forward=tall, grad_q=short, grad_kv=tall)


def refused(**changes: Any) -> dict[str, Any]:
    """Return arguments of which one does not fit."""
    q = torch.zeros(3, 2, 16)
    fitting = {"q": q, "k": q, "v": q, "cu_seqlens": torch.tensor([0, 3], dtype=torch.int32)}
    return fitting | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"q": torch.zeros(3, 2, 24)}, r"q is \(3, 2, 24\) float32; it must be .* 16, 32, 64"),
        ({"q": torch.zeros(3, 2, 16, dtype=torch.float64)}, "q is .* float64; it must be"),
        ({"k": torch.zeros(4, 2, 16)}, r"k is \(4, 2, 16\) float32, but q is \(3, 2, 16\)"),
        ({"v": torch.zeros(3, 16, 2).mT}, r"Channels of v lie 2 apart.*v.contiguous\(\)"),
        ({"cu_seqlens": torch.tensor([0, 3])}, r"cu_seqlens is \(2,\) int64.*to\(torch.int32\)"),
        ({"positions": torch.zeros(3, dtype=torch.int64)}, "steps is missing; a rotation needs"),
        (
            {"positions": torch.zeros(2, dtype=torch.int64), "steps": torch.ones(2)},
            r"positions is \(2,\) int64; it must be \(3,\)",
        ),
        (
            {"positions": torch.zeros(3, dtype=torch.int64), "steps": torch.ones(2)},
            r"steps is \(2,\) float32; it must be \(P,\) of torch.int64.*from 1 to 8",
        ),
        ({"alibi_slopes": torch.ones(3)}, r"alibi_slopes is \(3,\) float32; it must be \(2,\)"),
        ({"scale": 0.0}, r"scale is 0.0; it must be greater than 0"),
    ],
)
def test_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(KernelInputError, match=message):
        varlen_attention(**refused(**changes))


@pytest.fixture
def device() -> str:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    return "cuda"


DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@pytest.mark.gpu
@pytest.mark.parametrize("case", cases.GPU_CASES, ids=lambda c: str(c)[:60])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numbers_on_a_gpu(case: cases.Case, dtype: torch.dtype, device: str) -> None:
    cases.check_numbers(varlen_attention, case, dtype, device)
    assert torch.cuda.is_available()


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_neighbors_on_a_gpu(dtype: torch.dtype, device: str) -> None:
    cases.check_neighbors(varlen_attention, dtype, device)
    assert torch.cuda.is_available()


@pytest.mark.gpu
def test_large_scores_on_a_gpu(device: str) -> None:
    cases.check_large_scores(varlen_attention, device)
    assert torch.cuda.is_available()


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_runs_agree_bit_for_bit_on_a_gpu(dtype: torch.dtype, device: str) -> None:
    case = cases.Case(lengths=(4999, *range(200)), num_heads=4, num_pairs=8)
    inputs = cases.make_inputs(case, dtype, device)
    first = cases.run(varlen_attention, inputs)
    for _ in range(3):
        for x, y in zip(cases.run(varlen_attention, inputs), first, strict=True):
            assert torch.equal(x, y)
