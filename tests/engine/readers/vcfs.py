"""Small VCFs for tests of the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.cohort import Cohort
from tests.engine.readers.inputs import read_text

VEP = (
    "Allele|Consequence|SYMBOL|BIOTYPE|HGVSp|Protein_position|Amino_acids|DISTANCE|CANONICAL|"
    "MANE_SELECT"
)
"""Parts of the CSQ entries made here."""

ANN = (
    "Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | "
    "Transcript_BioType | Rank | HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | "
    "AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO"
)

META = (
    "##contig=<ID=1,length=249250621>",
    '##FILTER=<ID=weak_evidence,Description="Weak">',
    '##INFO=<ID=SS,Number=1,Type=String,Description="Somatic status">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of each allele">',
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Allele fraction">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">',
)
CSQ_META = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    f'Format: {VEP}">'
)
ANN_META = f"##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: '{ANN}'\">"
COLUMNS = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
KRAS = {
    "CHROM": "12", "POS": "25398284", "ID": ".", "REF": "C", "ALT": "T", "QUAL": ".",
    "FILTER": "PASS", "INFO": ".", "FORMAT": "GT:AD:DP", "NORMAL": "0/0:50,0:50",
    "TUMOR": "0/1:60,40:100",
}  # fmt: skip
"""KRAS G12D in GRCh37, allele fraction 0.4."""

PAIR = ("NORMAL", "TUMOR")


def vcf(
    *lines: Mapping[str, str] | str,
    samples: Sequence[str] = PAIR,
    meta: Sequence[str] = META,
    version: str = "##fileformat=VCFv4.2",
) -> str:
    """Return a VCF of lines that differ from `KRAS` in what is given; text is taken as it is."""
    columns = (*COLUMNS, *samples) if samples else COLUMNS[:8]
    rows = [
        line if isinstance(line, str) else "\t".join({**KRAS, **line}[name] for name in columns)
        for line in lines
    ]
    return "".join(f"{row}\n" for row in (version, *meta, "#" + "\t".join(columns), *rows) if row)


def csq(**parts: str) -> str:
    """Return one CSQ entry."""
    names = VEP.split("|")
    unknown = set(parts) - set(names)
    assert not unknown, unknown
    return "|".join(
        {"SYMBOL": "KRAS", "BIOTYPE": "protein_coding", **parts}.get(n, "") for n in names
    )


def ann(**parts: str) -> str:
    """Return one ANN entry; dots in names are written as `_`."""
    names = [name.strip() for name in ANN.split(" | ")]
    chosen = {"Gene_Name": "KRAS", "Transcript_BioType": "protein_coding", **parts}
    return "|".join(chosen.get(name.replace(".", "_").split(" ")[0], "") for name in names)


def read_vcf_text(folder: Path, text: str, **options: str) -> Cohort:
    return read_text(folder, text, name="calls.vcf", **options)


def rows(cohort: Cohort, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of the alterations."""
    return [tuple(row[name] for name in columns) for row in cohort.alterations.to_pylist()]
