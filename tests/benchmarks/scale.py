"""Embed 30,000, 100,000 and 300,000 tumors: time, peak memory, and whether time is linear.

Run: `python -m tests.benchmarks.scale [DATA] [MODEL]`, DATA being the folder that TUMORXY_DATA
names and MODEL a folder of weights, else the shipped ones. Tumors are drawn with replacement from
the real studies, with all their tokens. Prints a table and writes
tests/benchmarks/results/scale.csv.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.embed import Encoder
from engine.tokens import TumorTokens, concatenate
from tests.benchmarks.harness import ROOT, Measurement, quantiles, show, write_results

COUNTS = (30_000, 100_000, 300_000)


def main() -> None:
    stated = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TUMORXY_DATA")
    data = Path(stated) if stated else ROOT.parent / "shared" / "data"
    model = sys.argv[2] if len(sys.argv) > 2 else ""
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as folder:
        file = Path(folder) / "tokens"
        write_tokens(read_tokens(data, load_encoder(model)), file)
        rows = [run_apart(file, model, count) for count in COUNTS]
    rows.append(linearity(rows))
    show(rows)
    print(write_results("scale", rows))


def load_encoder(model: str) -> Encoder:
    return Encoder.load(Path(model) if model else None)


def read_tokens(data: Path, encoder: Encoder) -> TumorTokens:
    """Read every study of a folder of studies."""
    from engine.genes import GeneTable
    from engine.readers.options import ReadOptions
    from engine.readers.read import read_input

    genes, options = GeneTable.load(), ReadOptions()
    studies = sorted(path for path in (data / "studies").iterdir() if path.is_dir())
    return concatenate([encoder.tokenize(read_input(path, options, genes)) for path in studies])


def write_tokens(tokens: TumorTokens, file: Path) -> None:
    """Hand tokens to another process of this benchmark."""
    with file.open("wb") as target:
        pickle.dump(tokens, target)


def run_apart(file: Path, model: str, count: int) -> Measurement:
    """Embed in a process of its own, whose peak memory is then that of this count."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale", "--one", str(file), model, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    note = f"{count / found['elapsed_s']:,.0f} tumors/s, {found['num_tokens'] / count:.1f} tokens"
    return quantiles(
        f"embed {count:,} tumors", "s", [found["elapsed_s"]], peak_gib=found["peak_gib"], note=note
    )


def embed_one(file: Path, model: str, count: int) -> dict[str, float]:
    """Draw tumors and embed them; return seconds of the embedding and peak memory."""
    with file.open("rb") as source:
        tokens = pickle.load(source)
    rows = np.random.default_rng(0).integers(len(tokens), size=count)
    drawn = tokens.take(rows)
    del tokens
    encoder = load_encoder(model)
    started = time.perf_counter()
    vectors = encoder.embed(drawn)
    elapsed_s = time.perf_counter() - started
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    return {
        "elapsed_s": elapsed_s,
        "num_tokens": len(drawn.gene),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def linearity(rows: list[Measurement]) -> Measurement:
    """Compare the time per tumor of the largest count with that of the smallest."""
    ratio = (rows[-1].median / COUNTS[-1]) / (rows[0].median / COUNTS[0])
    return quantiles("time per tumor, most against fewest", "times", [ratio], note="1 is linear")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(embed_one(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
    else:
        main()
