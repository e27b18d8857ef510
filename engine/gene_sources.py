"""What the gene table is built from: the public files, and the names that share an identifier.

Used by `engine.build_genes` only.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from engine.gene_history import ALIAS, AMBIGUOUS, PREVIOUS

Row = dict[str, str]


@dataclass(frozen=True)
class Span:
    """Where one symbol lies in one genome build, 1-based and inclusive."""

    chromosome: str
    start: int
    end: int
    strand: int
    entrez: str
    ensembl: str


@dataclass(frozen=True)
class Name:
    """One gene that another name may mean, as in `NAMES_SCHEMA`."""

    hugo_symbol: str
    how: str
    rank: int
    genome: str | None = None


@dataclass(frozen=True)
class Sources:
    """The gene table and the coordinate tables as read."""

    genes: list[Row]
    spans: dict[str, dict[str, list[Span]]]  # build -> symbol as written there -> spans

    @property
    def approved(self) -> dict[str, str]:
        """Entrez id by approved symbol."""
        return {g["hugo_symbol"]: g["entrez_gene_id"] for g in self.genes}


def read_rows(path: Path) -> list[Row]:
    """Read a tab-separated file, plain or gzip, without quoting."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_spans(path: Path) -> dict[str, list[Span]]:
    """Read the gene spans of one build, by the symbol of that build."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for row in read_rows(path):
        spans[row["hugo_symbol"]].append(
            Span(
                row["chromosome"],
                int(row["start"]),
                int(row["end"]),
                int(row["strand"]),
                row["entrezgene_id"],
                row["ensembl_gene_id"],
            )
        )
    return dict(spans)


def read_sources(folder: Path) -> Sources:
    """Read the gene table and both coordinate tables."""
    spans = {
        "37": read_spans(folder / "gene_coordinates_hg19.tsv.gz"),
        "38": read_spans(folder / "gene_coordinates_hg38.tsv.gz"),
    }
    return Sources(read_rows(folder / "genes.tsv"), spans)


def candidates_by_entrez(sources: Sources, build: str) -> dict[str, set[str]]:
    """Approved symbols that carry the Entrez id of a symbol which is no longer approved.

    A gene that the same build also lists under its approved symbol is left out: there the other
    symbol names something else.
    """
    approved = sources.approved
    by_entrez = {entrez: symbol for symbol, entrez in approved.items()}
    found: dict[str, set[str]] = defaultdict(set)
    for name, spans in sources.spans[build].items():
        if name and name not in approved:
            symbols = {by_entrez[s.entrez] for s in spans if s.entrez in by_entrez}
            found[name] |= {s for s in symbols if s not in sources.spans[build]}
    return found


def candidates_by_ensembl(sources: Sources) -> dict[str, set[str]]:
    """Approved GRCh38 symbols of Ensembl ids that GRCh37 lists under another symbol."""
    approved = sources.approved
    newer = {
        span.ensembl: symbol
        for symbol, spans in sources.spans["38"].items()
        for span in spans
        if symbol in approved and symbol not in sources.spans["37"]
    }
    found: dict[str, set[str]] = defaultdict(set)
    for name, spans in sources.spans["37"].items():
        if name and name not in approved:
            found[name] |= {newer[s.ensembl] for s in spans if s.ensembl in newer}
    return found


def rank_candidates(symbols: set[str], coding: set[str]) -> list[tuple[str, int]]:
    """Rank the genes a name may mean: protein coding first, no readthrough.

    Rank 0 goes to a gene that stands alone at the top; where several do, only an Entrez id decides
    and ranks start at 1.
    """
    classes = {s: (s not in coding, "-" in s) for s in symbols}
    ordered = sorted(symbols, key=lambda s: (classes[s], s))
    tied = len(ordered) > 1 and classes[ordered[0]] == classes[ordered[1]]
    return [(symbol, rank) for rank, symbol in enumerate(ordered, start=int(tied))]


def how_related(name: str, symbol: str) -> str:
    """Tell a previous symbol from another spelling and from an accession (AC003665.1)."""
    return "alias" if "." in name or name.upper() == symbol.upper() else "previous"


def curated_names(approved: dict[str, str], folder: Path) -> dict[str, list[Name]]:
    """Names known as facts: the curated tables, then the list of updates."""
    names: dict[str, list[Name]] = {}
    for name, symbols in AMBIGUOUS.items():
        names[name] = [Name(s, "previous", rank) for rank, s in enumerate(symbols)]
    updates = {r["old_symbol"]: r["hugo_symbol"] for r in read_rows(folder / "renamed_symbols.tsv")}
    for pairs, how in ((PREVIOUS, "previous"), (ALIAS, "alias"), (updates, "previous")):
        for name, symbol in pairs.items():
            if name not in approved:
                names.setdefault(name, [Name(symbol, how, 0)])
    return names


def collect_names(sources: Sources, folder: Path) -> dict[str, list[Name]]:
    """Collect other names: the curated ones, then those that share an identifier."""
    approved = sources.approved
    coding = {g["hugo_symbol"] for g in sources.genes if g["protein_coding"] == "True"}
    by_ensembl = candidates_by_ensembl(sources)
    old, new = (candidates_by_entrez(sources, build) for build in ("37", "38"))
    names = curated_names(approved, folder)
    shared = {n for found in (old, by_ensembl, new) for n in found if found[n]}
    for name in sorted(shared - names.keys()):
        entrez, ensembl = old.get(name, set()), by_ensembl.get(name, set())
        meanings = {"GRCh37": entrez & ensembl or entrez | ensembl, "GRCh38": new.get(name, set())}
        common = meanings["GRCh37"] & meanings["GRCh38"]
        if common or not all(meanings.values()):
            meanings = {"": common or meanings["GRCh37"] | meanings["GRCh38"]}
        names[name] = [
            Name(symbol, how_related(name, symbol), rank, genome or None)
            for genome, symbols in meanings.items()
            for symbol, rank in rank_candidates(symbols, coding)
        ]
    wrong = {n.hugo_symbol for found in names.values() for n in found} - approved.keys()
    if wrong or names.keys() & approved.keys():
        raise SystemExit(f"{wrong or names.keys() & approved.keys()} contradict the gene table.")
    return names


def read_bands(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Read cytobands: chromosome to (last position, band name), ascending."""
    bands: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in read_rows(path):
        chromosome = row.get("#chrom", row.get("chrom", "")).removeprefix("chr")
        bands[chromosome].append((int(float(row["chromEnd"])), row["name"]))
    return {chromosome: sorted(ends) for chromosome, ends in bands.items()}


def read_lengths(folder: Path, names: dict[str, list[Name]]) -> dict[str, int]:
    """Read protein lengths in amino acids by approved symbol."""
    lengths = {
        row["Hugo_Symbol"]: int(row["aa.length"])
        for row in read_rows(folder / "protein_lengths.tsv")
    }
    for name in names.keys() & lengths.keys():
        lengths.setdefault(names[name][0].hugo_symbol, lengths[name])
    return lengths


def read_sets(folder: Path) -> list[tuple[str, str, str, str | None]]:
    """Read (collection, set, symbol as written, role) of panels, pathways and hallmark sets."""
    members: list[tuple[str, str, str, str | None]] = []
    for path in sorted((folder / "panels").glob("*.txt")):
        fields = dict(line.split(":", 1) for line in path.read_text("utf-8").splitlines() if line)
        panel = fields["stable_id"].strip()
        members += [("panel", panel, symbol, None) for symbol in fields["gene_list"].split()]
    for row in read_rows(folder / "oncogenic_pathways.tsv"):
        role = row["OG_TSG"] if row["OG_TSG"] in ("OG", "TSG") else None
        members.append(("pathway", row["Pathway"], row["Gene"], role))
    (gmt,) = folder.glob("hallmark*.gmt")
    for line in gmt.read_text("utf-8").splitlines():
        name, _, *symbols = line.split("\t")
        members += [("hallmark", name, symbol, None) for symbol in symbols if symbol]
    return members


def read_hotspots(folder: Path) -> set[tuple[str, int]]:
    """Read (symbol as written, residue) of single-residue hotspots; splice sites are left out."""
    return {
        (row["Hugo_Symbol"], int(row["Amino_Acid_Position"]))
        for row in read_rows(folder / "hotspot_residues.tsv")
        if row["Amino_Acid_Position"].isdigit()
    }
