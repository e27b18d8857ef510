"""How long `tumorxy report` takes to write the PDF of a stored tumor, in processes of their own.

Run: `python -m tests.benchmarks.report [HOME]`. On the bundled cohort of 3,600 tumors, which is
built first unless HOME holds it; of one tumor nothing is explained in the store, of another all
that the report tells. Counted from the start of the command's own work, after the imports that
every command makes. Beside wall time stands that of the processors, summed over processes. Writes
results/report.csv.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dashboard.service import Service
from dashboard.settings import HOME_VARIABLE
from engine.synthetic import STUDY
from tests.benchmarks.harness import (
    Measurement,
    load,
    quantiles,
    run_command,
    show,
    write_results,
)

NEW, EXPLAINED = "SYN-0100", "SYN-0200"
REPEAT = 7
COMMAND = """
import contextlib, json, resource, sys, time
from dashboard.cli import app
wall, before = time.perf_counter(), time.process_time()
with contextlib.suppress(SystemExit):
    app(["report", sys.argv[1], "--out", sys.argv[2]])
child = resource.getrusage(resource.RUSAGE_CHILDREN)
spent = time.process_time() - before + child.ru_utime + child.ru_stime
print(json.dumps([time.perf_counter() - wall, spent]), file=sys.stderr)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name) / "home"
        Service(home).demo()
        run_command("explain", EXPLAINED, home=home)
        rows = [
            timed("tumorxy report, PDF, the model to be loaded", home, NEW),
            timed("tumorxy report, PDF, explained in the store", home, EXPLAINED),
        ]
    show(rows)
    print(write_results("report", rows))


def timed(name: str, home: Path, sample: str) -> Measurement:
    """Write one report a few times; the first, which reads files for the others, is left out."""
    told = [_seconds(home, sample) for _ in range(REPEAT + 1)][1:]
    processors = sorted(spent for _, spent in told)[REPEAT // 2]
    note = f"{STUDY.name}; processors {processors:.2f} s; {load()}"
    return quantiles(name, "s", [wall for wall, _ in told], note=note)


def _seconds(home: Path, sample: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, sample, str(Path(folder) / "report.pdf")],
            env=os.environ | {HOME_VARIABLE: str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
    wall, spent = json.loads(done.stderr.splitlines()[-1])
    return wall, spent


if __name__ == "__main__":
    main()
