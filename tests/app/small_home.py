"""A seeded synthetic store in a temporary home: studies, labels, genes, embeddings and a map."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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

CANCER_TYPES = (
    "Breast Cancer",
    "Non-Small Cell Lung Cancer",
    "Colorectal Cancer",
    "Glioma",
    "Prostate Cancer",
    "Melanoma",
    "Bladder Cancer",
    "Head and Neck Cancer",
    "Endometrial Cancer",
    "Ovarian Cancer",
    "Pancreatic Cancer",
    "Renal Cell Carcinoma",
)
GENES = ("TP53", "KRAS", "PIK3CA", "PTEN", "TERT", "CDKN2A", "ERBB2", "STK11")
SMALL_PANEL = ("TP53", "KRAS", "PIK3CA")
KINDS = ("missense", "truncating", "splice", "promoter", "amplification", "deep deletion", "silent")


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """A drawn study: its tables, its embeddings and its places."""

    study: dict[str, Any]
    tables: dict[str, Any]
    sample_ids: list[str]
    vectors: np.ndarray
    points: np.ndarray


def draw_cohort(study_id: str, num_tumors: int, *, synthetic: bool = True, seed: int = 0) -> Cohort:
    """Draw tumors around one center per cancer type; the last two are twins."""
    rng = np.random.default_rng(seed)
    types = rng.integers(0, len(CANCER_TYPES), num_tumors)
    angles = 2 * np.pi * np.arange(len(CANCER_TYPES)) / len(CANCER_TYPES)
    centers = 8 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = (centers[types] + rng.normal(0, 1.1, (num_tumors, 2))).astype(np.float32)
    vectors = rng.normal(0, 0.15, (num_tumors, WIDTH)).astype(np.float32)
    vectors[:, :2] += points / 10
    vectors[:, 2] += 1
    types[-1], points[-1], vectors[-1] = types[-2], points[-2], vectors[-2]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sample_ids = [f"{study_id.upper()[:4]}-{row:05d}" for row in range(num_tumors)]
    names = [CANCER_TYPES[t] for t in types]
    return Cohort(
        study={
            "study_id": study_id,
            "name": study_id.replace("_", " ").title(),
            "genome": "GRCh37",
            "synthetic": synthetic,
            "source_digest": f"{seed:064x}",
        },
        tables=_tables(sample_ids, names, rng),
        sample_ids=sample_ids,
        vectors=vectors,
        points=points,
    )


def _tables(sample_ids: list[str], types: list[str], rng: np.random.Generator) -> dict[str, Any]:
    num_tumors = len(sample_ids)
    panels = [("SMALL" if row % 5 == 0 else "WIDE") for row in range(num_tumors)]
    samples = pa.table(
        {
            "sample_id": sample_ids,
            "patient_id": [f"P-{name}" for name in sample_ids],
            "cancer_type": types,
            "oncotree_code": [name[:4].upper() for name in types],
            "mutation_panel": panels,
            "cna_panel": [None if row % 7 == 0 else panel for row, panel in enumerate(panels)],
            "fusion_panel": [None] * num_tumors,
            "cna_levels": [None if row % 7 == 0 else 5 for row in range(num_tumors)],
        },
        schema=SAMPLES,
    )
    panel_rows = [("SMALL", gene) for gene in SMALL_PANEL] + [("WIDE", gene) for gene in GENES]
    return {
        "samples": samples,
        "alterations": _alterations(sample_ids, panels, rng),
        "panels": pa.table(list(zip(*panel_rows, strict=True)), schema=PANELS),
        "clinical": _clinical(sample_ids, types, rng),
        "attributes": pa.table(
            {
                "attribute": ["PAM50_SUBTYPE", "SEX", "TMB_NONSYNONYMOUS", "AGE"],
                "display_name": ["Pam50 Subtype", "Sex", "Tmb Nonsynonymous", "Age"],
                "description": ["Intrinsic subtype", "Sex", "Mutations per megabase", "Age"],
                "datatype": ["STRING", "STRING", "NUMBER", "NUMBER"],
                "level": ["sample", "patient", "sample", "patient"],
            },
            schema=ATTRIBUTES,
        ),
        "files": pa.table(
            {
                "file": ["data_mutations.txt"],
                "lines_read": [100],
                "loaded": [90],
                "rejected": [4],
                "skipped": [6],
            },
            schema=REPORT_FILES,
        ),
        "findings": pa.table(
            {
                "file": ["data_mutations.txt"] * 2,
                "outcome": ["rejected", "skipped"],
                "rule": ["excel-gene", "off-panel"],
                "count": [4, 6],
                "line": [17, 23],
                "column": ["Hugo_Symbol", "Hugo_Symbol"],
                "value": ["1-Mar", "OR4F5"],
                "message": [
                    "A spreadsheet turned the gene symbol into a date. Restore the symbol.",
                    "The gene is not on the sample's panel.",
                ],
            },
            schema=REPORT_FINDINGS,
        ),
        "notes": ["The genome build was read from the column NCBI_Build."],
    }


def _alterations(sample_ids: list[str], panels: list[str], rng: np.random.Generator) -> pa.Table:
    rows = []
    for sample_id, panel in zip(sample_ids, panels, strict=True):
        genes = SMALL_PANEL if panel == "SMALL" else GENES
        for gene in genes:
            if rng.random() < 0.3:
                kind = KINDS[rng.integers(len(KINDS))]
                place = int(rng.integers(1, 390))
                rows.append(
                    {
                        "sample_id": sample_id,
                        "hugo_symbol": gene,
                        "kind": kind,
                        "chromosome": "17",
                        "start_position": 7_577_000 + place,
                        "reference_allele": "C",
                        "tumor_allele": "T",
                        "indel_length": 0,
                        "vaf": float(rng.uniform(0.05, 0.9)),
                        "protein_change": f"p.R{place}W" if kind == "missense" else None,
                        "protein_position": place,
                        "variant_classification": kind,
                    }
                )
    return pa.Table.from_pylist(rows, schema=ALTERATIONS)


def _clinical(sample_ids: list[str], types: list[str], rng: np.random.Generator) -> pa.Table:
    subtypes = ("LumA", "LumB", "Basal", "Her2", "Normal")
    rows = []
    for sample_id, cancer_type in zip(sample_ids, types, strict=True):
        values = {
            "SEX": "Female" if rng.random() < 0.5 else "Male",
            "TMB_NONSYNONYMOUS": f"{rng.lognormal(1, 1.2):.2f}",
            "AGE": str(int(rng.integers(20, 90))),
        }
        if cancer_type == "Breast Cancer":
            values["PAM50_SUBTYPE"] = subtypes[rng.integers(len(subtypes))]
        rows += [
            {"sample_id": sample_id, "attribute": key, "value": value}
            for key, value in values.items()
        ]
    return pa.Table.from_pylist(rows, schema=CLINICAL)


def place_study(store: Store, cohort: Cohort, *, score: float = 0.5) -> None:
    """Import a study and put its tumors on the first map, as placing does: nobody moves."""
    study_id, size = cohort.study["study_id"], len(cohort.sample_ids)
    digests = [f"{study_id}-{name}" for name in cohort.sample_ids]
    keys = {"study_id": [study_id] * size, "sample_id": cohort.sample_ids}
    places = {
        "x": pa.array(cohort.points[:, 0], pa.float32()),
        "y": pa.array(cohort.points[:, 1], pa.float32()),
        "placed": pa.array([True] * size),
        "agreement": pa.array([0.5] * size, pa.float32()),
        "ood_score": pa.array([score] * size, pa.float32()),
        "out_of_distribution": pa.array([score > 0.95] * size, pa.bool_()),
    }
    with store.write() as writer:
        writer.replace_study(cohort.study, **cohort.tables)
        writer.add_inputs(MODEL_DIGEST, pa.table({**keys, "input_digest": digests}))
        writer.add_embeddings(MODEL_DIGEST, digests, cohort.vectors)
        writer.add_coordinates(1, pa.table({**keys, **places}))


def _estimate(value: float, num_tumors: int) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "num_tumors": num_tumors}


def build_home(home: Path, cohorts: list[Cohort], *, with_map: bool = True) -> Store:
    """Publish studies, and a map of them all."""
    store = Store(home)
    num_tumors = sum(len(cohort.sample_ids) for cohort in cohorts)
    with store.write() as writer:
        for cohort in cohorts:
            writer.replace_study(cohort.study, **cohort.tables)
        if not with_map:
            return store
        for cohort in cohorts:
            digests = [f"{cohort.study['study_id']}-{name}" for name in cohort.sample_ids]
            digests[-1] = digests[-2]
            inputs = pa.table(
                {
                    "study_id": [cohort.study["study_id"]] * len(digests),
                    "sample_id": cohort.sample_ids,
                    "input_digest": digests,
                }
            )
            writer.add_inputs(MODEL_DIGEST, inputs)
            writer.add_embeddings(MODEL_DIGEST, digests[:-1], cohort.vectors[:-1])
        quality = {
            "trustworthiness": _estimate(0.94, num_tumors),
            "continuity": _estimate(0.97, num_tumors),
            "knn_preservation": _estimate(0.41, num_tumors),
            "label_knn_accuracy": _estimate(0.78, num_tumors),
        }
        ood = {"quantiles": np.linspace(0.05, 0.6, 1001).tolist(), "threshold": 0.57}
        layout_id = writer.add_layout(
            "main", MODEL_DIGEST, "{}", json.dumps(quality), json.dumps(ood)
        )
        for cohort in cohorts:
            size = len(cohort.sample_ids)
            writer.add_coordinates(
                layout_id,
                pa.table(
                    {
                        "study_id": pa.array([cohort.study["study_id"]] * size, pa.string()),
                        "sample_id": pa.array(cohort.sample_ids, pa.string()),
                        "x": pa.array(cohort.points[:, 0], pa.float32()),
                        "y": pa.array(cohort.points[:, 1], pa.float32()),
                        "placed": pa.array([False] * size, pa.bool_()),
                        "agreement": pa.nulls(size, pa.float32()),
                        "ood_score": pa.nulls(size, pa.float32()),
                        "out_of_distribution": pa.nulls(size, pa.bool_()),
                    }
                ),
            )
    return store


def with_survival(cohort: Cohort, *, seed: int = 5) -> Cohort:
    """Add a follow-up of every tumor: months from 1 to 80, half of them ended by death."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample_id in cohort.sample_ids:
        months, died = f"{rng.uniform(1, 80):.1f}", rng.random() < 0.5
        status = "1:DECEASED" if died else "0:LIVING"
        for name, value in (("OS_MONTHS", months), ("OS_STATUS", status)):
            rows.append({"sample_id": sample_id, "attribute": name, "value": value})
    told = [
        {
            "attribute": name,
            "display_name": name,
            "description": name,
            "datatype": kind,
            "level": "patient",
        }
        for name, kind in (("OS_MONTHS", "NUMBER"), ("OS_STATUS", "STRING"))
    ]
    tables = cohort.tables | {
        "clinical": pa.concat_tables(
            [cohort.tables["clinical"], pa.Table.from_pylist(rows, schema=CLINICAL)]
        ),
        "attributes": pa.concat_tables(
            [cohort.tables["attributes"], pa.Table.from_pylist(told, schema=ATTRIBUTES)]
        ),
    }
    return replace(cohort, tables=tables)
