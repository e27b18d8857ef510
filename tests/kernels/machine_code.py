"""Compile a Triton kernel for a GPU that is not there, and read what the hardware would run."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

CAPABILITIES = (80, 90, 100)
WARP_SIZE = 32
TOOL = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
MATRIX = re.compile(r"\b(?:HMMA|HGMMA|UTC\w*MMA|QGMMA|IMMA|DMMA)\b")
INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(.*?)\s*;", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class MachineCode:
    """Machine code of one kernel on one architecture."""

    capability: int  # 90 is sm_90
    instructions: tuple[str, ...]  # predicate, name and operands
    registers: int  # per thread
    stack_bytes: int  # per thread, spilled or indexed
    shared_bytes: int  # per block
    ptx: str

    def count(self, pattern: str) -> int:
        """Count the instructions in which a regular expression is found."""
        return sum(re.search(pattern, line) is not None for line in self.instructions)

    @cached_property
    def local_accesses(self) -> int:
        """Loads from and stores to local memory: spills, or arrays with a moving index."""
        return self.count(r"\b(?:LDL|STL)\b")

    @cached_property
    def wide_loads(self) -> int:
        """Loads of 128 bits or more from global memory, also straight into shared memory."""
        return self.count(r"\b(?:LDG|LDGSTS)\.(?:\S*\.)?(?:128|256)\b") + self.bulk_accesses

    @cached_property
    def wide_stores(self) -> int:
        """Stores of 128 bits or more to global memory."""
        return self.count(r"\bSTG\.(?:\S*\.)?(?:128|256)\b")

    @cached_property
    def bulk_accesses(self) -> int:
        """Copies by the bulk tensor engine."""
        return self.count(r"\bU(?:TMALDG|TMASTG|BLKCP)\b")

    @cached_property
    def loads(self) -> int:
        """All loads from global memory."""
        return self.count(r"\b(?:LDG|LDGSTS)\b")

    @cached_property
    def stores(self) -> int:
        """All stores to global memory."""
        return self.count(r"\bSTG\b")

    @cached_property
    def atomics(self) -> int:
        """Atomic operations on global memory, whose order differs from run to run."""
        return self.count(r"\b(?:ATOM|ATOMG|RED|REDG)\b")

    @cached_property
    def matrix_instructions(self) -> int:
        """Instructions of the matrix units."""
        return sum(MATRIX.search(line) is not None for line in self.instructions)

    @cached_property
    def double_instructions(self) -> int:
        """Arithmetic in double precision, slow on most devices."""
        return self.count(r"\b(?:DADD|DMUL|DFMA|DSETP)\b")


def compile_kernel(
    kernel: Any,
    capability: int,
    *,
    signature: Mapping[str, str],
    constants: Mapping[str, Any],
    aligned: Collection[str] = (),
    options: Mapping[str, int] | None = None,
) -> MachineCode:
    """Compile a kernel as a launch would.

    Args:
        kernel: Function under `@triton.jit`, imported without TRITON_INTERPRET.
        capability: 80, 90 or 100.
        signature: Type of each argument that is no constant: "*bf16", "*i64", "i32", "fp32".
        constants: Value of each `tl.constexpr` argument, and of integers that are 1 (a launch
            makes them constant) or pointers that are None.
        aligned: Names of pointers and integers that a launch would find divisible by 16.
        options: Launch options, such as `num_warps` (4) and `num_stages` (3).

    Returns:
        The machine code.

    Raises:
        KeyError: If an argument of the kernel is neither in `signature` nor in `constants`.
    """
    names: list[str] = kernel.arg_names
    types = {n: "constexpr" if n in constants else signature[n] for n in names}
    divisible = [["tt.divisibility", 16]]
    attributes = {(i,): divisible for i, n in enumerate(names) if n in aligned}
    source = ASTSource(kernel, types, constexprs=dict(constants), attrs=attributes)
    launch = {"enable_fp_fusion": True, **(options or {})}
    compiled = triton.compile(source, GPUTarget("cuda", capability, WARP_SIZE), launch)
    return read_machine_code(compiled.asm["cubin"], compiled.asm["ptx"], capability)


def read_machine_code(cubin: bytes, ptx: str, capability: int) -> MachineCode:
    """Take a binary apart with the tool in the Triton wheel."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        listing = _run("-sass", file.name)
        usage = _run("-res-usage", file.name)
    figures = dict(re.findall(r"\b(REG|STACK|SHARED):(\d+)", usage))
    instructions = tuple(INSTRUCTION.findall(listing))
    assert instructions, f"no instruction in:\n{listing}"
    return MachineCode(
        capability=capability,
        instructions=instructions,
        registers=int(figures["REG"]),
        stack_bytes=int(figures["STACK"]),
        shared_bytes=int(figures["SHARED"]),
        ptx=ptx,
    )


def _run(*arguments: str) -> str:
    command = [str(TOOL), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
