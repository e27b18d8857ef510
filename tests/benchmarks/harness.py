"""Timing of cases and commands, shares of the hardware's limits, and results that say where."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One row of the results: median with 20 and 80% quantiles."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    runs: int
    peak_gib: float | None = None
    share_of_limit: float | None = None  # 1 is the fastest that memory or arithmetic allows
    error: float | None = None  # largest difference from float64, or from the case beside it
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the hardware reached in this run; a case cannot be faster than either."""

    bytes_per_s: float  # of a copy, reads and writes counted
    flops_per_s: float  # of a square matrix product


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to measure, with the least work that it needs."""

    name: str
    run: Callable[[], Any]
    num_bytes: float = 0  # least traffic of memory: each input read, each output written once
    num_flops: float = 0
    items: float = 0  # done by one run, for a rate; 0 gives seconds
    unit: str = "s"
    find_error: Callable[[Any], float] | None = None  # of what `run` returned


def measure(
    case: Case, limits: Limits, *, repeat: int, wait: Callable[[], Any] = lambda: None
) -> Measurement:
    """Time a case; `wait` waits for the device before the clock is read."""
    result = case.run()
    error = case.find_error(result) if case.find_error else None
    del result

    def run_and_wait() -> None:
        case.run()
        wait()

    wait()
    seconds = time_call(run_and_wait, repeat=repeat, warmup=0)
    least = max(case.num_bytes / limits.bytes_per_s, case.num_flops / limits.flops_per_s)
    values = [case.items / s for s in seconds] if case.items else seconds
    return quantiles(
        case.name,
        case.unit,
        values,
        share_of_limit=least / float(np.median(seconds)) if least else None,
        error=error,
    )


def find_limits(device: str, dtype: torch.dtype, *, num_mib: int, width: int) -> Limits:
    """Measure a copy of `num_mib` MiB and a product of two square matrices, best of ten each."""
    source = torch.zeros(num_mib << 20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    matrix = torch.ones(width, width, dtype=dtype, device=device)
    wait = wait_for(device)

    def best(call: Callable[[], Any]) -> float:
        def run_and_wait() -> None:
            call()
            wait()

        return min(time_call(run_and_wait, repeat=10, warmup=3))

    copied = best(lambda: target.copy_(source))
    multiplied = best(lambda: matrix @ matrix)
    return Limits(bytes_per_s=2 * source.nbytes / copied, flops_per_s=2 * width**3 / multiplied)


def wait_for(device: str) -> Callable[[], None]:
    """Return what waits until a device has done all that was asked of it."""
    return torch.cuda.synchronize if device == "cuda" else lambda: None


def quantiles(name: str, unit: str, values: Sequence[float], **more: Any) -> Measurement:
    low, median, high = np.quantile(np.asarray(values, dtype=float), [0.2, 0.5, 0.8])
    return Measurement(
        name=name,
        unit=unit,
        median=float(median),
        low=float(low),
        high=float(high),
        runs=len(values),
        **more,
    )


def time_call(call: Callable[[], Any], *, repeat: int, warmup: int = 1) -> list[float]:
    """Wall seconds of each of `repeat` calls, after `warmup` calls that are not counted."""
    for _ in range(warmup):
        call()
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds


def run_command(*arguments: str, home: Path) -> tuple[dict[str, Any], float, float]:
    """Run `tumorxy ... --json`; return its document, wall seconds and peak memory in GiB.

    The peak is that of the largest process of the command, as the operating system counts it.
    """
    program = Path(sys.executable).parent / "tumorxy"
    watcher = (
        "import json,resource,subprocess,sys,time;t=time.perf_counter();"
        "r=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE);"
        "print(json.dumps([r.returncode,time.perf_counter()-t,"
        "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,r.stdout.decode()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", watcher, str(program), *arguments, "--json"],
        env=os.environ | {"TUMORXY_HOME": str(home)},
        stdout=subprocess.PIPE,
        check=True,
    )
    code, seconds, peak_kib, output = json.loads(done.stdout)
    document = json.loads(output)
    if code:
        raise RuntimeError(f"tumorxy {arguments[0]} ended with {code}: {document}")
    return document, seconds, peak_kib / 2**20


def write_results(name: str, rows: Sequence[Measurement]) -> Path:
    """Write rows as CSV with hardware, versions and commit."""
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    where = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "triton": package_version("triton"),
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
    }
    path = RESULTS / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[*Measurement.__annotations__, *where])
        writer.writeheader()
        writer.writerows(asdict(row) | where for row in rows)
    return path


def show(rows: Sequence[Measurement]) -> None:
    """Print a table."""
    for row in rows:
        spread = f"{row.median:12.4f} ({row.low:.4f} to {row.high:.4f}) {row.unit}"
        share = "" if row.share_of_limit is None else f"{row.share_of_limit:6.1%} of the limit"
        error = "" if row.error is None else f"error {row.error:.1e}"
        peak = "" if row.peak_gib is None else f"{row.peak_gib:.2f} GiB"
        print("  ".join(x for x in (f"{row.name:52}", spread, share, error, peak, row.note) if x))


def load() -> str:
    """Say how many processes wanted a core in the last minute, this one among them."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
