"""Read whatever a user names: a study folder, a MAF, a VCF or a plain table."""

from __future__ import annotations

from pathlib import Path

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.progress import Progress, no_progress
from engine.readers.bare import bare_cohort
from engine.readers.context import ReadContext
from engine.readers.limits import open_text
from engine.readers.maf import read_maf
from engine.readers.options import ReadOptions
from engine.readers.plain import PLAIN_COLUMNS, read_plain
from engine.readers.study import read_study
from engine.readers.study_files import is_study
from engine.readers.vcf import read_vcf

HEAD_BYTES = 1 << 20
VCF_STARTS = ("##fileformat=", "#CHROM\t")
VCF_COLUMNS = "\n#CHROM\tPOS"
MAF_WORDS = frozenset(
    {
        "HUGO_SYMBOL", "TUMOR_SAMPLE_BARCODE", "VARIANT_CLASSIFICATION", "START_POSITION",
        "REFERENCE_ALLELE", "TUMOR_SEQ_ALLELE1", "TUMOR_SEQ_ALLELE2", "CHROMOSOME",
    }
)  # fmt: skip
TAKEN = (
    "a cBioPortal study folder, a MAF, a VCF, or a tab-separated table with the columns sample, "
    "gene and kind"
)


def read_input(
    path: Path,
    options: ReadOptions,
    genes: GeneTable,
    progress: Progress = no_progress,
) -> Cohort:
    """Read a study folder or a file; what it is is told by its content.

    Args:
        path: Folder, MAF, VCF or plain table; files may be gzipped.
        options: What the user states about it.
        genes: Gene table.
        progress: Told of each stage.

    Returns:
        The cohort with the account of every line.

    Raises:
        ImportRefusedError: If it cannot be taken in; the message says what was found and what
            would be taken.
    """
    if path.is_dir():
        if is_study(path):
            return read_study(path, options, genes, progress)
        raise _no_study(path)
    head = _head(path, options)
    if head.startswith(VCF_STARTS) or VCF_COLUMNS in head:
        return read_vcf(path, options, genes, progress)
    columns = _columns(head)
    context = ReadContext(genes, options.limits, genome=options.genome)
    progress("Reading mutations", 0, 1)
    if _is_plain(columns):
        rows = read_plain(path, context)
    elif len(columns & MAF_WORDS) > 1 or len(columns) == 1:
        rows = read_maf(path, context)  # without a tab or a row it says what is wrong
    else:
        raise _unknown_kind(path, head)
    cohort = bare_cohort(rows, path, options, context)
    progress("Reading mutations", 1, 1)
    return cohort


def _head(path: Path, options: ReadOptions) -> str:
    with open_text(path, options.limits) as stream:
        return stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")


def _header(head: str) -> str:
    """Return the first line that is neither blank nor a comment."""
    lines = (line for line in head.splitlines() if line.strip() and not line.startswith("#"))
    return next(lines, "")


def _columns(head: str) -> frozenset[str]:
    return frozenset(name.strip().strip('"').upper() for name in _header(head).split("\t"))


def _is_plain(columns: frozenset[str]) -> bool:
    return all(
        any(alias.upper() in columns for alias in aliases)
        for aliases in PLAIN_COLUMNS.required.values()
    )


def _unknown_kind(path: Path, head: str) -> ImportRefusedError:
    columns = _columns(head)
    found = "a table with other columns"
    if columns & {"PATIENT_ID", "SAMPLE_ID"}:
        found = "a clinical file or a panel matrix"
    elif "HUGO_SYMBOL" in columns:
        found = "a matrix of genes and samples"
    return ImportRefusedError(
        f"this is {found}; expected {TAKEN}",
        advice="A file of a study is imported with its folder",
        file=path.name,
        rule="unknown-format",
        value=_header(head),
    )


def _no_study(folder: Path) -> ImportRefusedError:
    names = sorted(path.name for path in folder.iterdir())
    return ImportRefusedError(
        "the folder has neither meta_study.txt nor a file whose name begins with data_; expected "
        + TAKEN,
        advice="Name the folder that holds these files, or a single file",
        file=folder.name,
        rule="unknown-format",
        value=", ".join(names) or "nothing",
    )
