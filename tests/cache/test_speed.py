"""How fast the store is at the size of all public studies: 44,000 tumors, 5 million alterations.

The limits are what the pages need. What is held against them is processor time, summed over
threads, so that other work on the machine does not count; the elapsed time is printed beside it:
`pytest tests/cache/test_speed.py -s`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cache import schema
from cache.reader import Reader
from cache.store import Store

pytestmark = pytest.mark.slow

NUM_GENES = 18_000
NUM_ATTRIBUTES = 30
STUDIES = {"large": (8_600, 4_000_000), "wide": (35_400, 1_000_000)}
KINDS = (*schema.ALTERING_KINDS, "silent", "noncoding", "gain", "shallow deletion")
SHARES = np.array([14, 2, 1, 1, 0.2, 0.2, 3, 2, 0.6, 6, 3, 33, 34]) / 100


def pick(codes: np.ndarray, values: list[str]) -> pa.Array:
    """Return one text per code."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), values).cast("string")


def large_cohort(study_id: str, num_samples: int, num_rows: int) -> dict[str, Any]:
    """Make random tables of a given size, rows in the order of a copy-number matrix: by gene."""
    random = np.random.default_rng(num_rows)
    names = [f"{study_id}-{row:06d}-01" for row in range(num_samples)]
    genes = [f"GENE{row:05d}" for row in range(NUM_GENES)]
    bases = list("ACGT")
    kinds = random.choice(len(KINDS), num_rows, p=SHARES / SHARES.sum())
    hidden = kinds > 7
    residues = random.integers(1, 2000, num_rows)
    columns = {
        "sample_id": pick(random.integers(0, num_samples, num_rows), names),
        "hugo_symbol": pick(np.sort(random.integers(0, NUM_GENES, num_rows)), genes),
        "kind": pick(kinds, list(KINDS)),
        "chromosome": pick(random.integers(0, 22, num_rows), [str(n) for n in range(1, 23)]),
        "start_position": pa.array(random.integers(1, 2 * 10**8, num_rows), mask=hidden),
        "reference_allele": pick(random.integers(0, 4, num_rows), bases),
        "tumor_allele": pick(random.integers(0, 4, num_rows), bases),
        "indel_length": pa.array(np.zeros(num_rows, np.int32), mask=hidden),
        "vaf": pa.array(random.random(num_rows).astype(np.float32), mask=hidden),
        "protein_change": pick(residues, [f"p.R{row}H" for row in range(2000)]),
        "protein_position": pa.array(residues.astype(np.int32), mask=hidden),
        "variant_classification": pick(kinds, list(KINDS)),
    }
    nothing = pa.nulls(num_samples, pa.string())
    panel = pa.array(["WES"] * num_samples)
    attributes = [f"ATTRIBUTE_{row:02d}" for row in range(NUM_ATTRIBUTES)]
    values = random.integers(0, 100, num_samples * NUM_ATTRIBUTES).astype(str)
    sample_columns = [names, names, nothing, nothing, panel, panel, nothing]
    cna_levels = pa.array(np.full(num_samples, 5, np.int8))
    return {
        "study": {"study_id": study_id, "name": study_id, "genome": "GRCh37", "source_digest": "0"},
        "samples": pa.table([*sample_columns, cna_levels], schema=schema.SAMPLES),
        "alterations": pa.table(list(columns.values()), schema=schema.ALTERATIONS),
        "panels": pa.table([["WES"] * NUM_GENES, genes], schema=schema.PANELS),
        "clinical": pa.table(
            [np.repeat(names, NUM_ATTRIBUTES).tolist(), attributes * num_samples, values.tolist()],
            schema=schema.CLINICAL,
        ),
        "attributes": pa.table([attributes] * 5, schema=schema.ATTRIBUTES),
        "files": schema.REPORT_FILES.empty_table(),
        "findings": schema.REPORT_FINDINGS.empty_table(),
    }


@dataclass
class Took:
    """How long something took, in seconds."""

    processor_s: float = 0.0
    elapsed_s: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    """Measure a block."""
    took = Took()
    processor, elapsed = time.process_time(), time.perf_counter()
    yield took
    took.processor_s = time.process_time() - processor
    took.elapsed_s = time.perf_counter() - elapsed


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[str, Took]]:
    """Return a store that holds both studies and a map, and how long each write took."""
    store = Store(tmp_path_factory.mktemp("large") / "home")
    writes = {}
    for study_id, (num_samples, num_rows) in STUDIES.items():
        cohort = large_cohort(study_id, num_samples, num_rows)
        with timed() as writes[study_id], store.write() as writer:
            writer.replace_study(**cohort)
    with store.read() as reader:
        keys = reader.samples().select(["study_id", "sample_id"])
    with timed() as writes["derived"]:
        add_derived(store, keys)
    return store, writes


def add_derived(store: Store, keys: pa.Table) -> None:
    """Add random digests, vectors of width 128, and a layout."""
    num_rows = keys.num_rows
    random = np.random.default_rng(0)
    digests = [f"{row:064x}" for row in range(num_rows)]
    numbers = random.normal(size=(num_rows, 128)).astype(np.float32)
    flags = np.zeros(num_rows, bool)
    columns = {"x": numbers[:, 0], "y": numbers[:, 1], "placed": flags}
    columns |= {"agreement": numbers[:, 2], "ood_score": numbers[:, 3]}
    columns |= {"out_of_distribution": flags}
    given = {name: keys[name] for name in keys.column_names}
    with store.write() as writer:
        writer.add_inputs("m" * 64, keys.append_column("input_digest", pa.array(digests)))
        writer.add_embeddings("m" * 64, digests, numbers)
        layout_id = writer.add_layout("main", "m" * 64, "{}", "{}", "{}")
        writer.add_coordinates(layout_id, pa.table(given | columns))


def test_four_million_alterations_are_published_in_15_s(
    imports: tuple[Store, dict[str, Took]],
) -> None:
    store, writes = imports
    snapshot = store.snapshot()
    assert snapshot is not None
    print(f"\n{writes}\nfile: {snapshot.size_bytes / 2**20:.0f} MiB")
    assert snapshot.row_counts["alteration"] == 5_000_000
    assert writes["large"].processor_s <= 15
    assert writes["derived"].processor_s <= 5
    assert snapshot.size_bytes <= 250 << 20


QUESTIONS: dict[str, tuple[float, int, Callable[[Reader], pa.Table]]] = {
    "a gene's state in every tumor": (150, 44_000, lambda r: r.gene_states("GENE00007")),
    "a clinical attribute": (50, 44_000, lambda r: r.clinical("ATTRIBUTE_07")),
    "coordinates and samples": (80, 44_000, lambda r: (r.samples(), r.coordinates(1))[1]),
    "burden": (50, 44_000, lambda r: r.burden()),
    "embeddings": (300, 44_000, lambda r: r.embeddings("m" * 64)),
    "alterations of one tumor": (50, 0, lambda r: r.alterations(["large"], "large-000077-01")),
    "clinical values of one tumor": (50, 0, lambda r: r.clinical_of("large", "large-000077-01")),
    "opening": (15, 0, lambda r: r.list_studies()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_does_not_wait(imports: tuple[Store, dict[str, Took]], question: str) -> None:
    store, _ = imports
    limit_ms, min_rows, ask = QUESTIONS[question]
    processor_ms, elapsed_ms = [], []
    for _ in range(11):
        with timed() as took, store.read() as reader:
            found = ask(reader)
        processor_ms.append(took.processor_s * 1000)
        elapsed_ms.append(took.elapsed_s * 1000)
    median = np.median(processor_ms)
    low, middle, high = np.quantile(elapsed_ms, [0.2, 0.5, 0.8])
    print(f"\n{question}: {median:.1f} ms; elapsed {middle:.1f} ms ({low:.1f} to {high:.1f})")
    assert found.num_rows >= min_rows
    assert median <= limit_ms


def test_a_file_opens_for_the_first_time_in_a_moment(
    imports: tuple[Store, dict[str, Took]], tmp_path: Path
) -> None:
    snapshot = imports[0].snapshot()
    assert snapshot is not None
    processor_ms, elapsed_ms = [], []
    for number in range(3):
        home = shutil.copytree(snapshot.path.parents[1], tmp_path / str(number))
        with timed() as took, Store(home).read() as reader:
            assert reader.info.number == snapshot.number
        processor_ms.append(took.processor_s * 1000)
        elapsed_ms.append(took.elapsed_s * 1000)
    print(f"\nfirst opening: {min(processor_ms):.1f} ms; elapsed {min(elapsed_ms):.1f} ms")
    assert min(processor_ms) <= 50
