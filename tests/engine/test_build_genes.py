from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine import build_genes
from engine.build_genes import band_of, spans_of_genes
from engine.gene_sources import (
    Name,
    Sources,
    Span,
    candidates_by_ensembl,
    candidates_by_entrez,
    how_related,
    rank_candidates,
)
from engine.genes import DATA


def make_gene(symbol: str, entrez: str) -> dict[str, str]:
    return {"hugo_symbol": symbol, "entrez_gene_id": entrez, "protein_coding": "True"}


def make_span(entrez: str, ensembl: str = "", *, chromosome: str = "1", end: int = 20) -> Span:
    return Span(chromosome, 10, end, 1, entrez, ensembl)


def test_a_former_symbol_is_found_by_its_entrez_id() -> None:
    spans = {"37": {"OLD": [make_span("1")], "RNA": [make_span("2")], "KEPT": [make_span("2")]}}
    sources = Sources([make_gene("NEW", "1"), make_gene("KEPT", "2")], spans)
    found = candidates_by_entrez(sources, "37")
    assert found["OLD"] == {"NEW"}
    assert found["RNA"] == set(), "KEPT has a row of its own, so RNA is something else"


def test_a_former_symbol_is_found_by_its_ensembl_id() -> None:
    spans = {"37": {"OLD": [make_span("", "E1")]}, "38": {"NEW": [make_span("", "E1")]}}
    assert candidates_by_ensembl(Sources([make_gene("NEW", "1")], spans)) == {"OLD": {"NEW"}}


@pytest.mark.parametrize(
    ("symbols", "ranked"),
    [
        ({"A", "A-B"}, [("A", 0), ("A-B", 1)]),
        ({"A", "RNA"}, [("A", 0), ("RNA", 1)]),
        ({"A", "B"}, [("A", 1), ("B", 2)]),
        ({"RNA"}, [("RNA", 0)]),
        (set(), []),
    ],
)
def test_only_a_gene_that_stands_alone_is_meant(
    symbols: set[str], ranked: list[tuple[str, int]]
) -> None:
    assert rank_candidates(symbols, {"A", "B", "A-B"}) == ranked


def test_names_are_told_apart() -> None:
    assert how_related("GPR98", "ADGRV1") == "previous"
    assert how_related("C1orf159", "C1ORF159") == "alias"
    assert how_related("AC003665.1", "OSBPL7") == "alias"


def test_the_entrez_id_counts_more_than_the_symbol() -> None:
    spans = {"37": {"NAME": [make_span("2", end=99)], "OLD": [make_span("1", end=50)]}}
    sources = Sources([make_gene("NAME", "1")], spans)
    names = {"OLD": [Name("NAME", "previous", 0)]}
    chosen = spans_of_genes(sources, names, "37")["NAME"]
    assert chosen is not None
    assert chosen.end == 50


def test_a_gene_on_both_sex_chromosomes_is_placed_on_x() -> None:
    both = [make_span("1", chromosome="Y", end=90), make_span("1", chromosome="X")]
    sources = Sources([make_gene("PAR", "1")], {"37": {"PAR": both}})
    chosen = spans_of_genes(sources, {}, "37")["PAR"]
    assert chosen is not None
    assert chosen.chromosome == "X"


def test_the_band_is_the_one_the_gene_starts_in() -> None:
    bands = {"1": [(9, "p12"), (15, "p11"), (40, "q11")]}
    assert band_of(make_span("1"), bands) == "1p11"
    assert band_of(None, bands) is None


def test_the_command_asks_for_its_argument() -> None:
    with pytest.raises(SystemExit, match=r"Usage: python -m engine\.build_genes DATA_ROOT"):
        build_genes.main([])


@pytest.mark.realdata
def test_the_shipped_files_are_what_the_script_builds(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_genes, "DATA", tmp_path)
    build_genes.main([str(data_root)])
    for name in ("genes", "gene_names", "gene_sets"):
        built = pq.read_table(tmp_path / f"{name}.parquet")
        assert built.equals(pq.read_table(DATA / f"{name}.parquet"))
    assert (tmp_path / "genes.md").read_text("utf-8") == (DATA / "genes.md").read_text("utf-8")
