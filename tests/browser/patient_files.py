"""One invented lung cancer in each format that the Patient page reads, and a tumor unlike any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.engine.readers.vcfs import CSQ_META, META, csq, vcf

NAME = "CASE-1"
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

# Position of a codon in GRCh37, and the change.
HOTSPOTS = {
    "KRAS": ("12", "25398284", "C", "T", "p.G12D"),
    "TP53": ("17", "7577538", "C", "T", "p.R248Q"),
    "BRAF": ("7", "140453136", "A", "T", "p.V600E"),
    "PIK3CA": ("3", "178952085", "A", "G", "p.H1047R"),
    "IDH1": ("2", "209113112", "C", "T", "p.R132H"),
    "EGFR": ("7", "55259515", "T", "G", "p.L858R"),
}
LUNG = ("EGFR", "TP53")
PROMOTERS = ("TP53", "KRAS", "PIK3CA", "EGFR", "BRAF", "IDH1", "APC", "PTEN", "RB1", "VHL", "NF1")


def maf(*tumors: tuple[str, Sequence[str]]) -> str:
    """Return a MAF of tumors, each a sample id with its mutated genes."""
    rows = [
        "\t".join([gene, *HOTSPOTS[gene], "GRCh37", "Missense_Mutation", sample_id])
        for sample_id, genes in tumors
        for gene in genes
    ]
    return "\n".join(["\t".join(COLUMNS), *rows, ""])


def _table(*rows: tuple[str, str]) -> str:
    lines = [("sample", "gene", "kind"), *((NAME, gene, kind) for gene, kind in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _vcf_line(gene: str) -> Mapping[str, str]:
    chromosome, position, reference, alternate, change = HOTSPOTS[gene]
    told = csq(
        Allele=alternate,
        Consequence="missense_variant",
        SYMBOL=gene,
        HGVSp=f"ENSP:{change}",
        Protein_position=change[3:-1],
        CANONICAL="YES",
    )
    place = {"CHROM": chromosome, "POS": position, "REF": reference, "ALT": alternate}
    return {**place, "INFO": f"CSQ={told}", NAME: "0/1:60,40:100"}


FILES = {
    "case.maf": maf((NAME, LUNG)),
    "case.vcf": vcf(
        *map(_vcf_line, LUNG),
        samples=("NORMAL", NAME),
        meta=("##reference=GRCh37", *META, CSQ_META),
    ),
    "case.tsv": _table(
        *((gene, "missense") for gene in LUNG), ("RB1", "truncating"), ("MYC", "amp")
    ),
}
"""The tumor as a MAF, as a VCF that VEP annotated, and as the table of a gene panel."""

STRANGER = _table(*((gene, "promoter") for gene in PROMOTERS))
"""A table of a tumor like no other: promoter mutations of genes that never have them."""
