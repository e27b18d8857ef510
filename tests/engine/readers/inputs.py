"""Small input files for tests of the readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.cohort import Cohort
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input

MAF_HEADER = (
    "Hugo_Symbol", "Entrez_Gene_Id", "NCBI_Build", "Chromosome", "Start_Position",
    "Variant_Classification", "Reference_Allele", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode",
    "HGVSp_Short", "t_ref_count", "t_alt_count",
)  # fmt: skip
CALL = {
    "Hugo_Symbol": "KRAS", "Entrez_Gene_Id": "3845", "NCBI_Build": "GRCh37", "Chromosome": "12",
    "Start_Position": "25398284", "Variant_Classification": "Missense_Mutation",
    "Reference_Allele": "C", "Tumor_Seq_Allele2": "T", "Tumor_Sample_Barcode": "S1",
    "HGVSp_Short": "p.G12D", "t_ref_count": "60", "t_alt_count": "40",
}  # fmt: skip
"""KRAS G12D in sample S1, allele fraction 0.4."""

TP53 = {
    "Hugo_Symbol": "TP53", "Entrez_Gene_Id": "7157", "Chromosome": "17",
    "Start_Position": "7577120", "HGVSp_Short": "p.R273H",
}  # fmt: skip

META = {
    "study": {
        "cancer_study_identifier": "tiny", "name": "A tiny study", "reference_genome": "hg19",
    },
    "clinical_patient": {
        "genetic_alteration_type": "CLINICAL", "datatype": "PATIENT_ATTRIBUTES",
        "data_filename": "data_clinical_patient.txt",
    },
    "clinical_sample": {
        "genetic_alteration_type": "CLINICAL", "datatype": "SAMPLE_ATTRIBUTES",
        "data_filename": "data_clinical_sample.txt",
    },
}  # fmt: skip


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def maf(*calls: Mapping[str, str], header: Sequence[str] = MAF_HEADER) -> str:
    """Return a MAF of calls that differ from `CALL` in what is given."""
    return table(header, [[{**CALL, **call}.get(name, "") for name in header] for call in calls])


def clinical(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    """Return a clinical file; `columns` is attribute to datatype."""
    names = list(columns)
    described = [names, names, list(columns.values()), ["1"] * len(names)]
    return "".join("#" + "\t".join(line) + "\n" for line in described) + table(names, rows)


def write_study(folder: Path, **files: str) -> Path:
    """Write a study of the samples S1 and S2 (patient P1) and S3 (P2), each on IMPACT341.

    Args:
        folder: Where to write.
        files: File name without `.txt` to content, in place of the usual one; "" leaves it out.

    Returns:
        The folder.
    """
    contents = {f"meta_{name}": _fields(fields) for name, fields in META.items()}
    contents["data_clinical_sample"] = clinical(
        {"PATIENT_ID": "STRING", "SAMPLE_ID": "STRING", "CANCER_TYPE": "STRING"},
        [["P1", "S1", "Melanoma"], ["P1", "S2", "Melanoma"], ["P2", "S3", ""]],
    )
    contents["data_clinical_patient"] = clinical(
        {"PATIENT_ID": "STRING", "AGE": "NUMBER", "OS_STATUS": "STRING"},
        [["P1", "61", "0:LIVING"], ["P2", "48", "1:DECEASED"]],
    )
    contents["data_gene_panel_matrix"] = table(
        ["SAMPLE_ID", "mutations"], [[f"S{n}", "IMPACT341"] for n in (1, 2, 3)]
    )
    contents["data_mutations"] = maf({}, {**TP53, "Tumor_Sample_Barcode": "S2"})
    folder.mkdir(exist_ok=True)
    for name, content in {**contents, **files}.items():
        if content:
            path = folder / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
    return folder


def read(path: Path, **options: str | None) -> Cohort:
    return read_input(path, ReadOptions(**options), GeneTable.load())  # type: ignore[arg-type]


def read_text(
    folder: Path, content: str | bytes, *, name: str = "calls.maf", **options: str
) -> Cohort:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **options)


def findings(cohort: Cohort, outcome: str | None = None) -> dict[str, int]:
    """Return how often each rule was found, over all files."""
    counts: dict[str, int] = {}
    for row in cohort.report.findings.to_pylist():
        if outcome in (None, row["outcome"]):
            counts[row["rule"]] = counts.get(row["rule"], 0) + row["count"]
    return counts


def finding(cohort: Cohort, rule: str) -> dict[str, object]:
    """Return the one finding of a rule."""
    (row,) = [row for row in cohort.report.findings.to_pylist() if row["rule"] == rule]
    return row


def account(cohort: Cohort, file: str) -> tuple[int, int, int, int]:
    """Return lines read, loaded, rejected and skipped."""
    (row,) = [row for row in cohort.report.files.to_pylist() if row["file"] == file]
    return row["lines_read"], row["loaded"], row["rejected"], row["skipped"]


def _fields(fields: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
