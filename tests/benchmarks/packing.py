"""Packed against padded: the encoder's blocks over patients of long-tailed lengths, on the CPU.

Run: `python -m tests.benchmarks.packing [NUM_PATIENTS]`. Prints a table and writes
tests/benchmarks/results/packing.csv. Ratios are of one run; other work on the machine slows all
layouts alike.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from engine.batching import TOKEN_BUDGET, StreamConfig, plan_batches, stream_batches
from engine.config import EncoderConfig
from tests.benchmarks import encoders
from tests.benchmarks.encoders import Lengths, Patients, Stack
from tests.benchmarks.harness import (
    Case,
    Limits,
    Measurement,
    find_limits,
    measure,
    quantiles,
    show,
    write_results,
)

SMALL = EncoderConfig(width=64, num_layers=4, num_heads=4)
Draw = Callable[[int], Lengths]
DRAWS: dict[str, Draw] = {
    "Zipf (mean 67, max 5,000)": encoders.zipf_lengths,
    "log-normal (mean 62, max 1,000)": encoders.log_normal_lengths,
}
NUM_STREAM = 300_000


def main() -> None:
    num = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    limits = find_limits("cpu", torch.float32, num_mib=256, width=1024)
    rows = [row for name, draw in DRAWS.items() for row in compare(name, draw(num), SMALL, limits)]
    rows += [row for name, draw in DRAWS.items() for row in packing(name, draw(NUM_STREAM))]
    show(rows)
    print(write_results("packing", rows))


def layouts(stack: Stack, patients: Patients) -> dict[str, Callable[[], Tensor]]:
    """Return every layout that a CPU runs, by name; the first is what the encoder does."""
    lengths = patients.lengths
    packed = partial(encoders.in_one_tensor, stack, patients)
    return {
        "packed, one call per length": lambda: packed(encoders.ours),
        "packed, bfloat16 products": lambda: in_bfloat16(lambda: packed(encoders.ours)),
        "packed, one call per patient": lambda: packed(encoders.one_call_per_patient),
        "sorted, padded to the budget": lambda: encoders.padded(
            stack, patients, encoders.sorted_batches(lengths)
        ),
        "FlexAttention, packed": lambda: packed(encoders.flex, budget=8_192),
        "jagged SDPA": lambda: packed(encoders.jagged, budget=2_048),
        "padded, 32 at random": lambda: encoders.padded(
            stack, patients, encoders.random_batches(len(lengths))
        ),
    }


def in_bfloat16(run: Callable[[], Tensor]) -> Tensor:
    """Run with products in bfloat16, which the encoder on a CPU does not use: see the error."""
    with torch.autocast("cpu", torch.bfloat16):
        return run()


SLOW = ("padded, 32 at random", "jagged SDPA")
"""Timed once; the others `REPEAT` times."""

REPEAT = 5


def compare(
    name: str,
    lengths: Lengths,
    config: EncoderConfig,
    limits: Limits,
    without: Sequence[str] = (),
) -> list[Measurement]:
    """Measure every layout on the same patients and weights."""
    torch.manual_seed(0)
    stack = Stack(config).eval()
    patients = encoders.random_patients(lengths, config.width)
    with torch.inference_mode():
        expected = encoders.in_one_tensor(
            stack.double(), replace(patients, x=patients.x.double()), encoders.ours
        )
        stack.float()
        rows = []
        for layout, run in layouts(stack, patients).items():
            if layout in without:
                continue
            case = Case(
                name=f"{name}: {layout}",
                run=run,
                num_bytes=stack.num_bytes(lengths),
                num_flops=stack.num_flops(lengths),
                items=len(lengths),
                unit="patients/s",
                find_error=lambda out: float((out.double() - expected).abs().max()),
            )
            rows.append(_measure(case, limits, repeat=1 if layout in SLOW else REPEAT))
    return [*rows, _ratio(name, rows)] if rows[-1].median else rows


def _measure(case: Case, limits: Limits, repeat: int) -> Measurement:
    try:
        return measure(case, limits, repeat=repeat)
    except (RuntimeError, MemoryError) as error:  # a layout may not fit or not run here
        reason = f"did not run: {type(error).__name__}"
        return Measurement(
            name=case.name, unit=case.unit, median=0, low=0, high=0, runs=0, note=reason
        )


def _ratio(name: str, rows: list[Measurement]) -> Measurement:
    packed, padded = rows[0], rows[-1]
    ratios = [value / padded.median for value in (packed.low, packed.median, packed.high)]
    return quantiles(f"{name}: packed against padded", "times", ratios)


def packing(name: str, lengths: Lengths) -> list[Measurement]:
    """Measure how full batches are, and what packing costs; CPU seconds, not of the clock."""
    ways = {
        "all lengths known": lambda: plan_batches(lengths),
        "stream": lambda: list(stream_batches(lengths, StreamConfig())),
        "stream, drawn by seed": lambda: list(stream_batches(lengths, StreamConfig(seed=0))),
    }
    rows = []
    for way, pack in ways.items():
        started = time.process_time()
        batches = pack()
        seconds = time.process_time() - started
        filled = float(lengths.sum()) / (len(batches) * TOKEN_BUDGET)
        assert sum(map(len, batches)) == len(lengths)
        note = f"{seconds:.2f} s for {len(lengths):,} patients"
        rows.append(quantiles(f"{name}: filled, {way}", "of budget", [filled], note=note))
    return rows


if __name__ == "__main__":
    main()
