from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from kernels.attention import varlen_attention
from kernels.attention_backward import grad_kv_kernel, grad_q_kernel, whole_kernel
from kernels.attention_call import PRECISION, turn_warps
from kernels.attention_forward import forward_kernel
from kernels.errors import KernelInputError
from kernels.packed_rows import turn_kernel
from kernels.tiles import (
    MIDDLE,
    PLAN_BLOCK,
    PLAN_WARPS,
    SHORT,
    Shape,
    Shapes,
    list_kernel,
    shapes_for,
)
from tests.kernels.interpreted import run_interpreted
from tests.kernels.machine_code import CAPABILITIES, MachineCode, compile_kernel

MOST_REGISTERS = {16: 168, 32: 168, 64: 168, 128: 255}
"""On sm_90, by head width; 168 registers leave room for 12 warps on a multiprocessor."""

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
ELEMENTS = {torch.bfloat16: "*bf16", torch.float16: "*fp16", torch.float32: "*fp32"}


@pytest.mark.slow
def test_interpreted() -> None:
    assert run_interpreted("interpreted_attention.py") > 20


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a kernel is compiled for; as a launch on views of a fused projection would."""

    name: str  # of KERNELS, or "turn"
    capability: int = 90
    head_width: int = 16
    dtype: torch.dtype = torch.bfloat16
    num_pairs: int | None = None  # half the head's channels when None
    phase: str = "i64"
    has_alibi: bool = False

    def __str__(self) -> str:
        return f"{self.name}, sm_{self.capability}, head {self.head_width}"

    @property
    def pairs(self) -> int:
        """Pairs that this kernel rotates: queries and keys of long sequences come rotated."""
        half = self.head_width // 2 if self.num_pairs is None else self.num_pairs
        return 0 if self.name == "forward long" else half


def compile_build(build: Build) -> MachineCode:
    kernel, constants = turn_kernel, {"ROWS": 64}
    options = {"num_warps": turn_warps(64, build.head_width)}
    if build.name != "turn":
        kernel, kind, more = KERNELS[build.name]
        shape: Shape = getattr(shapes_for(build.head_width, build.dtype), kind)
        constants = {**more, "ROWS": shape.rows, "COLUMNS": shape.columns}
        options = {"num_warps": shape.warps, "num_stages": shape.stages}
    known: dict[str, Any] = {**constants, "H": 4, "D": build.head_width, "PAIRS": build.pairs}
    known |= {"ALIBI": build.has_alibi, "PRECISION": PRECISION}
    known |= {} if build.pairs else {"positions_ptr": None, "steps_ptr": None}
    known |= {} if build.has_alibi else {"slopes_ptr": None}
    element = ELEMENTS[build.dtype]
    types = {n: element if n.endswith("_ptr") else "i32" for n in kernel.arg_names}
    types |= dict.fromkeys(FLOATS, "*fp32") | {"tiles_ptr": "*i32", "scale": "fp32"}
    types |= dict.fromkeys(("positions_ptr", "steps_ptr"), f"*{build.phase}")
    constants = {n: known[n] for n in kernel.arg_names if n in known}
    return compile_kernel(
        kernel,
        build.capability,
        signature=types,
        constants=constants,
        aligned=[n for n in kernel.arg_names if n not in constants and n not in ODD],
        options=options,
    )


def check_code(code: MachineCode, build: Build) -> None:
    """No spill, no atomic, no double precision, rows read 16 bytes at a time."""
    assert code.registers <= (MOST_REGISTERS[build.head_width] if build.capability == 90 else 255)
    assert code.local_accesses == code.stack_bytes == 0
    assert code.atomics == code.double_instructions == 0
    assert code.matrix_instructions >= 2
    assert code.wide_loads >= 3


ENCODER = [Build(name=name) for name in KERNELS]
ELSEWHERE = [
    Build(name=name, capability=capability)
    for name in ("forward long", "backward middle", "backward long q", "backward long kv")
    for capability in CAPABILITIES
    if capability != 90
]
WIDER = [
    Build(name=name, head_width=width)
    for name in ("forward long", "backward long q", "backward long kv", "backward middle")
    for width in (32, 64, 128)
]


@pytest.mark.slow
@pytest.mark.parametrize("build", ENCODER, ids=str)
def test_machine_code_of_the_encoder(build: Build) -> None:
    code = compile_build(build)
    check_code(code, build)
    if "short" not in build.name:  # of 16 rows, where the warpgroup instructions take 64
        assert code.count("HGMMA") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("build", ELSEWHERE + WIDER, ids=str)
def test_machine_code_elsewhere_and_of_wider_heads(build: Build) -> None:
    code = compile_build(build)
    check_code(code, build)
    assert code.instructions


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"num_pairs": 0},
        {"num_pairs": 0, "has_alibi": True},
        {"phase": "fp64"},
        {"num_pairs": 6},
        {"dtype": torch.float16},
    ],
    ids=str,
)
def test_machine_code_of_other_calls(changes: dict[str, Any]) -> None:
    code = compile_build(replace(Build(name="backward middle"), **changes))
    assert code.local_accesses == code.stack_bytes == code.atomics == 0
    assert code.matrix_instructions >= 2
    assert code.registers <= MOST_REGISTERS[16]


@pytest.mark.parametrize("head_width", [16, 64])
def test_machine_code_of_the_rotation_of_long_sequences(head_width: int) -> None:
    code = compile_build(Build(name="turn", head_width=head_width))
    assert code.local_accesses == code.stack_bytes == code.double_instructions == 0
    assert code.registers <= MOST_REGISTERS[32]
    assert code.wide_loads >= 4
    assert code.wide_stores >= 2


@pytest.mark.slow
def test_machine_code_of_the_list_of_tiles() -> None:
    code = compile_kernel(
        list_kernel,
        90,
        signature=dict.fromkeys(("bounds_ptr", "entries_ptr"), "*i32")
        | dict.fromkeys(("num_sequences", "middle_at", "long_at"), "i32"),
        constants={"SHORT": SHORT, "MIDDLE": MIDDLE, "ROWS": 128, "FIELDS": 3, "BLOCK": PLAN_BLOCK},
        options={"num_warps": PLAN_WARPS},
    )
    assert code.registers <= 64
    assert code.local_accesses == code.stack_bytes == code.atomics == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forward long", "backward middle", "backward long kv"])
def test_machine_code_of_float32(name: str) -> None:
    code = compile_build(Build(name=name, dtype=torch.float32))
    assert code.local_accesses == code.stack_bytes == code.atomics == 0
    assert code.wide_loads >= 3
    # Three products of parts that 10 bits hold, for each product of the algorithm.
    assert code.matrix_instructions >= 6
    assert code.count(r"\.TF32\b") >= 6


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
