"""The map at full size: fresh, with more tumors, and one tumor placed on it.

Run: `python -m tests.benchmarks.layout [VECTORS.npy]`. Without a file the vectors are 44,000
seeded Gaussian clusters on the sphere, one in five a twin. Prints a table and writes
tests/benchmarks/results/layout.csv.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.layout import Layout, fit_layout
from engine.placement import Reference, place
from engine.warm import warm
from tests.benchmarks.harness import Measurement, quantiles, time_call, write_results
from tests.engine.spheres import clusters, unit

NUM_TUMORS, WIDTH = 44_000, 128


def main() -> None:
    stated = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    vectors = with_twins() if stated is None else np.load(stated)
    warming = quantiles("warm numba, this process", "s", [warm()])
    fresh, row = fit("layout, fresh", lambda: fit_layout(vectors))
    previous = fresh.coordinates.copy()
    previous[::10] = np.nan
    _, again = fit("layout, one tumor in ten new", lambda: fit_layout(vectors, previous=previous))
    reference = Reference(vectors=vectors, coordinates=fresh.coordinates, ood=fresh.ood)
    rows = [warming, row, again, *placing(reference)]
    for line in rows:
        peak = "" if line.peak_gib is None else f"{line.peak_gib:5.2f} GiB"
        print(f"{line.name:32} {line.median:9.4f} {line.unit:3} {peak:10} {line.note}")
    print(write_results("layout", rows))


def with_twins() -> NDArray[np.float32]:
    vectors, _ = clusters(NUM_TUMORS, num_clusters=60, width=WIDTH, spread=0.05)
    vectors[: NUM_TUMORS // 5] = vectors[-(NUM_TUMORS // 5) :]
    return vectors


def fit(name: str, call: Callable[[], Layout]) -> tuple[Layout, Measurement]:
    started = time.perf_counter()
    drawn = call()
    elapsed_s = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return drawn, quantiles(name, "s", [elapsed_s], peak_gib=peak, note=quality_of(drawn))


def quality_of(drawn: Layout) -> str:
    quality = drawn.quality
    numbers = {
        "trustworthiness": quality.trustworthiness,
        "continuity": quality.continuity,
        "kNN kept": quality.knn_preservation,
    }
    words = [f"{name} {number.value:.3f}" for name, number in numbers.items() if number]
    moved = quality.median_movement
    words += [] if moved is None else [f"old tumors moved {100 * moved:.1f}% of the span"]
    return f"{quality.num_tumors:,} tumors, {quality.num_unique:,} points, " + ", ".join(words)


def placing(reference: Reference) -> list[Measurement]:
    noise = np.random.default_rng(1).normal(scale=0.02, size=(1_000, reference.vectors.shape[1]))
    queries = unit(reference.vectors[:1_000] + noise)
    one = time_call(lambda: place(queries[:1], reference), repeat=50)
    many = time_call(lambda: place(queries, reference), repeat=3)
    return [quantiles("place one", "s", one), quantiles("place 1,000", "s", many)]


if __name__ == "__main__":
    main()
