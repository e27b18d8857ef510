"""Interpreter tests in a process of their own.

Triton decides at the import of a kernel whether it is compiled or interpreted, so one process
cannot do both. Cases for the interpreter live in `tests/kernels/interpreted_<op>.py`, which pytest
does not collect by itself, and `test_<op>.py` hands that file to `run_interpreted`.

Interpreted numerics hold in float32 and float16: bfloat16 products are wrong there, and stores to
bfloat16 cut off instead of rounding.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
LAST_LINES = 60


def run_interpreted(file_name: str, *, timeout_s: float = 600) -> int:
    """Run the tests of a file in a fresh process, with Triton interpreting.

    Args:
        file_name: Name of the file in `tests/kernels`, for example `interpreted_rope.py`.
        timeout_s: Seconds after which the process is ended.

    Returns:
        How many tests passed, at least 1.

    Raises:
        AssertionError: If a test failed, was skipped, or none was found; with the output's end.
    """
    command = [sys.executable, "-m", "pytest", str(FOLDER / file_name), "-q"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    lines = (ended.stdout + ended.stderr).splitlines()
    end = "\n".join(lines[-LAST_LINES:])
    assert ended.returncode == 0, f"{file_name} failed when interpreted:\n{end}"
    passed = re.search(r"(\d+) passed", end)
    assert passed, f"{file_name} holds no test:\n{end}"
    assert "skipped" not in end, f"{file_name} must skip nothing:\n{end}"
    return int(passed[1])
