"""Read a Mutation Annotation Format file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import ImportRefusedError
from engine.kinds import Kind
from engine.readers.consequence import (
    kind_of_classification,
    kind_of_consequence,
    kind_of_protein_change,
    protein_position,
    short_protein_change,
)
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.options import genome_name
from engine.readers.rows import KIND_CODE, AlterationRows, encode
from engine.readers.symbols import account_for_genes, resolve_column
from engine.readers.table import MISSING, Columns, TextTable, is_missing, read_table
from engine.readers.variants import (
    read_alleles,
    read_chromosome,
    read_position,
    read_protein_change,
    read_vaf,
)

MAF_COLUMNS = Columns(
    required={
        "gene": ("Hugo_Symbol",),
        "sample": ("Tumor_Sample_Barcode",),
        "classification": ("Variant_Classification", "Consequence", "One_Consequence"),
    },
    optional={
        "entrez": ("Entrez_Gene_Id",),
        "build": ("NCBI_Build",),
        "chromosome": ("Chromosome",),
        "position": ("Start_Position",),
        "reference": ("Reference_Allele",),
        "allele_1": ("Tumor_Seq_Allele1",),
        "allele_2": ("Tumor_Seq_Allele2", "Allele"),
        "protein_change": ("HGVSp_Short", "Protein_Change", "Amino_Acid_Change", "HGVSp"),
        "consequence": ("Consequence", "One_Consequence"),
        "t_alt_count": ("t_alt_count", "i_t_alt_count"),
        "t_ref_count": ("t_ref_count", "i_t_ref_count"),
        "t_depth": ("t_depth",),
        "vaf": ("t_vaf", "tumor_vaf", "vaf", "allele_freq", "allele_frequency", "tumor_f",
                "i_tumor_f"),
        "mutation_status": ("Mutation_Status",),
    },
)  # fmt: skip
NOT_SOMATIC = r"(?i)^(germline|none|wild\s?type|loh|post-transcriptional)"

CLASSIFICATION = Rule(
    "variant-classification",
    "The variant classification is not known; expected a MAF term such as Missense_Mutation or a "
    "Sequence Ontology term such as missense_variant. The row was left out.",
)
NO_SAMPLE = Rule("no-sample", "The row names no sample and was left out.")
STATUS = Rule(
    "not-somatic", "By its mutation status the call is not somatic; the row was left out."
)


def read_maf(path: Path, context: ReadContext) -> AlterationRows:
    """Read a MAF; panels and duplicates are left to the caller.

    Args:
        path: Plain or gzip, comment lines first, then the header.
        context: Its genome is checked against the file, or set from it.

    Returns:
        The rows, their account still open.

    Raises:
        ImportRefusedError: If a required column is missing or genome builds contradict.
    """
    table = read_table(path, context.limits, context.collector, MAF_COLUMNS)
    context.digests[path.name] = table.digest
    check_genome(table, context)
    return mutation_rows(table, _kinds(table), context)


def mutation_rows(
    table: TextTable, kind_codes: npt.NDArray[np.int8], context: ReadContext
) -> AlterationRows:
    """Read genes, positions, alleles and the rest of a table whose kinds are known.

    Args:
        table: With the columns `gene` and `sample`, and any of the optional ones of a MAF.
        kind_codes: Position in `KINDS` of each row, -1 for a row that is already out, (N,).
        context: Shared state.

    Returns:
        The rows, their account still open.
    """
    account = table.account
    account.reject(is_blank(table["sample"]), NO_SAMPLE, column=table.written["sample"])
    if "mutation_status" in table:
        status = table["mutation_status"]
        column = table.written["mutation_status"]
        account.skip(
            table.mask("mutation_status", NOT_SOMATIC), STATUS, column=column, values=status
        )
    genes = resolve_column(table, context.genes, context.genome)
    account_for_genes(table, genes)
    context.note(genes.note(table.file))
    sample_codes, samples = encode(table["sample"])
    return AlterationRows(
        account=account,
        samples=samples,
        sample_codes=sample_codes,
        sample_column=table.written["sample"],
        gene_codes=genes.codes,
        gene_column=table.written["gene"],
        kind_codes=kind_codes,
        fields=_fields(table),
    )


def is_blank(values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Tell which fields are empty, (N,); `NA` is a name here."""
    return np.asarray(pc.equal(values, "").to_numpy(zero_copy_only=False), dtype=np.bool_)


def _fields(table: TextTable) -> dict[str, pa.Array]:
    reference, tumor, indel_length = read_alleles(table)
    change = read_protein_change(table)
    classification = pa.nulls(table.rows.num_rows, pa.string())
    if "classification" in table:
        written = table["classification"].combine_chunks()
        classification = pc.if_else(pc.equal(written, ""), None, written)
    return {
        "chromosome": read_chromosome(table),
        "start_position": read_position(table),
        "reference_allele": reference,
        "tumor_allele": tumor,
        "indel_length": indel_length,
        "vaf": read_vaf(table),
        "protein_change": change,
        "protein_position": protein_position(change),
        "variant_classification": classification,
    }


def _kinds(table: TextTable) -> npt.NDArray[np.int8]:
    """Return the kind of each row by classification, else consequence, else protein change."""
    codes, texts = encode(table["classification"])
    found = [None if t in MISSING else kind_of_classification(t) for t in texts]
    kinds = np.array([-1 if k is None else KIND_CODE[k] for k in found], dtype=np.int8)[codes]
    blank = is_missing(table["classification"])
    column = table.written["classification"]
    values = table["classification"]
    table.account.reject((kinds < 0) & ~blank, CLASSIFICATION, column=column, values=values)
    open_rows = np.flatnonzero(blank)
    for name, kind_of in (
        ("consequence", kind_of_consequence),
        ("protein_change", _kind_of_written_change),
    ):
        if name in table and len(open_rows):
            codes, texts = encode(table[name].take(pa.array(open_rows)))
            derived = [kind_of(text) for text in texts]
            known = np.array([-1 if k is None else KIND_CODE[k] for k in derived], dtype=np.int8)
            kinds[open_rows] = known[codes]
            open_rows = open_rows[known[codes] < 0]
    kinds[open_rows] = KIND_CODE[Kind.UNKNOWN]
    return kinds


def _kind_of_written_change(written: str) -> Kind:
    return kind_of_protein_change(short_protein_change(written) or "")


def check_genome(table: TextTable, context: ReadContext) -> None:
    """Take the genome build from the column `build`, where there is one.

    Raises:
        ImportRefusedError: If it contradicts what is stated, changes in the file or is neither
            GRCh37 nor GRCh38.
    """
    if "build" not in table:
        return
    codes, texts = encode(table["build"])
    for code, text in enumerate(texts):
        if text in MISSING:
            continue
        genome = _known_genome(text)
        if genome is None:
            raise _refuse_genome(
                table,
                int(np.argmax(codes == code)),
                Rule(
                    "genome-build",
                    "the genome build is not supported; expected GRCh37 (hg19) or GRCh38 (hg38)",
                ),
                "Lift the file over to one of these",
            )
        if context.genome not in (None, genome):
            raise _refuse_genome(
                table,
                int(np.argmax(codes == code)),
                Rule(
                    "mixed-genomes",
                    f"the row is in {genome}, but {context.genome} is stated "
                    "before or for the whole input; expected one genome build",
                ),
                "Split the file by build, or state the right one with --genome",
            )
        context.genome = genome


def _known_genome(written: str) -> str | None:
    try:
        return genome_name(written)
    except ValueError:
        return None


def _refuse_genome(table: TextTable, row: int, rule: Rule, advice: str) -> ImportRefusedError:
    return ImportRefusedError(
        rule.message,
        advice=advice,
        file=table.file,
        rule=rule.name,
        line=int(table.account.line_numbers[row]),
        column=table.written["build"],
        value=table["build"][row].as_py(),
    )
