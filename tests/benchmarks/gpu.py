"""`make bench-gpu`: kernels and embedding on one CUDA device, beside all that others offer.

Run: `python -m tests.benchmarks.gpu`. Runs unattended in under 8 minutes, prints a table and writes
tests/benchmarks/results/gpu.csv; what does not run here is said in its row. Speeds of kernels are
shares of a device copy and of a bfloat16 matrix product measured in the same run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from engine.batching import TOKEN_BUDGET
from kernels import peers, reference
from kernels.choice import explain, this_machine
from tests.benchmarks import encoders
from tests.benchmarks.gpu_embedding import embedding_rows
from tests.benchmarks.gpu_rotary import rotary_peers
from tests.benchmarks.harness import (
    Case,
    Limits,
    Measurement,
    find_limits,
    measure,
    show,
    wait_for,
    write_results,
)

MOST_SECONDS = 420
ROTARY_TOKENS = 4_194_304
NUM_PATIENTS = 20_000
NUM_HEADS = 4
REPEAT = 20


def main() -> None:
    if not torch.cuda.is_available():
        sys.exit("No CUDA device is here; `make bench` measures the CPU.")
    started = time.monotonic()
    print(f"{torch.cuda.get_device_name()}: {explain(head_width=16)}")
    limits = find_limits("cuda", torch.bfloat16, num_mib=2_048, width=8_192)
    rows = limit_rows(limits)
    for part in (embedding_rows, rotary_rows, attention_rows):
        for row in part(limits):
            show([row])
            rows.append(row)
            if time.monotonic() - started > MOST_SECONDS:
                print(f"Stopped after {MOST_SECONDS} s; the rest is not measured.")
                print(write_results("gpu", rows))
                return
    print(write_results("gpu", rows))


def limit_rows(limits: Limits) -> list[Measurement]:
    found = {"GB/s": limits.bytes_per_s / 1e9, "TFLOP/s": limits.flops_per_s / 1e12}
    names = ("limit: device copy", "limit: bfloat16 matrix product")
    rows = [
        Measurement(name=name, unit=unit, median=value, low=value, high=value, runs=10)
        for name, (unit, value) in zip(names, found.items(), strict=True)
    ]
    show(rows)
    return rows


def attempt(case: Case, limits: Limits) -> Measurement:
    """Measure a case; one that fails becomes a row that says why, and the run goes on."""
    try:
        return measure(case, limits, repeat=REPEAT, wait=wait_for("cuda"))
    except Exception as error:  # noqa: BLE001 - any package of others may fail in any way
        torch.cuda.empty_cache()
        reason = f"did not run: {type(error).__name__}: {str(error)[:100]}".replace("\n", " ")
        return Measurement(
            name=case.name, unit=case.unit, median=0, low=0, high=0, runs=0, note=reason
        )


def rotary_rows(limits: Limits) -> Iterator[Measurement]:
    """Rotate 4 million tokens; every element of q and k is read and written once."""
    for width in (16, 64):
        q, k, where, steps = rotary_inputs(ROTARY_TOKENS * 16 // width, width)
        exact = reference.rotary(q[:9_973].double(), k[:9_973].double(), where[:9_973], steps)
        table = reference.rotary_table(where, steps)
        for name, run in rotary_peers(q, k, where, steps, table).items():
            case = Case(
                name=f"rotary, heads of {width}: {name}",
                run=run,
                num_bytes=2.0 * (q.nbytes + k.nbytes) + where.nbytes,
                find_error=lambda out, exact=exact: _error_of(out, exact),
            )
            yield attempt(case, limits)


def rotary_inputs(num: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator("cuda").manual_seed(0)
    more = {"device": "cuda", "generator": generator}
    q, k = (torch.randn(num, NUM_HEADS, width, dtype=torch.bfloat16, **more) for _ in range(2))
    where = torch.randint(3_000_000_000, (num,), **more)
    return q, k, where, reference.rotary_steps(width // 2, 1e3, 1e9).cuda()


def _error_of(out: Any, exact: tuple[Tensor, Tensor]) -> float:
    """Compare with float64; gradients come without values to compare."""
    if not isinstance(out, tuple):
        return float("nan")
    found = out[0].reshape(-1, *exact[0].shape[1:])[: len(exact[0])]
    return float((found.double() - exact[0]).abs().max())


Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def attention_rows(limits: Limits) -> Iterator[Measurement]:
    """Attend within patients of Zipf lengths, with and without backward."""
    lengths = encoders.zipf_lengths(NUM_PATIENTS)
    for width in (16, 32, 64):
        generator = torch.Generator("cuda").manual_seed(0)
        shape = (int(lengths.sum()), 3, NUM_HEADS, width)
        fused = torch.randn(shape, dtype=torch.bfloat16, device="cuda", generator=generator)
        exact = exact_start(fused, lengths)
        flops = 4.0 * NUM_HEADS * width * float((lengths.astype(float) ** 2).sum())
        for name, attend in attention_peers(lengths).items():
            for suffix, share, run in both_ways(attend, fused):
                case = Case(
                    name=f"attention, heads of {width}, {suffix}: {name}",
                    run=run,
                    num_flops=share * flops,
                    num_bytes=4.0 * fused.nbytes / 3 * share,
                    find_error=lambda out, exact=exact: start_error(out, exact),
                )
                yield attempt(case, limits)


def attention_peers(lengths: encoders.Lengths) -> dict[str, Attend]:
    from kernels.attention import varlen_attention

    bounds = torch.tensor(encoders.boundaries(lengths), dtype=torch.int32, device="cuda")
    longest = int(lengths.max())
    found: dict[str, Attend] = {
        "own kernel": lambda q, k, v: varlen_attention(q, k, v, bounds),
        "varlen_attn": lambda q, k, v: peers.torch_varlen_attention(q, k, v, bounds, longest, None),
        "jagged SDPA": lambda q, k, v: peers.jagged_attention(q, k, v, bounds, None),
        f"FlexAttention, {TOKEN_BUDGET:,} tokens at a time": encoders.flex_in_parts(
            lengths, TOKEN_BUDGET, "cuda"
        ),
    }
    if this_machine().flash_attn:
        found["flash-attn"] = lambda q, k, v: peers.flash_attention(
            q, k, v, bounds, longest, None, None
        )
    return found


def both_ways(attend: Attend, fused: Tensor) -> list[tuple[str, float, Callable[[], Tensor]]]:
    """Return forward alone, and forward with backward, whose work is 3.5 times as much."""
    leaf = fused.detach().requires_grad_()
    ones = torch.ones_like(fused[:, 0])

    def forward() -> Tensor:
        with torch.no_grad():
            return attend(*fused.unbind(1))

    def backward() -> Tensor:
        leaf.grad = None
        out = attend(*leaf.unbind(1))
        out.backward(ones)
        return out

    return [("forward", 1.0, forward), ("forward and backward", 3.5, backward)]


NUM_COMPARED = 200
"""Patients whose attention is computed in float64, to compare with."""


def exact_start(fused: Tensor, lengths: encoders.Lengths) -> Tensor:
    bounds = encoders.boundaries(lengths[:NUM_COMPARED])
    q, k, v = fused[: bounds[-1]].double().unbind(1)
    return reference.varlen_attention(q, k, v, bounds)


def start_error(out: Tensor, exact: Tensor) -> float:
    return float((out.detach()[: len(exact)].double() - exact).abs().max())


if __name__ == "__main__":
    main()
