from __future__ import annotations

from pathlib import Path

import pytest

from engine.genes import GeneTable
from engine.readers.findings import FindingCollector
from engine.readers.options import Limits
from engine.readers.symbols import GeneColumn, account_for_genes, resolve_column
from engine.readers.table import Columns, TextTable, read_table
from tests.engine.readers.inputs import table

COLUMNS = Columns(required={"gene": ("Gene",)}, optional={"entrez": ("Entrez",)})


@pytest.fixture(scope="module")
def genes() -> GeneTable:
    return GeneTable.load()


def column_of(
    folder: Path, genes: GeneTable, *rows: tuple[str, str]
) -> tuple[GeneColumn, TextTable]:
    path = folder / "genes.txt"
    path.write_text(table(["Gene", "Entrez"], rows))
    read = read_table(path, Limits(), FindingCollector(), COLUMNS)
    return resolve_column(read, genes, "GRCh37"), read


def symbols(column: GeneColumn, genes: GeneTable) -> list[str | None]:
    return [genes.symbols[code] if code >= 0 else None for code in column.codes.tolist()]


def test_each_pair_of_symbol_and_entrez_id_is_judged(tmp_path: Path, genes: GeneTable) -> None:
    rows = [
        ("TP53", ""),
        ("QQQ", "7157"),
        ("QQQ", "1956"),
        ("QQQ", "0"),
        ("QQQ", "x"),
        ("", "7157"),
    ]
    column, _ = column_of(tmp_path, genes, *rows)
    assert symbols(column, genes) == ["TP53", "TP53", "EGFR", None, None, "TP53"]
    assert column.how.tolist() == [
        "approved", "entrez", "entrez", "unknown", "unknown", "entrez",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "approved"),
    [("TP53;EGFR", "TP53"), ("NOGENE9;EGFR", "EGFR"), ("A9;B9", None), ("KRAS|12", "KRAS"),
     ("HLA-A", "HLA-A")],
)  # fmt: skip
def test_the_first_known_of_several_symbols_counts(
    tmp_path: Path, genes: GeneTable, written: str, approved: str | None
) -> None:
    column, _ = column_of(tmp_path, genes, (written, ""))
    assert symbols(column, genes) == [approved]


def test_rows_without_a_gene_leave_by_their_reason(tmp_path: Path, genes: GeneTable) -> None:
    rows = [("TP53", ""), ("Unknown", ""), ("", "0"), ("1-Mar", ""), ("NOGENE9", ""), ("MLL2", "")]
    column, read = column_of(tmp_path, genes, *rows)
    account_for_genes(read, column)
    assert read.account.load().tolist() == [0, 5]
    assert column.how.tolist()[1:5] == ["intergenic", "intergenic", "excel", "unknown"]


def test_the_note_lists_the_most_frequent_first(tmp_path: Path, genes: GeneTable) -> None:
    rows = [("MLL2", ""), ("PARK2", ""), ("PARK2", ""), ("TP53", "")]
    column, _ = column_of(tmp_path, genes, *rows)
    assert column.note("f") == (
        "f: 2 gene symbols were brought up to date: PARK2 is PRKN (2), MLL2 is KMT2D (1)."
    )
    assert column_of(tmp_path, genes, ("TP53", ""))[0].note("f") is None
