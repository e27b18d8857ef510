"""One invented glioma in each format that the Patient page reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.engine.readers.vcfs import CSQ_META, META, csq, vcf

NAME = "CASE-1"

# Position of a codon in GRCh37, and the change.
HOTSPOTS = {
    "KRAS": ("12", 25398284, "C", "T", "p.G12D"),
    "TP53": ("17", 7577538, "C", "T", "p.R248Q"),
    "BRAF": ("7", 140453136, "A", "T", "p.V600E"),
    "PIK3CA": ("3", 178952085, "A", "G", "p.H1047R"),
    "IDH1": ("2", 209113112, "C", "T", "p.R132H"),
    "EGFR": ("7", 55259515, "T", "G", "p.L858R"),
}
GLIOMA = ("IDH1", "TP53")
COLUMNS = (
    "Hugo_Symbol",
    "Chromosome",
    "Start_Position",
    "Reference_Allele",
    "Tumor_Seq_Allele2",
    "HGVSp_Short",
    "NCBI_Build",
    "Variant_Classification",
    "Tumor_Sample_Barcode",
)


def maf_rows(sample_id: str, genes: Sequence[str]) -> list[str]:
    """Return the lines of one tumor in a MAF."""
    return [
        "\t".join([gene, *map(str, HOTSPOTS[gene]), "GRCh37", "Missense_Mutation", sample_id])
        for gene in genes
    ]


def write_maf() -> str:
    """Write the tumor as a MAF."""
    return "\n".join(["\t".join(COLUMNS), *maf_rows(NAME, GLIOMA), ""])


def write_vcf() -> str:
    """Write the tumor as a VCF that VEP annotated."""
    header = ("##reference=GRCh37", *META, CSQ_META)
    return vcf(*map(_vcf_line, GLIOMA), samples=("NORMAL", NAME), meta=header)


def _vcf_line(gene: str) -> Mapping[str, str]:
    chromosome, position, reference, alternate, change = HOTSPOTS[gene]
    told = csq(
        Allele=str(alternate),
        Consequence="missense_variant",
        SYMBOL=gene,
        HGVSp=f"ENSP:{change}",
        CANONICAL="YES",
    )
    return {
        "CHROM": str(chromosome),
        "POS": str(position),
        "REF": str(reference),
        "ALT": str(alternate),
        "INFO": f"CSQ={told}",
        NAME: "0/1:60,40:100",
    }


def write_table() -> str:
    """Write the tumor as a table of a gene panel, with what a MAF of mutations cannot hold."""
    rows = [(NAME, gene, "missense") for gene in GLIOMA]
    rows += [(NAME, "ATRX", "truncating"), (NAME, "CDKN2A", "deep deletion")]
    return "\n".join("\t".join(row) for row in [("sample", "gene", "kind"), *rows]) + "\n"


def write_stranger() -> str:
    """Write what no tumor of the reference looks like: deep deletions all over the genome."""
    genes = (*HOTSPOTS, *STRANGE)
    rows = [(NAME, gene, "fusion") for gene in genes]
    return "\n".join("\t".join(row) for row in [("sample", "gene", "kind"), *rows]) + "\n"
