from __future__ import annotations

import csv
import gzip
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UnknownGeneError
from engine.gene_history import AMBIGUOUS, PREVIOUS
from engine.genes import GENES_SCHEMA, HOTSPOTS_SCHEMA, NAMES_SCHEMA, SETS_SCHEMA, GeneTable


@pytest.fixture(scope="module")
def genes() -> GeneTable:
    return GeneTable.load()


def resolve_one(
    genes: GeneTable, symbol: str, entrez: int | None = None, genome: str | None = "GRCh37"
) -> tuple[str | None, str]:
    found = genes.resolve([symbol], entrez=[entrez], genome=genome)
    return found.approved[0], found.how[0]


def make_table(rows: list[tuple[str, str, int, int, bool]]) -> GeneTable:
    """Build a gene table of (symbol, chromosome, start, end, coding)."""
    genes = [
        {
            "hugo_symbol": symbol,
            "chromosome": chromosome,
            "start_37": start,
            "end_37": end,
            "protein_coding": coding,
        }
        for symbol, chromosome, start, end, coding in sorted(rows)
    ]
    return GeneTable(
        pa.Table.from_pylist(genes, schema=GENES_SCHEMA),
        pa.Table.from_pylist([], schema=NAMES_SCHEMA),
        pa.Table.from_pylist([], schema=SETS_SCHEMA),
        pa.Table.from_pylist([], schema=HOTSPOTS_SCHEMA),
    )


def test_symbols_are_sorted_unique_and_indexed(genes: GeneTable) -> None:
    assert list(genes.symbols) == sorted(set(genes.symbols))
    assert all(genes.symbols[i] == symbol for symbol, i in genes.index.items())
    assert list(genes.frame.index) == list(genes.symbols)


def test_frame_places_known_genes(genes: GeneTable) -> None:
    tp53 = genes.frame.loc["TP53"]
    assert (tp53.entrez_gene_id, tp53.chromosome, tp53.arm) == (7157, "17", "17p")
    assert (tp53.cytoband, tp53.strand, tp53.protein_length) == ("17p13.1", -1, 393)
    assert tp53.start_37 < 7577121 < tp53.end_37  # R273
    assert tp53.start_38 < 7673803 < tp53.end_38
    assert tp53.protein_coding


def test_genes_renamed_since_grch37_are_placed_in_both_builds(genes: GeneTable) -> None:
    renamed = genes.frame.loc[["PRKN", "NSD2", "SEPTIN9", "H3-3A", "H3C2", "CARS1", "DELEC1"]]
    assert renamed[["start_37", "end_37", "start_38", "end_38"]].notna().all(axis=None)


def test_spans_and_bands_make_sense(genes: GeneTable) -> None:
    frame = genes.frame
    for build in ("37", "38"):
        placed = frame[frame[f"start_{build}"].notna()]
        assert (placed[f"start_{build}"] <= placed[f"end_{build}"]).all()
    placed = frame[frame.chromosome.notna()]
    assert set(placed.chromosome) == {*map(str, range(1, 23)), "X", "Y"}
    assert all(a in {f"{c}p", f"{c}q"} for a, c in zip(placed.arm, placed.chromosome, strict=True))
    assert frame[frame.protein_coding].start_37.notna().mean() > 0.95


@pytest.mark.parametrize(
    ("written", "entrez", "approved", "how"),
    [
        ("TP53", None, "TP53", "approved"),
        ("TP53", 999, "TP53", "approved"),
        ("MLL2", None, "KMT2D", "previous"),
        ("MLL4", None, "KMT2B", "previous"),
        ("MLL2", 9757, "KMT2B", "previous"),
        ("MLL4", 8085, "KMT2D", "previous"),
        ("MLL4", 7157, "KMT2B", "previous"),
        ("MLL", 0, "KMT2A", "previous"),
        ("WBP7", None, "KMT2B", "previous"),
        ("PARK2", None, "PRKN", "previous"),
        ("SEPT9", None, "SEPTIN9", "previous"),
        ("MARCH1", None, "MARCHF1", "previous"),
        ("DEC1", None, "DELEC1", "previous"),
        ("HIST1H3B", None, "H3C2", "previous"),
        ("GPR98", None, "ADGRV1", "previous"),
        ("C1orf159", None, "C1ORF159", "alias"),
        (" kras ", None, "KRAS", "alias"),
        ("HER2", None, "ERBB2", "alias"),
        ("TTN;TTN", None, "TTN", "alias"),
        ("MLL3(uc003wkx.3:exon10:c.1249-1G>A)", None, "KMT2C", "previous"),
        ("DEFB130", None, None, "unknown"),
        ("DEFB130", 100133267, "DEFB130B", "previous"),
        ("SLC35E2", 9906, "SLC35E2A", "previous"),
        ("NOT-A-GENE", 999, "CDH1", "entrez"),
        ("", 7157, "TP53", "entrez"),
        ("KIR3DL1,KIR3DL2", None, None, "unknown"),
        ("Unknown", None, None, "unknown"),
        ("", None, None, "unknown"),
    ],
)
def test_resolve(
    genes: GeneTable, written: str, entrez: int | None, approved: str | None, how: str
) -> None:
    assert resolve_one(genes, written, entrez) == (approved, how)


@pytest.mark.parametrize(
    "damaged",
    [
        "1-Mar",
        "Mar-1",
        "2-Sep",
        "1-Dec",
        "01-Mar-2026",
        "09-sept",
        "01-mars",
        "1. Mrz",
        "2026-03-01 00:00:00",
        "2026-03-01",
        "3/1/2026",
        "01.03.2026",
        "43891",
        "43891.0",
        "2.31E+13",
    ],
)
def test_symbols_damaged_by_a_spreadsheet_are_never_guessed(genes: GeneTable, damaged: str) -> None:
    assert resolve_one(genes, damaged) == (None, "excel")
    assert resolve_one(genes, damaged, 51257) == (None, "excel")


def test_no_gene_or_known_name_looks_damaged(genes: GeneTable) -> None:
    names = [*genes.symbols, *PREVIOUS, *AMBIGUOUS]
    assert "excel" not in genes.resolve(names).how


def test_a_clone_name_means_what_its_build_says(genes: GeneTable) -> None:
    assert resolve_one(genes, "AC003665.1", genome="GRCh37")[0] == "SP2-AS1"
    assert resolve_one(genes, "AC003665.1", genome="GRCh38")[0] == "OSBPL7"
    assert resolve_one(genes, "AC003665.1", genome=None) == (None, "unknown")


def test_resolution_keeps_order_and_repeats(genes: GeneTable) -> None:
    found = genes.resolve(["MLL2", "TP53", "MLL2"], entrez=[9757, None, None])
    assert found.symbols == ("MLL2", "TP53", "MLL2")
    assert found.approved == ("KMT2B", "TP53", "KMT2D")


def test_every_curated_rename_leads_to_an_approved_symbol(genes: GeneTable) -> None:
    found = genes.resolve(list(PREVIOUS))
    assert list(found.approved) == list(PREVIOUS.values())


@given(st.text(max_size=30))
def test_resolve_takes_any_text(text: str) -> None:
    approved, how = resolve_one(GeneTable.load(), text)
    assert (approved is None) == (how in {"unknown", "excel"})


def test_lookup_returns_the_approved_symbol(genes: GeneTable) -> None:
    assert genes.lookup("HER2") == "ERBB2"


def test_lookup_of_an_unknown_symbol_names_near_matches(genes: GeneTable) -> None:
    with pytest.raises(UnknownGeneError, match=r"'KRSA' .* Did you mean .*KRAS"):
        genes.lookup("KRSA")
    with pytest.raises(UnknownGeneError, match="Use its HGNC symbol"):
        genes.lookup("@@@@")


def test_panels_pathways_and_hallmarks_hold_approved_symbols(genes: GeneTable) -> None:
    panels, pathways, hallmarks = genes.panels(), genes.pathways(), genes.hallmarks()
    assert (len(panels), len(pathways), len(hallmarks)) == (65, 10, 50)
    for members in (*panels.values(), *pathways.values(), *hallmarks.values()):
        assert set(members) <= genes.index.keys()
    assert (len(panels["IMPACT341"]), len(panels["IMPACT410"])) == (341, 410)
    assert "KMT2D" in panels["IMPACT468"]
    assert "KRAS" in pathways["RTK-RAS"]
    assert genes.pathway_roles()["Cell_Cycle", "CDKN2A"] == "TSG"
    assert genes.pathway_roles()["PI3K", "PIK3CA"] == "OG"


def test_locate_finds_genes_in_both_builds(genes: GeneTable) -> None:
    assert list(genes.locate("7", np.array([140453136, 55259515]), "GRCh37")) == ["BRAF", "EGFR"]
    assert list(genes.locate("chr7", np.array([140753336, 1]), "GRCh38")) == ["BRAF", None]
    assert list(genes.locate("GL000220.1", np.array([5]), "GRCh37")) == [None]


def test_locate_prefers_coding_then_the_smallest_span() -> None:
    table = make_table(
        [
            ("BIG", "1", 100, 500, True),
            ("SMALL", "1", 200, 300, True),
            ("RNA", "1", 210, 220, False),
            ("LONE-RNA", "1", 501, 510, False),
            ("OTHER", "2", 100, 500, True),
        ]
    )
    positions = np.array([99, 100, 199, 200, 215, 300, 301, 500, 501, 510, 511])
    expected = [None, "BIG", "BIG", "SMALL", "SMALL", "SMALL", "BIG", "BIG"]
    expected += ["LONE-RNA", "LONE-RNA", None]
    assert list(table.locate("1", positions, "GRCh37")) == expected


def test_locate_agrees_with_a_search_through_all_spans(genes: GeneTable) -> None:
    rng = np.random.default_rng(0)
    positions = rng.integers(1, 81_000_000, 200)
    spans = genes.frame[genes.frame.chromosome == "17"]
    for position, found in zip(positions, genes.locate("17", positions, "GRCh37"), strict=True):
        over = spans[(spans.start_37 <= position) & (spans.end_37 >= position)]
        assert (found is None) == over.empty
        if found is not None:
            best = over[over.protein_coding] if over.protein_coding.any() else over
            sizes = best.end_37 - best.start_37
            assert sizes[found] == sizes.min()


def test_loading_is_fast_and_pulls_no_heavy_library() -> None:
    code = (
        "import sys, time, numpy, pyarrow.parquet; from engine.genes import GeneTable;"
        "start = time.perf_counter(); GeneTable.load().resolve(['MLL2']);"
        "print(time.perf_counter() - start, 'torch' in sys.modules, 'pandas' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, torch, pandas = out.stdout.split()
    assert (torch, pandas) == ("False", "False")
    assert float(seconds) < 1.0, "0.07 s on an idle machine; the margin is for a busy one"


def test_resolving_many_symbols_is_fast(genes: GeneTable) -> None:
    symbols = [*genes.symbols[:20_000], *PREVIOUS] * 2
    start = time.perf_counter()
    found = genes.resolve(symbols, genome="GRCh37")
    assert time.perf_counter() - start < 2.0
    assert None not in found.approved


def read_symbols(path: Path) -> Counter[tuple[str, int]]:
    """Count the rows of a MAF by symbol and Entrez id."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as text:
        lines = (line for line in text if not line.startswith("#"))
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return Counter((row["Hugo_Symbol"], int(row["Entrez_Gene_Id"] or 0)) for row in rows)


@pytest.mark.realdata
@pytest.mark.slow
def test_symbols_of_the_real_studies_resolve(
    genes: GeneTable, data_root: Path, record_property: Callable[[str, object], None]
) -> None:
    unnamed = {"", "Unknown"}  # rows whose source names no gene
    total: Counter[str] = Counter()
    for path in sorted((data_root / "studies").glob("*/data_mutations.txt*")):
        counts = read_symbols(path)
        found = genes.resolve(
            [symbol for symbol, _ in counts],
            entrez=[entrez for _, entrez in counts],
            genome="GRCh37",
        )
        study: Counter[str] = Counter()
        for (symbol, _), how, rows in zip(counts, found.how, counts.values(), strict=True):
            study["unnamed" if symbol in unnamed else how] += rows
        named = study.total() - study["unnamed"]
        share = 1 - (study["unknown"] + study["excel"]) / named
        record_property(path.parent.name, f"{share:.4f} of {named} rows resolved")
        assert share > 0.96, f"{path.parent.name}: {study}"
        total += study
    named = total.total() - total["unnamed"]
    record_property("all", f"{1 - (total['unknown'] + total['excel']) / named:.4f} of {named}")
    assert (total["unknown"] + total["excel"]) / named < 0.01


@pytest.mark.realdata
def test_old_names_of_an_unchanged_study_follow_the_rules(
    genes: GeneTable, data_root: Path
) -> None:
    counts = read_symbols(data_root / "studies" / "rizvi_2018" / "data_mutations.txt")
    written = {symbol for symbol, _ in counts}
    assert {"MLL", "MLL2", "MLL3"} <= written
    found = genes.resolve(sorted(written), genome="GRCh37")
    approved = dict(zip(found.symbols, found.approved, strict=True))
    assert (approved["MLL2"], approved["MLL3"], approved["MLL"]) == ("KMT2D", "KMT2C", "KMT2A")
    assert None not in found.approved
