"""Derive the synthetic cohort's statistics: `python -m engine.training.derive_synthetic DATA_ROOT`.

Counts real tumors and writes aggregates only, `engine/data/synthetic.parquet` and its card. A
frequency of fewer than MIN_COUNT tumors is never written: such groups are pooled, first within the
type, then over all types, and what is still rarer is left to the background of the tumor's burden.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy import stats

from engine import synthetic_statistics as names
from engine.genes import DATA, GeneTable
from engine.kinds import Kind
from engine.synthetic_statistics import MIN_COUNT, Hotspot
from engine.training import synthetic_clinical as clinical
from engine.training.synthetic_card import write_card
from engine.training.synthetic_pairs import add_pairs
from engine.training.synthetic_rows import (
    KEYS,
    Cell,
    Rows,
    add_shares,
    as_types,
    count_cells,
    group_positions,
)
from engine.training.synthetic_sources import (
    Source,
    altering,
    mutated_matrix,
    read_copy_number,
    read_msk,
    read_tcga,
)

SUBSTITUTIONS = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
LONGEST_IN_FRAME, LONGEST_FRAME_SHIFT = 12, 11
"""Lengths in bases that stand for all longer ones."""


def rank_scores(samples: pd.DataFrame) -> np.ndarray:
    """Normal score of the TMB rank of each tumor within its group, (N,); 0 where missing."""
    ranks = samples.groupby(KEYS)["tmb"].rank()
    sizes = samples.groupby(KEYS)["tmb"].transform("count")
    scores: np.ndarray = np.nan_to_num(stats.norm.ppf((ranks - 0.5) / sizes))
    return scores


def biserial(flags: np.ndarray, scores: np.ndarray) -> float:
    """Latent correlation of a yes/no feature with a normal score; 0 where all tumors have it."""
    share = flags.mean()
    if share == 1:
        return 0.0
    spread = scores[flags].mean() - scores[~flags].mean()
    density = stats.norm.pdf(stats.norm.ppf(share))
    return float(np.clip(spread * share * (1 - share) / density, -0.5, 0.95))


def add_mutations(rows: Rows, samples: pd.DataFrame, mutated: pd.DataFrame) -> None:
    """Add gene frequencies by group with their burden dependence, and the background of the rest.

    The background of a gene is counted over the tumors whose groups have no frequency of their own.
    """
    scores = rank_scores(samples)
    burden = samples["tmb"].fillna(0.0).to_numpy()
    flags = mutated.to_numpy()
    cells, remaining = count_cells(samples, flags, list(mutated.columns))
    for cell in cells:
        has = flags[cell.tumors, mutated.columns.get_loc(cell.name)]
        rows.add(names.MUTATED, cell, cell.share, hugo_symbol=cell.name)
        correlation = biserial(has, scores[cell.tumors])
        rows.add(names.TMB_CORRELATION, cell, correlation, hugo_symbol=cell.name)
    add_background(rows, remaining, [burden[cell.tumors].sum() for cell in remaining])


def add_background(rows: Rows, cells: list[Cell], exposures: list[float]) -> None:
    """Add tumors with a mutated gene per unit of TMB; too rare genes share one rate."""
    common = [(c, x) for c, x in zip(cells, exposures, strict=True) if c.num_positive >= MIN_COUNT]
    rare = [
        (c, x)
        for c, x in zip(cells, exposures, strict=True)
        if x > 0 and c.num_positive < MIN_COUNT
    ]
    for cell, exposure in common:
        rows.add(names.MUTATED_PER_TMB, cell, cell.num_positive / exposure, hugo_symbol=cell.name)
    positive = sum(cell.num_positive for cell, _ in rare)
    if positive >= MIN_COUNT:
        rate = positive / sum(exposure for _, exposure in rare)
        pool = Cell("", None, None, max(cell.num_tumors for cell, _ in rare), positive)
        for cell, _ in rare:
            rows.add(names.MUTATED_PER_TMB, pool, rate, hugo_symbol=cell.name, detail="pooled")


def add_exome(rows: Rows, tcga: Source, known: pd.Index, genes: GeneTable) -> None:
    """Add the background of coding genes beyond the matrix, and the ratio of silent mutations."""
    exomes = tcga.samples[tcga.samples["MUTATION_SOURCE"] == "MC3"]
    calls = tcga.mutations[tcga.mutations["sample_id"].isin(exomes.index)]
    frame = genes.frame
    coding = frame.index[frame["protein_coding"] & frame["start_37"].notna()].difference(known)
    hits = altering(calls).drop_duplicates(["sample_id", "hugo_symbol"])["hugo_symbol"]
    counts = hits.value_counts().reindex(coding, fill_value=0)
    cells = [Cell(str(g), None, None, len(exomes), int(k)) for g, k in counts.items()]
    add_background(rows, cells, [float(exomes["tmb"].sum())] * len(cells))
    silent = calls[calls["kind"] == Kind.SILENT]
    cell = Cell("", None, None, len(exomes), silent["sample_id"].nunique())
    rows.add(names.SILENT_RATIO, cell, len(silent) / len(altering(calls)))


def add_copy_number(rows: Rows, tcga: Source, levels: pd.DataFrame, genes: GeneTable) -> None:
    """Add deep calls by gene and single-copy changes by chromosome arm."""
    samples = tcga.samples.loc[levels.index]
    values = levels.to_numpy()
    for gene, known in levels.notna().sum().items():
        cell = Cell("", None, None, len(levels), int(known))
        rows.add(names.PROFILED, cell, cell.share, hugo_symbol=str(gene))
    for statistic, flags in ((names.AMPLIFIED, values == 2), (names.DEEPLY_DELETED, values == -2)):
        cells, remaining = count_cells(samples, flags, list(levels.columns))
        for cell in cells + [c for c in remaining if c.num_positive >= MIN_COUNT]:
            rows.add(statistic, cell, cell.share, hugo_symbol=cell.name)
    arms = genes.frame["arm"].reindex(levels.columns).to_numpy()
    for statistic, changed in ((names.ARM_GAIN, levels >= 1), (names.ARM_LOSS, levels <= -1)):
        shares = changed.T.groupby(arms).mean().T
        cells, remaining = count_cells(samples, shares.to_numpy() > 0.5, list(shares.columns))
        for cell in cells + [c for c in remaining if c.num_positive >= MIN_COUNT]:
            rows.add(statistic, cell, cell.share, detail=cell.name)


def recurrent_changes(mutations: pd.DataFrame) -> pd.DataFrame:
    """Give each protein change of a gene the position and alleles that most calls of it have."""
    calls = mutations[(mutations["protein_change"] != "") & mutations["position"].notna()]
    parts = ["classification", "chromosome", "position", "reference_allele", "tumor_allele"]
    keys = ["hugo_symbol", "protein_change"]
    calls = calls.astype({"position": "int64"})
    tumors = calls.groupby([*keys, *parts])["sample_id"].nunique().reset_index(name="tumors")
    tumors = tumors.sort_values("tumors", ascending=False, kind="stable").drop_duplicates(keys)
    return tumors[(tumors["tumors"] >= MIN_COUNT) & (tumors["tumor_allele"] != "")].set_index(keys)


def add_promoters(rows: Rows, source: Source) -> None:
    """Add recurrent promoter mutations by type, from panels that cover promoters."""
    calls = source.mutations[source.mutations["kind"] == Kind.PROMOTER]
    alleles = ["chromosome", "position", "reference_allele", "tumor_allele"]
    samples = source.samples.assign(subtype="")
    sites = calls[["hugo_symbol", *alleles]].astype(str).agg("|".join, axis=1)
    for site, of_site in calls.assign(site=sites).groupby("site"):
        symbol, chromosome, position, reference, tumor = str(site).split("|")
        mutated = samples.index.isin(of_site["sample_id"])
        spot = Hotspot("", "5'Flank", chromosome, int(float(position)), reference, tumor)
        for cell in as_types(count_cells(samples, mutated[:, None], [""])[0]):
            rows.add(names.PROMOTER, cell, cell.share, hugo_symbol=symbol, detail=spot.encode())


def add_hotspots(rows: Rows, sources: tuple[Source, ...]) -> None:
    """Add recurrent protein changes as shares of the tumors mutated in the gene, by type."""
    samples = pd.concat([s.samples for s in sources])[["cancer_type"]].assign(subtype="")
    calls = pd.concat([altering(s.mutations) for s in sources])
    changes = recurrent_changes(calls)
    for gene, of_gene in calls.groupby("hugo_symbol"):
        if gene not in changes.index.get_level_values(0):
            continue
        spots = changes.loc[gene]
        mutated = samples.loc[of_gene["sample_id"].unique()]
        flags = pd.crosstab(of_gene["sample_id"], of_gene["protein_change"]) > 0
        flags = flags.reindex(index=mutated.index, columns=spots.index)
        cells, remaining = count_cells(mutated, flags.to_numpy(), list(spots.index))
        pooled = [c for c in remaining if c.num_positive >= MIN_COUNT]
        for cell in [*as_types(cells), *pooled]:
            detail = Hotspot(cell.name, *spots.loc[cell.name].drop("tumors")).encode()
            rows.add(names.HOTSPOT, cell, cell.share, hugo_symbol=str(gene), detail=detail)


def add_classes(rows: Rows, mutations: pd.DataFrame) -> None:
    """Add shares of Variant_Classification, over all genes and by gene, and lengths of indels.

    A gene in which only one class is frequent enough has none of its own: it would lose the others.
    """
    calls = altering(mutations)
    calls = calls[calls["kind"] != Kind.UNKNOWN]
    add_shares(rows, names.CLASSIFICATION, calls, "classification")
    for gene, of_gene in calls.groupby("hugo_symbol"):
        tumors = of_gene.groupby("classification")["sample_id"].nunique()
        if (tumors >= MIN_COUNT).sum() > 1:
            add_shares(rows, names.CLASSIFICATION, of_gene, "classification", hugo_symbol=str(gene))
    indels = calls[calls["classification"].str.contains("Ins|Del") & calls["position"].notna()]
    alleles = indels[["reference_allele", "tumor_allele"]]
    lengths = alleles.apply(lambda column: column.str.replace("-", "").str.len()).max(axis=1)
    in_frame = indels["classification"].str.startswith("In_Frame")
    longest = np.where(in_frame, LONGEST_IN_FRAME, LONGEST_FRAME_SHIFT)
    words = in_frame.map({True: "in frame ", False: "frame shift "})
    indels = indels.assign(length=words + lengths.clip(upper=longest).astype(str))
    for frame in (in_frame, ~in_frame):
        fits = (lengths % 3 == 0) == in_frame
        add_shares(rows, names.INDEL_LENGTH, indels[frame & fits], "length")


def add_substitutions(rows: Rows, samples: pd.DataFrame, mutations: pd.DataFrame) -> None:
    """Add shares of the six substitution classes, counted on the pyrimidine strand.

    By group, by type and over all types: groups with few alleles take what is next.
    """
    classes = mutations["reference_allele"] + ">" + mutations["tumor_allele"]
    mirrored = classes.str.translate(str.maketrans("ACGT", "TGCA"))
    classes = classes.where(classes.isin(SUBSTITUTIONS), mirrored)
    calls = mutations.assign(substitution=classes)[classes.isin(SUBSTITUTIONS)]
    tumors = samples.index.get_indexer(pd.Index(calls["sample_id"]))
    add_shares(rows, names.SUBSTITUTION, calls, "substitution")
    for cancer_type, members in samples.groupby("cancer_type").indices.items():
        of_type = calls[np.isin(tumors, members)]
        add_shares(
            rows, names.SUBSTITUTION, of_type, "substitution", group=(str(cancer_type), None)
        )
    for group, members in group_positions(samples).items():
        of_group = calls[np.isin(tumors, members)]
        add_shares(rows, names.SUBSTITUTION, of_group, "substitution", group=group)


def add_all_pairs(rows: Rows, tcga: Source, msk: Source, panel: pd.Index) -> None:
    """Add pairs of every type among the genes of one panel, counted over both studies."""
    broad, narrow = mutated_matrix(tcga, panel), mutated_matrix(msk, panel)
    for cancer_type, members in tcga.samples.groupby("cancer_type"):
        more = msk.samples[msk.samples["cancer_type"] == cancer_type].assign(subtype="panel")
        samples = pd.concat([members, more])[[*KEYS, "tmb"]]
        mutated = pd.concat([broad.loc[members.index], narrow.loc[more.index]])
        add_pairs(rows, samples, mutated)


def derive(root: Path) -> Rows:
    """Count everything."""
    genes = GeneTable.load()
    tcga, msk = read_tcga(root, genes), read_msk(root, genes)
    levels = read_copy_number(root, tcga.samples.index, genes)
    rows = Rows()
    clinical.add_groups(rows, tcga.samples)
    clinical.add_burden(rows, tcga.samples)
    clinical.add_allele_fractions(rows, msk, tcga)
    clinical.add_people(rows, tcga.samples)
    clinical.add_survival(rows, tcga.samples)
    clinical.add_panels(rows, msk.samples)
    add_promoters(rows, msk)
    add_mutations(rows, tcga.samples, mutated_matrix(tcga, levels.columns))
    add_exome(rows, tcga, levels.columns, genes)
    add_copy_number(rows, tcga, levels, genes)
    add_hotspots(rows, (tcga, msk))
    add_classes(rows, tcga.mutations)
    add_substitutions(rows, tcga.samples, tcga.mutations)
    shared = levels.columns.intersection(sorted(genes.panels()["IMPACT341"]))
    add_all_pairs(rows, tcga, msk, shared)
    return rows


def main(arguments: list[str]) -> None:
    """Derive the table from the data folder named on the command line."""
    if len(arguments) != 1:
        raise SystemExit("Usage: python -m engine.training.derive_synthetic DATA_ROOT")
    table = derive(Path(arguments[0])).table()
    pq.write_table(table, DATA / "synthetic.parquet", compression="zstd", compression_level=19)
    (DATA / "synthetic.md").write_text(write_card(table), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
