"""Bring the gene symbols of a column up to date, and account for the rows without a gene."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.genes import GeneTable, How
from engine.readers.findings import Rule
from engine.readers.rows import encode
from engine.readers.table import TextTable

NO_GENE = ("", ".", "-", "Unknown", "UNKNOWN", "unknown", "IGR", "Intergenic", "intergenic")
NO_GENE_AT_ALL = -1
NOTED_RENAMINGS = 12

INTERGENIC = Rule("intergenic", "The row names no gene and was left out.")
EXCEL_SYMBOL = Rule(
    "excel-symbol",
    "A spreadsheet turned the gene symbol into a date or a number; which gene it was cannot be "
    "told, so the row was left out. Export the file again without a spreadsheet.",
)
UNKNOWN_GENE = Rule(
    "unknown-gene",
    "The gene symbol is in no table of genes, neither as approved symbol nor as former symbol or "
    "alias; the row was left out.",
)
RENAMED_GENE = Rule(
    "renamed-gene",
    "A former symbol, an alias or an Entrez id was brought to the approved symbol.",
)
_SEPARATORS = re.compile(r"[;|,]|//")


@dataclass(frozen=True)
class GeneColumn:
    """The genes of a column.

    Attributes:
        codes: Position in `GeneTable.symbols`, -1 where there is no known gene, (N,), int32.
        how: How each row's gene was found; `intergenic` where none is named, (N,), object.
        renamed: Former symbol to approved symbol and how many rows, most frequent first.
    """

    codes: npt.NDArray[np.int32]
    how: npt.NDArray[np.object_]
    renamed: tuple[tuple[str, str, int], ...]

    def note(self, file: str) -> str | None:
        """List the symbols that were brought up to date in one sentence; None if there are none."""
        if not self.renamed:
            return None
        shown = ", ".join(
            f"{old} is {new} ({n:,})" for old, new, n in self.renamed[:NOTED_RENAMINGS]
        )
        more = len(self.renamed) - NOTED_RENAMINGS
        tail = f", and {more} more" if more > 0 else ""
        return f"{file}: {len(self.renamed)} gene symbols were brought up to date: {shown}{tail}."


def resolve_column(table: TextTable, genes: GeneTable, genome: str | None) -> GeneColumn:
    """Find the approved symbol in each row.

    Args:
        table: With the column `gene` and, where the file has it, `entrez`.
        genes: Gene table.
        genome: GRCh37 or GRCh38 where known.

    Returns:
        The genes; each pair of symbol and Entrez id is looked up once.
    """
    symbol_codes, names = encode(table["gene"])
    no_ids = pa.repeat("", table.rows.num_rows)
    id_codes, ids = encode(table["entrez"] if "entrez" in table else no_ids)  # noqa: SIM401
    pairs, rows = np.unique(symbol_codes * np.int64(len(ids)) + id_codes, return_inverse=True)
    written = [names[pair // len(ids)] for pair in pairs.tolist()]
    stated = [_entrez_id(ids[pair % len(ids)]) for pair in pairs.tolist()]
    found = _resolve(written, stated, genes, genome)
    codes = np.array([genes.index.get(a or "", NO_GENE_AT_ALL) for a, _ in found], dtype=np.int32)
    how = np.array([h for _, h in found], dtype=object)
    counts = np.bincount(rows, minlength=len(pairs)).tolist()
    return GeneColumn(codes[rows], how[rows], _renamed(written, found, counts))


def account_for_genes(table: TextTable, column: GeneColumn) -> None:
    """Leave out the rows without a known gene, and report the renamed ones.

    Args:
        table: With the column `gene`.
        column: The genes of its rows.
    """
    account, name, written = table.account, table.written["gene"], table["gene"]
    account.skip(column.how == "intergenic", INTERGENIC, column=name, values=written)
    account.reject(column.how == "excel", EXCEL_SYMBOL, column=name, values=written)
    account.skip(column.how == "unknown", UNKNOWN_GENE, column=name, values=written)
    renamed = np.isin(column.how.astype(str), ("previous", "alias", "entrez"))
    account.warn(renamed, RENAMED_GENE, column=name, values=written)


def _entrez_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else None


def _resolve(
    written: list[str], entrez: list[int | None], genes: GeneTable, genome: str | None
) -> list[tuple[str | None, How | str]]:
    """Resolve pairs; of several symbols in one field (A;B) the first that is known counts."""
    found: list[tuple[str | None, How | str]] = []
    resolution = genes.resolve(written, entrez=entrez, genome=genome)
    for symbol, approved, how in zip(written, resolution.approved, resolution.how, strict=True):
        parts = list(dict.fromkeys(part.strip() for part in _SEPARATORS.split(symbol)))
        if how == "unknown" and len(parts) > 1:
            several = genes.resolve(parts, genome=genome)
            pairs = zip(several.approved, several.how, strict=True)
            found.append(next((pair for pair in pairs if pair[0]), (None, how)))
        elif approved is None and symbol in NO_GENE:
            found.append((None, "intergenic"))
        else:
            found.append((approved, how))
    return found


def _renamed(
    written: list[str], found: list[tuple[str | None, How | str]], counts: list[int]
) -> tuple[tuple[str, str, int], ...]:
    renamed: Counter[tuple[str, str]] = Counter()
    for symbol, (approved, _), count in zip(written, found, counts, strict=True):
        if approved is not None and approved != symbol:
            renamed[symbol, approved] += count
    return tuple((old, new, count) for (old, new), count in renamed.most_common())
