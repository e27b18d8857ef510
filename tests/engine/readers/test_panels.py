from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.readers.findings import FindingCollector
from engine.readers.options import Limits
from engine.readers.panels import (
    CLINICAL_PANELS,
    EXOME,
    exome,
    infer_panel,
    panel_table,
    public_panel,
    read_panel_files,
    stated_panel,
)


@pytest.fixture(scope="module")
def genes() -> GeneTable:
    return GeneTable.load()


def test_the_smallest_panel_with_every_gene_is_guessed(genes: GeneTable) -> None:
    panel = infer_panel({"KRAS", "TP53", "STK11"}, genes)
    public = genes.panels()
    smallest = min(CLINICAL_PANELS, key=lambda name: len(public[name]))
    assert panel.panel_id == smallest
    assert panel.genes == public[smallest]
    assert f"{smallest} ({len(public[smallest])} genes) was assumed" in panel.note
    assert "--panel" in panel.note


def test_a_gene_of_a_larger_panel_only_asks_for_that(genes: GeneTable) -> None:
    panels = genes.panels()
    (gene, *_) = sorted(panels["IMPACT468"] - panels["IMPACT410"] - panels["FoundationOne"]
                        - panels["DFCI-ONCOPANEL-1"] - panels["DFCI-ONCOPANEL-2"]
                        - panels["DFCI-ONCOPANEL-3"] - panels["DFCI-ONCOPANEL-3.1"])  # fmt: skip
    assert infer_panel({"KRAS", gene}, genes).panel_id == "IMPACT468"


def test_a_gene_of_no_clinical_panel_means_an_exome(genes: GeneTable) -> None:
    panel = infer_panel({"KRAS", "TTN"}, genes)
    assert panel.panel_id == EXOME
    assert len(panel.genes) > 15_000
    assert "whole exome was assumed" in panel.note


def test_genes_that_are_seen_are_always_on_the_panel(genes: GeneTable) -> None:
    noncoding = next(s for s in genes.symbols if s not in exome(genes).genes)
    assert noncoding in infer_panel({noncoding}, genes).genes


@pytest.mark.parametrize("name", ["impact468", "IMPACT468"])
def test_a_stated_panel_in_any_case(name: str, genes: GeneTable) -> None:
    panel = stated_panel(name, genes)
    assert (panel.panel_id, panel.note) == ("IMPACT468", "")


@pytest.mark.parametrize("name", ["exome", "WES", "wgs"])
def test_a_stated_exome(name: str, genes: GeneTable) -> None:
    assert stated_panel(name, genes).genes == exome(genes).genes


def test_a_panel_that_nobody_knows_is_refused_with_near_names(genes: GeneTable) -> None:
    with pytest.raises(ImportRefusedError, match="Did you mean IMPACT468") as caught:
        stated_panel("IMPACT486", genes)
    assert (caught.value.rule, caught.value.value) == ("unknown-panel", "IMPACT486")
    assert public_panel("IMPACT486", genes) is None


def test_panel_files(tmp_path: Path, genes: GeneTable) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("stable_id: MINE\ndescription: x: y\ngene_list:\tKRAS\tMLL2\tNOGENE9\n")
    collector = FindingCollector()
    panels = read_panel_files([path], Limits(), genes, collector)
    assert panels["MINE"].genes == {"KRAS", "KMT2D"}
    (finding,) = collector.build().findings.to_pylist()
    assert (finding["rule"], finding["value"]) == ("panel-gene", "1 genes: NOGENE9")


@pytest.mark.parametrize(
    ("text", "missing"),
    [("gene_list: KRAS\n", "stable_id"), ("stable_id: X\n", "gene_list"), ("\n", "stable_id")],
)
def test_panel_files_that_lack_a_line(
    tmp_path: Path, text: str, missing: str, genes: GeneTable
) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text)
    with pytest.raises(ImportRefusedError, match=f"'{missing}:' is missing"):
        read_panel_files([path], Limits(), genes, FindingCollector())


def test_a_panel_table_is_sorted() -> None:
    table = panel_table({"B": {"TP53", "KRAS"}, "A": {"EGFR"}})
    assert table.to_pydict() == {
        "panel_id": ["A", "B", "B"],
        "hugo_symbol": ["EGFR", "KRAS", "TP53"],
    }
