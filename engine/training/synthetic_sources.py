"""Read what the synthetic cohort's statistics are counted from: two public studies, as text.

Used by `engine.training.derive_synthetic` only, which publishes aggregates and no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from engine.genes import GeneTable
from engine.kinds import KIND_OF_CLASSIFICATION, MUTATION_KINDS, Kind
from engine.synthetic_statistics import MIN_COUNT

CANCER_TYPES = (
    "BLCA", "BRCA", "CESC", "COADREAD", "ESCA", "GBM", "HNSC", "KIRC", "KIRP", "LGG", "LIHC",
    "LUAD", "LUSC", "OV", "PAAD", "PRAD", "SARC", "SKCM", "STAD", "THCA", "UCEC",
)  # fmt: skip
"""TCGA study codes; COAD and READ are one."""

SUBTYPE_COLUMN = {
    "BRCA": "PAM50_SUBTYPE",
    "BLCA": "BLCA_MRNA_SUBTYPE",
    "HNSC": "HPV_STATUS",
    "CESC": "HPV_STATUS",
    **dict.fromkeys(("COADREAD", "ESCA", "LGG", "SARC", "STAD", "UCEC"), "SUBTYPE_PANCAN"),
}
"""The clinical column that divides a type into subtypes."""

TYPE_OF_MSK_CODE = {
    "BLCA": "BLCA", "BRCA": "BRCA", "CCRCC": "KIRC", "CRC": "COADREAD", "ESCA": "ESCA",
    "HCC": "LIHC", "HNSC": "HNSC", "LUAD": "LUAD", "LUSC": "LUSC", "MEL": "SKCM", "OV": "OV",
    "PAAD": "PAAD", "PRAD": "PRAD", "STAD": "STAD", "THCA": "THCA", "UCEC": "UCEC",
}  # fmt: skip

MIN_UNLABELED = 80
"""Tumors without a subtype make a group of their own from this number on."""


@dataclass(frozen=True)
class Source:
    """One study: tumors of the types wanted, and their mutations."""

    samples: pd.DataFrame  # by sample_id: cancer_type, subtype, tmb, panel, clinical columns
    mutations: pd.DataFrame  # sample_id, hugo_symbol, kind, MAF columns, vaf


def read_table(path: Path, *, skip: int = 0) -> pd.DataFrame:
    """Read tab-separated text, plain or gzip, as strings without quoting; "" where empty."""
    parse = csv.ParseOptions(delimiter="\t", quote_char=False)
    with pa.input_stream(str(path), compression="detect") as stream:
        names = csv.open_csv(
            stream, read_options=csv.ReadOptions(skip_rows=skip), parse_options=parse
        ).schema.names
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[])
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(skip_rows=skip),
        parse_options=parse,
        convert_options=convert,
    )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def read_clinical(folder: Path) -> pd.DataFrame:
    """Read clinical columns of samples and their patients, by sample id."""
    samples = read_table(folder / "data_clinical_sample.txt", skip=4)
    patients = read_table(folder / "data_clinical_patient.txt", skip=4)
    panels = read_table(folder / "data_gene_panel_matrix.txt")
    joined = samples.merge(patients, on="PATIENT_ID", how="left").merge(panels, on="SAMPLE_ID")
    return joined.set_index("SAMPLE_ID")


def read_mutations(folder: Path, genes: GeneTable) -> pd.DataFrame:
    """Read mutations with approved symbols and kinds; rows of unknown genes are left out."""
    maf = read_table(next(folder.glob("data_mutations.txt*")))
    symbols = maf["Hugo_Symbol"].unique().tolist()
    approved = dict(zip(symbols, genes.resolve(symbols, genome="GRCh37").approved, strict=True))
    reference = pd.to_numeric(maf["t_ref_count"], errors="coerce")
    tumor = pd.to_numeric(maf["t_alt_count"], errors="coerce")
    depth = reference + tumor
    return pd.DataFrame(
        {
            "sample_id": maf["Tumor_Sample_Barcode"],
            "hugo_symbol": maf["Hugo_Symbol"].map(approved),
            "kind": maf["Variant_Classification"].map(KIND_OF_CLASSIFICATION),
            "classification": maf["Variant_Classification"],
            "protein_change": maf["HGVSp_Short"],
            "chromosome": maf["Chromosome"],
            "position": pd.to_numeric(maf["Start_Position"], errors="coerce"),
            "reference_allele": maf["Reference_Allele"],
            "tumor_allele": maf["Tumor_Seq_Allele2"],
            "vaf": (tumor / depth).where(depth >= 20),
        }
    ).dropna(subset=["hugo_symbol"])


def label_subtypes(clinical: pd.DataFrame) -> pd.Series:
    """Name the subtype of each tumor; "" where the type has none or the label is missing."""
    subtypes = pd.Series("", index=clinical.index)
    for cancer_type, column in SUBTYPE_COLUMN.items():
        of_type = clinical["cancer_type"] == cancer_type
        labels = clinical.loc[of_type, column].str.replace(r"^[A-Z]+_(?=.)", "", regex=True)
        subtypes[of_type] = labels
    return subtypes


def drop_small_groups(samples: pd.DataFrame) -> pd.DataFrame:
    """Leave out groups of fewer than MIN_COUNT tumors and few tumors without a label."""
    keys = ["cancer_type", "subtype"]
    sizes = samples.groupby(keys)["tmb"].transform("size")
    divided = samples["cancer_type"].isin(SUBTYPE_COLUMN) & (samples["subtype"] == "")
    return samples[sizes >= np.where(divided, MIN_UNLABELED, MIN_COUNT)]


def read_tcga(root: Path, genes: GeneTable) -> Source:
    """Read the pan-cancer study: types, subtypes, clinical columns, mutations."""
    folder = root / "studies" / "tcga_pancan"
    clinical = read_clinical(folder)
    clinical["cancer_type"] = clinical["TCGA_STUDY"].replace(
        {"COAD": "COADREAD", "READ": "COADREAD"}
    )
    clinical = clinical[clinical["cancer_type"].isin(CANCER_TYPES)]
    clinical["subtype"] = label_subtypes(clinical)
    clinical["tmb"] = pd.to_numeric(clinical["TMB_NONSYNONYMOUS"], errors="coerce")
    samples = drop_small_groups(clinical)
    mutations = read_mutations(folder, genes)
    return Source(samples, mutations[mutations["sample_id"].isin(samples.index)])


def read_msk(root: Path, genes: GeneTable) -> Source:
    """Read the panel-sequenced study; it has no subtypes."""
    folder = root / "studies" / "msk_met_2021"
    clinical = read_clinical(folder)
    clinical["cancer_type"] = clinical["TUMOR_TYPE_CODE"].map(TYPE_OF_MSK_CODE)
    clinical["tmb"] = pd.to_numeric(clinical["TMB_NONSYNONYMOUS"], errors="coerce")
    samples = clinical.dropna(subset=["cancer_type"]).assign(subtype="")
    mutations = read_mutations(folder, genes)
    return Source(samples, mutations[mutations["sample_id"].isin(samples.index)])


def read_copy_number(root: Path, samples: pd.Index, genes: GeneTable) -> pd.DataFrame:
    """Read copy-number levels: tumors x genes, -2 .. 2, NaN where not profiled."""
    matrix = read_table(root / "studies" / "tcga_pancan" / "data_cna.txt.gz")
    symbols = genes.resolve(matrix["Hugo_Symbol"].tolist(), genome="GRCh37").approved
    levels = matrix[[s for s in samples if s in matrix]].apply(pd.to_numeric, errors="coerce")
    by_tumor = levels.set_axis(pd.Index(symbols), axis=0).T.astype("float32")
    known: pd.DataFrame = by_tumor.dropna(axis="columns", thresh=MIN_COUNT)
    return known


def altering(mutations: pd.DataFrame) -> pd.DataFrame:
    """Mutations that alter their gene, promoter mutations left out."""
    kinds = [kind for kind in MUTATION_KINDS if kind is not Kind.PROMOTER]
    return mutations[mutations["kind"].isin(kinds)]


def mutated_matrix(source: Source, symbols: pd.Index) -> pd.DataFrame:
    """Tumors x genes: whether the gene carries an altering mutation, bool."""
    hits = altering(source.mutations)
    hits = hits[hits["hugo_symbol"].isin(symbols)]
    matrix = np.zeros((len(source.samples), len(symbols)), dtype=bool)
    rows = source.samples.index.get_indexer(pd.Index(hits["sample_id"]))
    columns = symbols.get_indexer(pd.Index(hits["hugo_symbol"]))
    matrix[rows, columns] = True
    return pd.DataFrame(matrix, index=source.samples.index, columns=symbols)
