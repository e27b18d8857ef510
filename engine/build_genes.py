"""Build the gene table that the package ships: `python -m engine.build_genes DATA_ROOT`.

Reads the public gene sets under `DATA_ROOT/gene_sets` and writes `engine/data/genes.parquet` (one
row per approved symbol), `gene_names.parquet` (other names), `gene_sets.parquet` (panels, pathways,
hallmark sets), `hotspots.parquet` (residues) and the card `genes.md`. Running it again gives the
same files.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.gene_sources import (
    Name,
    Sources,
    Span,
    collect_names,
    read_bands,
    read_hotspots,
    read_lengths,
    read_sets,
    read_sources,
)
from engine.genes import DATA, GENES_SCHEMA, HOTSPOTS_SCHEMA, NAMES_SCHEMA, SETS_SCHEMA

CARD = """# The gene table

Facts about human genes, for resolving symbols and placing mutations. Built by
`python -m engine.build_genes DATA_ROOT`, which gives the same files again from the same sources.

| File | Rows | Holds |
|---|---|---|
| `genes.parquet` | {genes:,} | approved symbol, Entrez id, GRCh37 and GRCh38 span, strand, band, \
arm, protein length; {coding:,} protein coding, of which {placed:,} have a span in both builds |
| `gene_names.parquet` | {names:,} | {previous:,} previous symbols and {aliases:,} aliases |
| `gene_sets.parquet` | {sets:,} | {panels} sequencing panels, {pathways} oncogenic pathways with \
roles, {hallmarks} hallmark sets |
| `hotspots.parquet` | {hotspots:,} | residues mutated more often than by chance, in \
{hotspot_genes} genes |

## Sources

| What | Source | Licence as stated there |
|---|---|---|
| approved symbols, Entrez ids, panels, list of symbol updates | cBioPortal/datahub \
@ 165bd77077b03038f9c2ee104959eb474770b2a9 | ODbL |
| pathways (Sanchez-Vega et al. 2018), cytobands (UCSC), protein lengths (RefSeq) | \
PoisonAlien/maftools @ c8ff3283f7395e4a7d4fb56158e638b554d5ada0 | MIT |
| gene spans of Ensembl, GRCh37 and GRCh38 | BioinformaticsFMRP/TCGAbiolinksGUI.data \
@ fb9e749d6f0eb61fb552274b013db56500f54563 | GPL-3 |
| hallmark sets v7.5.1 (MSigDB, Liberzon et al. 2015) | mimifp/IMvigor210_mUC \
@ 508772c4e1dcc1374cf27c8cb8925ad670fcf04d | CC BY 4.0 |
| hotspot residues (Chang et al. 2018) | vanallenlab/moalmanac \
@ 5dcc132a831d673f82ff302673143e893635ab22 | GPL-2 |
| renames that no identifier shows | HGNC, written as facts in `gene_history.py` | CC0 |

Single facts (a symbol, an id, a coordinate) were taken over, not the files.

## Rules

- The approved symbols are those of the cBioPortal gene table, in its spelling (C1ORF159).
- A name is a previous symbol when HGNC says so, or when GRCh37 or GRCh38 of Ensembl lists it with
  the Entrez or Ensembl id of a gene that the same build does not list under its approved symbol.
- A name that fits several genes is given to the one protein-coding gene among them; where there is
  none or more than one, only an Entrez id in the file decides.
- MLL2 is KMT2D and MLL4 is KMT2B unless an Entrez id says otherwise.
- The band is the one in which the span starts.
- A gene on different chromosomes in the two builds keeps GRCh38 only.
- Left out of the sets, because the gene table does not know them: {left_out}.
"""


def spans_of_genes(
    sources: Sources, names: dict[str, list[Name]], build: str
) -> dict[str, Span | None]:
    """Span of every approved symbol in one build, under its present or an earlier name.

    The same Entrez id counts more than the same symbol: NAA38 of GRCh37 is another gene today.
    Chromosome X goes before Y, then the longest span.
    """
    spans = sources.spans[build]
    earlier: dict[str, list[Span]] = defaultdict(list)
    for name, found in names.items():
        earlier[found[0].hugo_symbol] += spans.get(name, [])
    chosen = {}
    for symbol, entrez in sources.approved.items():
        present = [(s.entrez != entrez, 0, s) for s in spans.get(symbol, [])]
        former = [(s.entrez != entrez, 1, s) for s in earlier[symbol]]
        best = min(
            present + former,
            key=lambda c: (c[0], c[1], c[2].chromosome == "Y", c[2].start - c[2].end),
            default=None,
        )
        chosen[symbol] = best and best[2]
    return chosen


def band_of(span: Span | None, bands: dict[str, list[tuple[int, str]]]) -> str | None:
    """Name the cytoband in which a gene starts, for example 17p13.1."""
    if span is None:
        return None
    found = (name for end, name in bands[span.chromosome] if span.start <= end)
    return span.chromosome + next(found)


def build_genes(sources: Sources, names: dict[str, list[Name]], folder: Path) -> pa.Table:
    """Build the table of approved symbols."""
    lengths = read_lengths(folder, names)
    bands_37 = read_bands(folder / "cytobands_hg19.tsv")
    bands_38 = read_bands(folder / "cytobands_hg38.tsv")
    spans_37, spans_38 = (spans_of_genes(sources, names, build) for build in ("37", "38"))
    rows = []
    for gene in sorted(sources.genes, key=lambda g: g["hugo_symbol"]):
        symbol = gene["hugo_symbol"]
        old, new = spans_37[symbol], spans_38[symbol]
        if old and new and old.chromosome != new.chromosome:
            old = None  # one column holds the chromosome: the newer assembly is right
        where = new or old
        band = band_of(new, bands_38) or band_of(old, bands_37)
        rows.append(
            {
                "hugo_symbol": symbol,
                "entrez_gene_id": int(gene["entrez_gene_id"]),
                "chromosome": where and where.chromosome,
                "start_37": old and old.start,
                "end_37": old and old.end,
                "start_38": new and new.start,
                "end_38": new and new.end,
                "strand": where and where.strand,
                "cytoband": band,
                "arm": band and re.split(r"(?<=[pq])", band)[0],
                "protein_length": lengths.get(symbol),
                "protein_coding": gene["protein_coding"] == "True",
            }
        )
    return pa.Table.from_pylist(rows, schema=GENES_SCHEMA)


def build_names(names: dict[str, list[Name]]) -> pa.Table:
    """Build the table of other names."""
    rows = [{"name": n, **asdict(meaning)} for n in sorted(names) for meaning in names[n]]
    return pa.Table.from_pylist(rows, schema=NAMES_SCHEMA)


def approved_symbols(approved: dict[str, str], names: dict[str, list[Name]]) -> dict[str, str]:
    """Map every name with a clear meaning to its approved symbol."""
    meant = {symbol: symbol for symbol in approved}
    return meant | {
        name: found[0].hugo_symbol for name, found in names.items() if found[0].rank == 0
    }


def build_hotspots(meant: dict[str, str], folder: Path) -> pa.Table:
    """Build the table of hotspot residues under approved symbols."""
    found = sorted({(meant[s], residue) for s, residue in read_hotspots(folder) if s in meant})
    rows = [{"hugo_symbol": symbol, "residue": residue} for symbol, residue in found]
    return pa.Table.from_pylist(rows, schema=HOTSPOTS_SCHEMA)


def build_sets(meant: dict[str, str], folder: Path) -> tuple[pa.Table, list[str]]:
    """Build the table of gene sets under approved symbols, and list the symbols left out."""
    members = read_sets(folder)
    roles = {(c, n, meant[s]): role for c, n, s, role in members if s in meant}
    rows = [
        {"collection": c, "name": n, "hugo_symbol": s, "role": roles[c, n, s]}
        for c, n, s in sorted(roles)
    ]
    left_out = sorted({symbol for _, _, symbol, _ in members} - meant.keys())
    return pa.Table.from_pylist(rows, schema=SETS_SCHEMA), left_out


def write_card(tables: dict[str, pa.Table], left_out: list[str]) -> str:
    """Fill the card with the counts of the tables just built."""
    genes, names, sets = tables["genes"], tables["gene_names"], tables["gene_sets"]
    coding = genes.filter(genes["protein_coding"])
    placed = pc.and_(pc.is_valid(coding["start_37"]), pc.is_valid(coding["start_38"]))
    collections = {(r["collection"], r["name"]) for r in sets.to_pylist()}
    count = {c: sum(kind == c for kind, _ in collections) for c, _ in collections}
    how = {r["name"]: r["how"] for r in names.to_pylist()}
    return CARD.format(
        genes=genes.num_rows,
        coding=coding.num_rows,
        placed=pc.sum(placed).as_py(),
        names=len(how),
        previous=sum(h == "previous" for h in how.values()),
        aliases=sum(h == "alias" for h in how.values()),
        sets=sets.num_rows,
        panels=count["panel"],
        pathways=count["pathway"],
        hallmarks=count["hallmark"],
        hotspots=tables["hotspots"].num_rows,
        hotspot_genes=len(set(tables["hotspots"]["hugo_symbol"].to_pylist())),
        left_out=", ".join(left_out),
    )


def main(arguments: list[str]) -> None:
    """Build all files from the data folder named on the command line."""
    if len(arguments) != 1:
        raise SystemExit("Usage: python -m engine.build_genes DATA_ROOT")
    folder = Path(arguments[0]) / "gene_sets"
    sources = read_sources(folder)
    names = collect_names(sources, folder)
    meant = approved_symbols(sources.approved, names)
    sets, left_out = build_sets(meant, folder)
    tables = {
        "genes": build_genes(sources, names, folder),
        "gene_names": build_names(names),
        "gene_sets": sets,
        "hotspots": build_hotspots(meant, folder),
    }
    for name, table in tables.items():
        pq.write_table(table, DATA / f"{name}.parquet", compression="zstd", compression_level=19)
    (DATA / "genes.md").write_text(write_card(tables, left_out), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
