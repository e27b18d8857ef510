"""Small seeded cohorts as a reader would return them, and a small random encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from engine.cohort import (
    ALTERATIONS,
    ATTRIBUTES,
    CLINICAL,
    PANELS,
    REPORT_FILES,
    REPORT_FINDINGS,
    SAMPLES,
    Cohort,
    ImportReport,
    Study,
)
from engine.config import EncoderConfig
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.model import TumorEncoder
from engine.vocabulary import build_vocabulary
from engine.weights import save_model

GENES_OF_TYPE = {
    "Lung": ("KRAS", "STK11", "KEAP1", "EGFR"),
    "Breast": ("PIK3CA", "TP53", "GATA3", "ERBB2"),
    "Skin": ("BRAF", "NRAS", "NF1", "CDKN2A"),
}
SHARED_GENES = ("RB1", "PTEN", "ARID1A", "APC", "ATM", "SMAD4")
ALL_GENES = (*(gene for genes in GENES_OF_TYPE.values() for gene in genes), *SHARED_GENES)
SMALL = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)


def save_small_model(directory: Path, seed: int = 0) -> None:
    """Write a random encoder of width 16."""
    torch.manual_seed(seed)
    vocabulary = build_vocabulary(GeneTable.load())
    save_model(directory, TumorEncoder(SMALL, vocabulary), vocabulary, {"name": "random"})


def draw_cohort(
    study_id: str, num_tumors: int, *, seed: int = 0, prefix: str = "T", synthetic: bool = True
) -> Cohort:
    """Draw tumors of three types; the last two are twins, the one before has no alteration."""
    generator = np.random.default_rng(seed)
    ids = [f"{prefix}{i:04d}" for i in range(num_tumors)]
    types = [str(name) for name in generator.choice(list(GENES_OF_TYPE), num_tumors)]
    types[-1] = types[-2]
    rows: dict[str, list[dict[str, Any]]] = {
        sample: _draw_alterations(generator, sample, kind)
        for sample, kind in zip(ids, types, strict=True)
    }
    rows[ids[-3]] = []
    rows[ids[-1]] = [row | {"sample_id": ids[-1]} for row in rows[ids[-2]]]
    alterations = [row for sample in ids for row in rows[sample]]
    return make_cohort(study_id, ids, types, alterations, synthetic=synthetic)


def make_cohort(
    study_id: str,
    ids: list[str],
    types: list[str],
    alterations: list[dict[str, Any]],
    *,
    synthetic: bool = True,
) -> Cohort:
    """Put rows into the tables of a cohort."""
    samples = [
        dict.fromkeys(SAMPLES.names)
        | {"sample_id": sample, "patient_id": f"of {sample}", "cancer_type": kind}
        | {"mutation_panel": "targeted", "cna_panel": "targeted", "cna_levels": 3}
        for sample, kind in zip(ids, types, strict=True)
    ]
    lines = len(alterations)
    files = [
        {"file": "made.maf", "lines_read": lines, "loaded": lines, "rejected": 0, "skipped": 0}
    ]
    panels = [{"panel_id": "targeted", "hugo_symbol": gene} for gene in ALL_GENES]
    return Cohort(
        study=Study(study_id=study_id, name=study_id, genome="GRCh37", synthetic=synthetic),
        samples=pa.Table.from_pylist(samples, schema=SAMPLES),
        alterations=pa.Table.from_pylist(alterations, schema=ALTERATIONS),
        panels=pa.Table.from_pylist(panels, schema=PANELS),
        clinical=CLINICAL.empty_table(),
        attributes=ATTRIBUTES.empty_table(),
        report=ImportReport(
            files=pa.Table.from_pylist(files, schema=REPORT_FILES),
            findings=REPORT_FINDINGS.empty_table(),
        ),
        source_digest=f"{abs(hash(study_id)):064x}",
        notes=("Made for a test.",),
    )


def _draw_alterations(
    generator: np.random.Generator, sample: str, cancer_type: str
) -> list[dict[str, Any]]:
    own = generator.choice(GENES_OF_TYPE[cancer_type], size=3, replace=False)
    shared = generator.choice(SHARED_GENES, size=generator.integers(0, 4), replace=False)
    return [
        dict.fromkeys(ALTERATIONS.names)
        | {"sample_id": sample, "hugo_symbol": str(gene), "kind": str(Kind.MISSENSE)}
        | {"reference_allele": "C", "tumor_allele": "T", "indel_length": 0}
        | {"vaf": float(np.float32(generator.uniform(0.1, 0.9)))}
        for gene in (*own, *shared)
    ]


def write_maf(path: Path, cohort: Cohort) -> Path:
    """Write the mutations of a cohort as a MAF of GRCh37."""
    names = ("Hugo_Symbol", "NCBI_Build", "Variant_Classification", "Variant_Type")
    names += ("Reference_Allele", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode")
    lines = ["\t".join(names)]
    for row in cohort.alterations.to_pylist():
        cells = (row["hugo_symbol"], "GRCh37", "Missense_Mutation", "SNP", "C", "T")
        lines.append("\t".join((*cells, row["sample_id"])))
    path.write_text("\n".join(lines) + "\n")
    return path
