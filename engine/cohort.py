"""What an import yields: the tables of one study and the account of every line read.

All tables are Arrow tables with the schemas below; text columns are UTF-8, missing is null.
A sample whose `mutation_panel` is null was not profiled for mutations: nothing may be concluded
from the absence of a mutation. The same holds for `cna_panel` and `fusion_panel`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

SAMPLES = pa.schema(
    [
        ("sample_id", pa.string()),
        ("patient_id", pa.string()),
        ("cancer_type", pa.string()),  # as the study names it; null when not given
        ("oncotree_code", pa.string()),
        ("mutation_panel", pa.string()),  # id in PANELS; null = not profiled
        ("cna_panel", pa.string()),
        ("fusion_panel", pa.string()),
        ("cna_levels", pa.int8()),  # 5: single-copy calls reported; 3: only deep ones; null: none
    ]
)

ALTERATIONS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("hugo_symbol", pa.string()),  # approved symbol
        ("kind", pa.string()),  # a value of engine.kinds.Kind
        ("chromosome", pa.string()),  # 1..22 X Y MT, no prefix
        ("start_position", pa.int64()),  # 1-based, in the study's genome build
        ("reference_allele", pa.string()),  # "-" for an insertion
        ("tumor_allele", pa.string()),  # "-" for a deletion
        ("indel_length", pa.int32()),  # inserted minus deleted bases; 0 substitution; null unknown
        ("vaf", pa.float32()),  # variant allele fraction, 0..1
        ("protein_change", pa.string()),  # p.G12C
        ("protein_position", pa.int32()),  # 12
        ("variant_classification", pa.string()),  # as in the file; the fusion partner for fusions
    ]
)

PANELS = pa.schema([("panel_id", pa.string()), ("hugo_symbol", pa.string())])

CLINICAL = pa.schema(
    [("sample_id", pa.string()), ("attribute", pa.string()), ("value", pa.string())]
)

ATTRIBUTES = pa.schema(
    [
        ("attribute", pa.string()),
        ("display_name", pa.string()),
        ("description", pa.string()),
        ("datatype", pa.string()),  # STRING, NUMBER or BOOLEAN
        ("level", pa.string()),  # patient or sample
    ]
)

REPORT_FILES = pa.schema(
    [
        ("file", pa.string()),
        ("lines_read", pa.int64()),  # data lines, header and comments not counted
        ("loaded", pa.int64()),
        ("rejected", pa.int64()),
        ("skipped", pa.int64()),
    ]
)

REPORT_FINDINGS = pa.schema(
    [
        ("file", pa.string()),
        ("outcome", pa.string()),  # rejected, skipped or warning
        ("rule", pa.string()),
        ("count", pa.int64()),
        ("line", pa.int64()),  # of the first example; null where a rule concerns the whole file
        ("column", pa.string()),
        ("value", pa.string()),
        ("message", pa.string()),  # one sentence: found, expected, what to do
    ]
)


@dataclass(frozen=True, kw_only=True)
class Study:
    """Identity of a cohort as it was imported."""

    study_id: str
    name: str
    genome: str  # GRCh37 or GRCh38
    description: str = ""
    citation: str = ""
    synthetic: bool = False


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """Account of every line: `lines_read == loaded + rejected + skipped` in each file."""

    files: pa.Table  # REPORT_FILES
    findings: pa.Table  # REPORT_FINDINGS, one row per file, rule and outcome

    def __post_init__(self) -> None:
        """Refuse a report that does not add up."""
        for row in self.files.to_pylist():
            total = row["loaded"] + row["rejected"] + row["skipped"]
            assert row["lines_read"] == total, f"{row['file']}: {row['lines_read']} != {total}"


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """One study, validated, in memory."""

    study: Study
    samples: pa.Table  # SAMPLES, sorted by sample_id, unique
    alterations: pa.Table  # ALTERATIONS
    panels: pa.Table  # PANELS, only the panels that the samples name
    clinical: pa.Table  # CLINICAL
    attributes: pa.Table  # ATTRIBUTES
    report: ImportReport
    source_digest: str  # sha256 over the contents of the files read
    notes: tuple[str, ...] = field(default=())  # what the reader assumed, one sentence each

    def __post_init__(self) -> None:
        """Refuse tables of another shape: every reader ends here."""
        for table, schema in (
            (self.samples, SAMPLES),
            (self.alterations, ALTERATIONS),
            (self.panels, PANELS),
            (self.clinical, CLINICAL),
            (self.attributes, ATTRIBUTES),
        ):
            assert table.schema.equals(schema), f"{table.schema} is not {schema}"
