"""Small seeded cohorts in memory, for tests of what reads Arrow tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.cohort import ALTERATIONS, PANELS, SAMPLES
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.tokens import Tables
from engine.vocabulary import Vocabulary, build_vocabulary

GENES = ("KRAS", "TP53", "STK11", "KEAP1", "PIK3CA", "ERBB2", "CDKN2A", "RB1", "EGFR", "BRAF")


def vocabulary() -> Vocabulary:
    return build_vocabulary(GeneTable.load())


def alteration(
    sample_id: str, gene: str, kind: str = Kind.MISSENSE, **known: Any
) -> dict[str, Any]:
    row = dict.fromkeys(ALTERATIONS.names) | {"sample_id": sample_id, "hugo_symbol": gene}
    return row | {"kind": str(kind)} | known


def tables(
    samples: Sequence[str],
    alterations: Sequence[dict[str, Any]],
    *,
    genome: str = "GRCh37",
    panel: Sequence[str] = GENES,
    cna_levels: int | None = 5,
) -> Tables:
    rows = [
        {
            "sample_id": sample,
            "patient_id": f"patient of {sample}",
            "cancer_type": f"type {i % 3}",
            "oncotree_code": None,
            "mutation_panel": "targeted",
            "cna_panel": "targeted" if cna_levels else None,
            "fusion_panel": None,
            "cna_levels": cna_levels,
        }
        for i, sample in enumerate(samples)
    ]
    members = [{"panel_id": "targeted", "hugo_symbol": gene} for gene in panel]
    return Tables(
        genome=genome,
        samples=pa.Table.from_pylist(rows, schema=SAMPLES),
        alterations=pa.Table.from_pylist(list(alterations), schema=ALTERATIONS),
        panels=pa.Table.from_pylist(members, schema=PANELS),
    )


def random_tables(num_samples: int = 20, seed: int = 0) -> Tables:
    generator = np.random.default_rng(seed)
    kinds = (Kind.MISSENSE, Kind.TRUNCATING, Kind.AMPLIFICATION, Kind.DEEP_DELETION, Kind.GAIN)
    samples = [f"T{i:03d}" for i in range(num_samples)]
    rows = []
    for sample in samples:
        for gene in generator.choice(GENES, size=generator.integers(0, 9), replace=False):
            kind = kinds[generator.integers(len(kinds))]
            known: dict[str, Any] = {}
            if kind in (Kind.MISSENSE, Kind.TRUNCATING):
                known = {
                    "start_position": int(generator.integers(1e6, 2e8)),
                    "reference_allele": "C",
                    "tumor_allele": "T",
                    "indel_length": 0,
                    "vaf": float(np.float32(generator.uniform(0.05, 0.9))),
                    "protein_position": int(generator.integers(1, 180)),
                }
            rows.append(alteration(sample, str(gene), kind, **known))
    return tables(samples, rows)
