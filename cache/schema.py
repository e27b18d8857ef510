"""The Arrow tables that cross the border of the store, and the kinds it counts.

The store repeats what `engine` declares, because the two never import each other; a test of the
dashboard holds them together. Text is UTF-8, missing is null, times are UTC.
"""

from __future__ import annotations

import pyarrow as pa

MUTATION_KINDS = (
    "missense",
    "truncating",
    "in-frame",
    "splice",
    "promoter",
    "unknown consequence",
)
"""Mutations that alter their gene."""

COPY_NUMBER_KINDS = ("amplification", "deep deletion")
"""Copy-number calls that alter their gene."""

ALTERING_KINDS = (*MUTATION_KINDS, *COPY_NUMBER_KINDS, "fusion")
"""Every kind that alters its gene."""

_STUDY = ("study_id", pa.string())
_SAMPLE = ("sample_id", pa.string())
_TIME = pa.timestamp("us", tz="UTC")

SAMPLES = pa.schema(
    [
        _SAMPLE,
        ("patient_id", pa.string()),
        ("cancer_type", pa.string()),
        ("oncotree_code", pa.string()),
        ("mutation_panel", pa.string()),
        ("cna_panel", pa.string()),
        ("fusion_panel", pa.string()),
        ("cna_levels", pa.int8()),
    ]
)

ALTERATIONS = pa.schema(
    [
        _SAMPLE,
        ("hugo_symbol", pa.string()),
        ("kind", pa.string()),
        ("chromosome", pa.string()),
        ("start_position", pa.int64()),
        ("reference_allele", pa.string()),
        ("tumor_allele", pa.string()),
        ("indel_length", pa.int32()),
        ("vaf", pa.float32()),
        ("protein_change", pa.string()),
        ("protein_position", pa.int32()),
        ("variant_classification", pa.string()),
    ]
)

PANELS = pa.schema([("panel_id", pa.string()), ("hugo_symbol", pa.string())])

CLINICAL = pa.schema([_SAMPLE, ("attribute", pa.string()), ("value", pa.string())])

ATTRIBUTES = pa.schema(
    [
        ("attribute", pa.string()),
        ("display_name", pa.string()),
        ("description", pa.string()),
        ("datatype", pa.string()),
        ("level", pa.string()),
    ]
)

REPORT_FILES = pa.schema(
    [
        ("file", pa.string()),
        ("lines_read", pa.int64()),
        ("loaded", pa.int64()),
        ("rejected", pa.int64()),
        ("skipped", pa.int64()),
    ]
)

REPORT_FINDINGS = pa.schema(
    [
        ("file", pa.string()),
        ("outcome", pa.string()),
        ("rule", pa.string()),
        ("count", pa.int64()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("message", pa.string()),
    ]
)

STUDIES = pa.schema(
    [
        _STUDY,
        ("name", pa.string()),
        ("description", pa.string()),
        ("citation", pa.string()),
        ("genome", pa.string()),
        ("synthetic", pa.bool_()),
        ("source_digest", pa.string()),
        ("imported_at", _TIME),
        ("num_samples", pa.int64()),
        ("num_patients", pa.int64()),
        ("num_alterations", pa.int64()),
    ]
)

GENE_STATES = pa.schema(
    [
        _STUDY,
        _SAMPLE,
        ("kinds", pa.list_(pa.string())),
        ("mutation_profiled", pa.bool_()),
        ("cna_profiled", pa.bool_()),
        ("fusion_profiled", pa.bool_()),
    ]
)

BURDEN = pa.schema([_STUDY, _SAMPLE, ("num_mutations", pa.int64()), ("num_cna", pa.int64())])

CLINICAL_VALUES = pa.schema([_STUDY, _SAMPLE, ("value", pa.string())])

CLINICAL_OF = pa.schema([*ATTRIBUTES, ("value", pa.string())])

INPUTS = pa.schema([_STUDY, _SAMPLE, ("input_digest", pa.string())])

LAYOUTS = pa.schema(
    [
        ("layout_id", pa.int64()),
        ("name", pa.string()),
        ("model_digest", pa.string()),
        ("created_at", _TIME),
        ("num_tumors", pa.int64()),
        ("config", pa.string()),
        ("quality", pa.string()),
        ("ood", pa.string()),
    ]
)

COORDINATES = pa.schema(
    [
        _STUDY,
        _SAMPLE,
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("placed", pa.bool_()),
        ("agreement", pa.float32()),
        ("ood_score", pa.float32()),
        ("out_of_distribution", pa.bool_()),
    ]
)

PREDICTIONS = pa.schema(
    [
        _STUDY,
        _SAMPLE,
        ("task", pa.string()),
        ("class", pa.string()),
        ("probability", pa.float32()),
        ("lower", pa.float32()),
        ("upper", pa.float32()),
        ("flag", pa.string()),
    ]
)

LIKELIEST = pa.schema(
    [
        _STUDY,
        _SAMPLE,
        ("class", pa.string()),
        ("probability", pa.float32()),
        ("flag", pa.string()),
    ]
)


def with_study(schema: pa.Schema) -> pa.Schema:
    """Return a schema of one study's rows as it is read back: led by `study_id`."""
    return pa.schema([_STUDY, *schema])


def embeddings(width: int) -> pa.Schema:
    """Return the schema of embeddings of one model.

    Args:
        width: Numbers in a vector; 0 when the model embedded nothing yet.
    """
    return pa.schema([*INPUTS, ("vector", pa.list_(pa.float32(), width))])
