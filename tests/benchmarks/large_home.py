"""A synthetic store of any size, written in bulk: a map, labels, numbers and some altered genes.

Nobody in it is a person: places, labels and alterations are drawn at random, with a fixed seed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from cache.store import Store
from engine.cohort import (
    ALTERATIONS,
    ATTRIBUTES,
    CLINICAL,
    PANELS,
    REPORT_FILES,
    REPORT_FINDINGS,
    SAMPLES,
)

MODEL_DIGEST = "ab" * 32
WIDTH = 8
NUM_TYPES = 30
NUM_VECTORS = 2_000
GENES = {"TP53": 0.4, "KRAS": 0.2, "STK11": 0.1, "KEAP1": 0.08, "PIK3CA": 0.15}
KINDS = np.array(["missense", "truncating", "amplification", "deep deletion"])
STUDY = "large_synthetic"


def build_large_home(home: Path, num_tumors: int) -> Store:
    """Publish one synthetic study and a map of it.

    Args:
        home: An empty folder.
        num_tumors: N.
    """
    rng = np.random.default_rng(0)
    types = rng.integers(0, NUM_TYPES, num_tumors)
    centers = rng.normal(0, 7, (NUM_TYPES, 2))
    points = (centers[types] + rng.normal(0, 1, (num_tumors, 2))).astype(np.float32)
    samples = np.char.add("SYN-", np.char.zfill(np.arange(num_tumors).astype(str), 7))
    store = Store(home)
    with store.write() as writer:
        writer.replace_study(_study(), **_tables(samples, types, rng))
        digests = [f"v{row % NUM_VECTORS}" for row in range(num_tumors)]
        keys = {"study_id": pa.array([STUDY] * num_tumors), "sample_id": pa.array(samples)}
        writer.add_inputs(MODEL_DIGEST, pa.table({**keys, "input_digest": digests}))
        vectors = rng.normal(size=(NUM_VECTORS, WIDTH)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        writer.add_embeddings(MODEL_DIGEST, [f"v{row}" for row in range(NUM_VECTORS)], vectors)
        ood = {"quantiles": np.linspace(0.05, 0.6, 1001).tolist(), "threshold": 0.57}
        layout = writer.add_layout("main", MODEL_DIGEST, "{}", "{}", json.dumps(ood))
        writer.add_coordinates(layout, pa.table({**keys, **_places(points)}))
    return store


def _study() -> dict[str, object]:
    return {
        "study_id": STUDY,
        "name": "Large, synthetic",
        "genome": "GRCh37",
        "synthetic": True,
        "source_digest": f"{0:064x}",
    }


def _places(points: np.ndarray) -> dict[str, pa.Array]:
    size = len(points)
    return {
        "x": pa.array(points[:, 0]),
        "y": pa.array(points[:, 1]),
        "placed": pa.array(np.zeros(size, dtype=bool)),
        "agreement": pa.nulls(size, pa.float32()),
        "ood_score": pa.nulls(size, pa.float32()),
        "out_of_distribution": pa.nulls(size, pa.bool_()),
    }


def _tables(samples: np.ndarray, types: np.ndarray, rng: np.random.Generator) -> dict[str, object]:
    size = len(samples)
    named = np.array([f"Cancer type {code:02d}" for code in range(NUM_TYPES)])
    panel = pa.array(["WIDE"] * size)
    return {
        "samples": pa.table(
            {
                "sample_id": samples,
                "patient_id": np.char.add("P", samples),
                "cancer_type": named[types],
                "oncotree_code": np.array([f"T{code:02d}" for code in range(NUM_TYPES)])[types],
                "mutation_panel": panel,
                "cna_panel": panel,
                "fusion_panel": pa.nulls(size, pa.string()),
                "cna_levels": np.full(size, 5, np.int8),
            }
        ).cast(SAMPLES),
        "alterations": _alterations(samples, rng),
        "panels": pa.table([["WIDE"] * len(GENES), list(GENES)], schema=PANELS),
        "clinical": _clinical(samples, rng),
        "attributes": pa.table(
            {
                "attribute": ["SEX", "TMB_NONSYNONYMOUS", "AGE"],
                "display_name": ["Sex", "Tmb Nonsynonymous", "Age"],
                "description": ["Sex", "Mutations per megabase", "Age"],
                "datatype": ["STRING", "NUMBER", "NUMBER"],
                "level": ["patient", "sample", "patient"],
            },
            schema=ATTRIBUTES,
        ),
        "files": REPORT_FILES.empty_table(),
        "findings": REPORT_FINDINGS.empty_table(),
        "notes": [],
    }


def _alterations(samples: np.ndarray, rng: np.random.Generator) -> pa.Table:
    parts = []
    for gene, share in GENES.items():
        altered = samples[rng.random(len(samples)) < share]
        size = len(altered)
        kinds = KINDS[rng.integers(0, len(KINDS), size)]
        columns = {
            "sample_id": pa.array(altered),
            "hugo_symbol": pa.array([gene] * size),
            "kind": pa.array(kinds),
            "chromosome": pa.array(["17"] * size),
            "variant_classification": pa.array(kinds),
        }
        every = {
            field.name: columns.get(field.name, pa.nulls(size, field.type)) for field in ALTERATIONS
        }
        parts.append(pa.table(every, schema=ALTERATIONS))
    return pa.concat_tables(parts)


def _clinical(samples: np.ndarray, rng: np.random.Generator) -> pa.Table:
    size = len(samples)
    values = {
        "SEX": np.where(rng.random(size) < 0.5, "Female", "Male"),
        "TMB_NONSYNONYMOUS": np.round(rng.lognormal(1, 1.2, size), 2).astype(str),
        "AGE": rng.integers(20, 90, size).astype(str),
    }
    parts = [
        pa.table(
            {"sample_id": samples, "attribute": pa.array([name] * size), "value": column},
            schema=CLINICAL,
        )
        for name, column in values.items()
    ]
    return pa.concat_tables(parts)
