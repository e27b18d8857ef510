"""Embed 30,000, 100,000 and 300,000 tumors: time, peak memory, and whether time is linear.

Other work on the machine lengthens the time by the clock, hardly that of the CPU; with
OMP_NUM_THREADS=1 the latter is what one core needs.

Run: `python -m tests.benchmarks.scale [DATA] [MODEL]`, DATA being the folder that TUMORXY_DATA
names and MODEL a folder of weights, else the shipped ones. Tumors are drawn with replacement from
the real studies, with all their tokens. Prints a table and writes
tests/benchmarks/results/scale.csv.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dashboard.training import study_folders
from engine.embed import Encoder
from engine.progress import no_progress
from engine.tokens import TumorTokens, concatenate
from tests.benchmarks.harness import ROOT, Measurement, quantiles, show, write_results
from tests.benchmarks.token_files import read_tokens, write_tokens

COUNTS = (30_000, 100_000, 300_000)


def main() -> None:
    stated = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TUMORXY_DATA")
    data = Path(stated) if stated else ROOT.parent / "shared" / "data"
    model = sys.argv[2] if len(sys.argv) > 2 else ""
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as folder:
        file = Path(folder) / "tokens.npz"
        write_tokens(read_all(data, load_encoder(model)), file)
        rows = table({count: run_apart(file, model, count) for count in COUNTS})
    show(rows)
    print(write_results("scale", rows))


def load_encoder(model: str) -> Encoder:
    return Encoder.load(Path(model) if model else None)


def read_all(data: Path, encoder: Encoder) -> TumorTokens:
    """Read every study of a folder of studies."""
    names = sorted(path.name for path in (data / "studies").iterdir() if path.is_dir())
    studies = study_folders(data, names, no_progress)
    return concatenate([encoder.tokenize(study.tables) for study in studies.values()])


def run_apart(file: Path, model: str, count: int) -> dict[str, float]:
    """Embed in a process of its own, whose peak memory is then that of this count."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale", "--one", str(file), model, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(found: dict[int, dict[str, float]]) -> list[Measurement]:
    """Return a row for each count, and how the CPU time of a tumor grows with the count."""
    rows = [
        quantiles(
            f"embed {count:,} tumors",
            "s",
            [run["elapsed_s"]],
            peak_gib=run["peak_gib"],
            note=f"{run['cpu_s']:.1f} s of CPU time, {run['num_tokens'] / count:.1f} tokens each",
        )
        for count, run in found.items()
    ]
    each = [run["cpu_s"] / count for count, run in found.items()]
    name = "CPU time per tumor, most against fewest"
    return [*rows, quantiles(name, "times", [each[-1] / each[0]], note="1 is linear")]


def embed_one(file: Path, model: str, count: int) -> dict[str, float]:
    """Draw tumors and embed them; return peak memory, and seconds by the clock and of the CPU."""
    tokens = read_tokens(file)
    rows = np.random.default_rng(0).integers(len(tokens), size=count)
    drawn = tokens.take(rows)
    del tokens
    encoder = load_encoder(model)
    started, worked = time.perf_counter(), time.process_time()
    vectors = encoder.embed(drawn)
    elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - worked
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    return {
        "elapsed_s": elapsed_s,
        "cpu_s": cpu_s,
        "num_tokens": len(drawn.gene),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(embed_one(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
    else:
        main()
