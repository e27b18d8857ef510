"""Timing of repeated runs and of whole commands, and a results file that says where it was made."""

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
from pathlib import Path
from typing import Any

import numpy as np

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
    note: str = ""


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
        "python": platform.python_version(),
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
    }
    path = RESULTS / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[*Measurement.__annotations__, *where])
        writer.writeheader()
        writer.writerows(asdict(row) | where for row in rows)
    return path


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
