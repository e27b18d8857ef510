from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cache import schema
from cache.store import Store, StoreLimits

GENES = ["BRAF", "EGFR", "KRAS", "STK11", "TP53"]
KINDS = [*schema.ALTERING_KINDS, "silent", "noncoding", "gain", "shallow deletion"]

Cohort = dict[str, Any]


@pytest.fixture(scope="session")
def limits() -> StoreLimits:
    """Return limits that do not look at the disk of the machine that runs the tests."""
    return StoreLimits(min_free_bytes=0)


@pytest.fixture
def store(tmp_path: Path, limits: StoreLimits) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "home", limits)


@pytest.fixture(scope="session")
def make_cohort() -> Callable[..., Cohort]:
    """Return a function that makes the arguments of `Writer.replace_study`."""
    return _make_cohort


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory, limits: StoreLimits) -> Path:
    """Return a home that holds the study `first`, of 12 samples; tests copy it."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with Store(home, limits).write() as writer:
        writer.replace_study(**_make_cohort("first"))
    return home


@pytest.fixture
def filled(store: Store, filled_home: Path, tmp_path: Path) -> Store:
    """Return a store that holds the study `first`, of 12 samples."""
    shutil.copytree(filled_home, tmp_path / "home")
    return store


@pytest.fixture(scope="session")
def add_map() -> Callable[..., int]:
    """Return a function that adds inputs, embeddings and a layout for every sample."""
    return _add_map


def _make_cohort(
    study_id: str, num_samples: int = 12, seed: int = 0, per_sample: int = 8
) -> Cohort:
    random = np.random.default_rng(seed)
    samples = [f"{study_id.upper()}-SAMPLE-{row:04d}" for row in range(num_samples)]
    num_rows = num_samples * per_sample
    chosen = random.integers(0, num_samples, num_rows)
    alterations = {
        "sample_id": [samples[row] for row in chosen],
        "hugo_symbol": random.choice(GENES, num_rows).tolist(),
        "kind": random.choice(KINDS, num_rows).tolist(),
        "start_position": random.integers(1, 10**8, num_rows),
        "vaf": random.random(num_rows).astype(np.float32),
    }
    return {
        "study": {
            "study_id": study_id,
            "name": f"Study {study_id}",
            "genome": "GRCh37",
            "source_digest": "5" * 64,
        },
        "samples": _table(
            schema.SAMPLES,
            {
                "sample_id": samples,
                "patient_id": [f"PATIENT-{row // 2}" for row in range(num_samples)],
                "mutation_panel": [["BIG", "SMALL", None][row % 3] for row in range(num_samples)],
                "cna_panel": [["BIG", None][row % 2] for row in range(num_samples)],
            },
        ),
        "alterations": _table(schema.ALTERATIONS, alterations),
        "clinical": _table(
            schema.CLINICAL,
            {
                "sample_id": samples * 2,
                "attribute": ["AGE"] * num_samples + ["PAM50"] * num_samples,
                "value": [str(40 + row) for row in range(num_samples)] + ["LumA"] * num_samples,
            },
        ),
        **_fixed_tables(num_rows),
        "notes": ("The build was taken as GRCh37.", "No panel was stated."),
    }


def _fixed_tables(num_rows: int) -> Cohort:
    """Make the tables that are the same in every cohort but for the number of alterations."""
    return {
        "panels": _table(
            schema.PANELS,
            {"panel_id": ["BIG"] * 5 + ["SMALL"] * 2, "hugo_symbol": [*GENES, "KRAS", "TP53"]},
        ),
        "attributes": _table(
            schema.ATTRIBUTES,
            {
                "attribute": ["AGE", "PAM50"],
                "display_name": ["Age", "PAM50 subtype"],
                "description": ["Age in years", "Expression subtype"],
                "datatype": ["NUMBER", "STRING"],
                "level": ["patient", "sample"],
            },
        ),
        "files": _table(
            schema.REPORT_FILES,
            {
                "file": ["data_mutations.txt"],
                "lines_read": [num_rows + 3],
                "loaded": [num_rows],
                "rejected": [2],
                "skipped": [1],
            },
        ),
        "findings": _table(
            schema.REPORT_FINDINGS,
            {
                "file": ["data_mutations.txt"],
                "outcome": ["rejected"],
                "rule": ["excel-symbol"],
                "count": [2],
                "line": [7],
                "column": ["Hugo_Symbol"],
                "value": ["1-Mar"],
                "message": ["Found 1-Mar, expected a gene symbol; restore it from the source."],
            },
        ),
    }


def _table(expected: pa.Schema, columns: dict[str, Any]) -> pa.Table:
    """Make a table; columns that are not given are null."""
    length = len(next(iter(columns.values())))
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(length, field.type)
        for field in expected
    ]
    return pa.table(arrays, schema=expected)


def _add_map(writer: Any, samples: pa.Table, *, model: str = "model", width: int = 4) -> int:
    """Add digests `<study>/<sample>`, random vectors, and a layout; return its id."""
    keys = zip(samples["study_id"].to_pylist(), samples["sample_id"].to_pylist(), strict=True)
    digests = [f"{study_id}/{sample_id}" for study_id, sample_id in keys]
    inputs = samples.select(["study_id", "sample_id"]).append_column(
        "input_digest", pa.array(digests)
    )
    random = np.random.default_rng(1)
    numbers = random.normal(size=(len(digests), width)).astype(np.float32)
    writer.add_inputs(model, inputs)
    writer.add_embeddings(model, digests, numbers)
    layout_id: int = writer.add_layout("main", model, '{"seed": 0}', "{}", "{}")
    coordinates = {
        "study_id": samples["study_id"],
        "sample_id": samples["sample_id"],
        "x": numbers[:, 0],
        "y": numbers[:, 1],
        "placed": np.zeros(len(digests), bool),
        "agreement": numbers[:, 2],
        "ood_score": numbers[:, 3],
        "out_of_distribution": np.zeros(len(digests), bool),
    }
    writer.add_coordinates(layout_id, pa.table(coordinates))
    return layout_id
