"""The gene table: approved symbols, their other names, where they lie, and the sets they are in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import UnknownGeneError

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parent / "data"

GENES_SCHEMA = pa.schema(
    [
        ("hugo_symbol", pa.string()),
        ("entrez_gene_id", pa.int32()),
        ("chromosome", pa.string()),  # 1..22 X Y; null when the gene is not placed
        ("start_37", pa.int32()),  # 1-based, inclusive
        ("end_37", pa.int32()),
        ("start_38", pa.int32()),
        ("end_38", pa.int32()),
        ("strand", pa.int8()),
        ("cytoband", pa.string()),  # 17p13.1
        ("arm", pa.string()),  # 17p
        ("protein_length", pa.int32()),  # amino acids
        ("protein_coding", pa.bool_()),
    ]
)
NAMES_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("hugo_symbol", pa.string()),
        ("how", pa.string()),  # previous or alias
        ("rank", pa.int8()),  # 0 is meant unless an Entrez id says otherwise; 1.. only by id
        ("genome", pa.string()),  # the build in which the name means this gene; null for both
    ]
)
SETS_SCHEMA = pa.schema(
    [
        ("collection", pa.string()),  # panel, pathway or hallmark
        ("name", pa.string()),
        ("hugo_symbol", pa.string()),
        ("role", pa.string()),  # OG or TSG in pathways, else null
    ]
)
HOTSPOTS_SCHEMA = pa.schema([("hugo_symbol", pa.string()), ("residue", pa.int32())])

How = Literal["approved", "previous", "alias", "entrez", "unknown", "excel"]

# A spreadsheet writes the months in its own language: English, French, German, Dutch, Spanish.
_MONTH = (
    "(?:jan|ene|fe[bv]|f[eé]v|m[aä]r|mrt|mrz|a[pvb]r|ma[iy]|mei|ju[nl]|jui[nl]|a[uo][gû]|ago"
    "|sep|o[ck]t|nov|de[czs]|d[eé]c|dic)[a-zûé]*[.]?"
)
_EXCEL = re.compile(
    rf"\d{{1,2}}[-/ .]+{_MONTH}(?:[-/ .]+\d{{2,4}})?"  # 1-Mar, 1-Mar-26
    rf"|{_MONTH}[-/ .]+\d{{1,4}}"  # Mar-01
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"  # 2026-03-01 00:00
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"  # 01/03/2026
    r"|[23456]\d{4}(?:\.0+)?"  # 43891: days since 1900
    r"|\d(?:[.,]\d+)?e\+\d+",  # 2.31E+13
    re.IGNORECASE,
)
_ANNOVAR_DETAIL = re.compile(r"\(.*\)$")  # MLL3(uc003wkx.3:exon10:c.1249-1G>A)


@dataclass(frozen=True)
class Resolution:
    """Approved symbols for symbols as they were written; the three run in parallel."""

    symbols: tuple[str, ...]
    approved: tuple[str | None, ...]  # None where `how` is "unknown" or "excel"
    how: tuple[How, ...]


class _Meaning(NamedTuple):
    """One gene that a name may mean; as `NAMES_SCHEMA`."""

    hugo_symbol: str
    how: How
    rank: int
    genome: str | None


class GeneTable:
    """Facts about human genes, read from the files shipped with the package.

    Args:
        genes: One row per approved symbol, `GENES_SCHEMA`, sorted by symbol.
        names: Previous symbols and aliases, `NAMES_SCHEMA`.
        sets: Panels, pathways and hallmark sets, `SETS_SCHEMA`.
        hotspots: Residues mutated more often than by chance, `HOTSPOTS_SCHEMA`.
    """

    def __init__(
        self, genes: pa.Table, names: pa.Table, sets: pa.Table, hotspots: pa.Table
    ) -> None:
        """Index the approved symbols."""
        self._hotspots = hotspots
        self._genes = genes
        self._names = names
        self._sets = sets
        self.symbols: tuple[str, ...] = tuple(genes["hugo_symbol"].to_pylist())
        """Approved symbols, sorted."""
        self.index: dict[str, int] = {symbol: i for i, symbol in enumerate(self.symbols)}
        """Position of each approved symbol in `symbols`."""
        self._spans: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}

    @classmethod
    def load(cls) -> GeneTable:
        """Return the shipped table; read once per process."""
        return _load()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns but the symbol, indexed by `hugo_symbol`; missing numbers are NaN."""
        frame: pd.DataFrame = self._genes.to_pandas()
        return frame.set_index("hugo_symbol")

    def resolve(
        self,
        symbols: Sequence[str],
        *,
        entrez: Sequence[int | None] | None = None,
        genome: str | None = None,
    ) -> Resolution:
        """Find the approved symbol of each symbol as written in a file.

        An approved symbol stays what it is, whatever its Entrez id. A previous symbol or alias
        that several genes carried goes to the gene with the given Entrez id, else to the one
        meant in mutation files (MLL2 is KMT2D, MLL4 is KMT2B). A symbol nobody knows is found by
        its Entrez id. Symbols that a spreadsheet turned into dates or numbers are never guessed.

        Args:
            symbols: Symbols as written, best each pair of symbol and Entrez id once.
            entrez: Entrez id of each symbol; None or 0 where not known.
            genome: GRCh37 or GRCh38. Some names mean another gene in each (clone names such as
                AC003665.1); None leaves those unresolved.

        Returns:
            Approved symbol and the way it was found, in the order of `symbols`.
        """
        ids: Sequence[int | None] = [None] * len(symbols) if entrez is None else entrez
        pairs = list(zip(symbols, ids, strict=True))
        found = {pair: self._resolve_one(*pair, genome) for pair in dict.fromkeys(pairs)}
        return Resolution(
            tuple(symbols),
            tuple(found[pair][0] for pair in pairs),
            tuple(found[pair][1] for pair in pairs),
        )

    def lookup(self, symbol: str) -> str:
        """Return the approved symbol for one symbol.

        Raises:
            UnknownGeneError: If the table does not know it; near matches are named.
        """
        (approved,) = self.resolve([symbol]).approved
        if approved is not None:
            return approved
        near = difflib.get_close_matches(symbol.upper(), self.symbols, n=3, cutoff=0.7)
        advice = f"Did you mean {' or '.join(near)}?" if near else "Use its HGNC symbol."
        raise UnknownGeneError(
            f"{symbol!r} was found where a gene symbol was expected, and the gene table does not "
            f"know it. {advice}"
        )

    def other_names(self, symbols: Collection[str]) -> dict[str, str]:
        """Return former symbols and aliases of some genes, sorted, each to its approved symbol."""
        names = sorted(set(self._names["name"].to_pylist()) - self.index.keys())
        found = self.resolve(names).approved
        return {n: a for n, a in zip(names, found, strict=True) if a is not None and a in symbols}

    def panels(self) -> dict[str, frozenset[str]]:
        """Return the public sequencing panels: panel id to approved symbols."""
        return {name: frozenset(genes) for name, genes in self._collection("panel").items()}

    def pathways(self) -> dict[str, tuple[str, ...]]:
        """Return the ten oncogenic pathways: name to approved symbols, sorted.

        References:
            Sanchez-Vega et al. 2018, Oncogenic signaling pathways in The Cancer Genome Atlas,
            10.1016/j.cell.2018.03.035.
        """
        return self._collection("pathway")

    def pathway_roles(self) -> dict[tuple[str, str], str | None]:
        """Return "OG" (oncogene), "TSG" (suppressor) or None by pathway and symbol."""
        rows = self._members("pathway").to_pylist()
        return {(r["name"], r["hugo_symbol"]): r["role"] for r in rows}

    def hallmarks(self) -> dict[str, tuple[str, ...]]:
        """Return the 50 MSigDB hallmark sets: name to approved symbols, sorted."""
        return self._collection("hallmark")

    def hotspots(self) -> dict[str, tuple[int, ...]]:
        """Return the residues that are mutated more often than by chance, by approved symbol.

        References:
            Chang et al. 2018, Accelerating discovery of functional mutant alleles in cancer,
            10.1158/2159-8290.CD-17-0321.
        """
        residues: dict[str, list[int]] = {}
        for row in self._hotspots.to_pylist():
            residues.setdefault(row["hugo_symbol"], []).append(row["residue"])
        return {symbol: tuple(found) for symbol, found in residues.items()}

    def locate(self, chromosome: str, positions: np.ndarray, genome: str) -> np.ndarray:
        """Name the gene at each position: protein coding first, then the smallest span.

        Only the transcribed span counts: a promoter position such as TERT C228T is in no gene.

        Args:
            chromosome: With or without "chr".
            positions: 1-based positions, (N,), integer.
            genome: GRCh37 or GRCh38.

        Returns:
            Approved symbol or None, (N,), object.
        """
        key = (chromosome.removeprefix("chr").upper(), genome)
        if key not in self._spans:
            self._spans[key] = self._paint(*key)
        edges, owners = self._spans[key]
        return owners[np.searchsorted(edges, positions, side="right")]

    def _paint(self, chromosome: str, genome: str) -> tuple[np.ndarray, np.ndarray]:
        """Cut a chromosome into stretches with one owner each: (edges, owners), one owner more."""
        build = {"GRCh37": "37", "GRCh38": "38"}[genome]
        columns = ["hugo_symbol", f"start_{build}", f"end_{build}", "protein_coding"]
        on_chromosome = pc.equal(self._genes["chromosome"], chromosome)
        placed = pc.and_(on_chromosome, pc.is_valid(self._genes[f"start_{build}"]))
        rows = self._genes.select(columns).filter(placed).to_pylist()
        starts = np.array([r[f"start_{build}"] for r in rows], dtype=np.int64)
        stops = np.array([r[f"end_{build}"] for r in rows], dtype=np.int64) + 1
        edges = np.unique(np.concatenate([starts, stops]))
        owners = np.full(len(edges) + 1, None, dtype=object)
        coding = np.array([r["protein_coding"] for r in rows], dtype=bool)
        for i in np.lexsort((starts - stops, coding)):
            first, last = np.searchsorted(edges, (starts[i], stops[i]), side="right")
            owners[first:last] = rows[i]["hugo_symbol"]
        return edges, owners

    def _collection(self, collection: str) -> dict[str, tuple[str, ...]]:
        members: dict[str, list[str]] = {}
        for row in self._members(collection).to_pylist():
            members.setdefault(row["name"], []).append(row["hugo_symbol"])
        return {name: tuple(genes) for name, genes in members.items()}

    def _members(self, collection: str) -> pa.Table:
        """Rows of the sets of a collection; others are not turned into Python objects."""
        return self._sets.filter(pc.equal(self._sets["collection"], collection))

    def _resolve_one(
        self, written: str, entrez: int | None, genome: str | None
    ) -> tuple[str | None, How]:
        symbol = _ANNOVAR_DETAIL.sub("", written.strip())
        if symbol in self.index:
            return symbol, "approved"
        if _EXCEL.fullmatch(symbol):
            return None, "excel"
        by_id = self._by_entrez.get(entrez or 0)
        meanings = self._other_names.get(symbol) or self._other_names.get(symbol.upper(), [])
        meanings = [m for m in meanings if m.genome in (None, genome)]
        for meaning in meanings:
            if meaning.hugo_symbol == by_id:
                return by_id, meaning.how
        if meanings and meanings[0].rank == 0:
            return meanings[0].hugo_symbol, meanings[0].how
        if by_id is not None:
            return by_id, "entrez"
        return self._resolve_repeated(symbol, genome)

    def _resolve_repeated(self, symbol: str, genome: str | None) -> tuple[str | None, How]:
        """Resolve "TTN;TTN", a gene named twice; "KIR3DL1,KIR3DL2" stays unknown."""
        parts = set(re.split("[;,]", symbol)) - {symbol}
        genes = {self._resolve_one(part, None, genome)[0] for part in parts}
        only = genes.pop() if len(genes) == 1 else None
        return only, "alias" if only else "unknown"

    @cached_property
    def _by_entrez(self) -> dict[int, str]:
        return dict(zip(self._genes["entrez_gene_id"].to_pylist(), self.symbols, strict=True))

    @cached_property
    def _other_names(self) -> dict[str, list[_Meaning]]:
        """Names that are not approved, the likeliest gene first; upper case where it is free."""
        names: dict[str, list[_Meaning]] = {}
        for row in self._names.to_pylist():
            names.setdefault(row.pop("name"), []).append(_Meaning(**row))
        for name, found in list(names.items()):
            names.setdefault(name.upper(), found)
        for symbol in self.symbols:
            names.setdefault(symbol.upper(), [_Meaning(symbol, "alias", 0, None)])
        return names


@cache
def _load() -> GeneTable:
    return GeneTable(
        *(
            pq.ParquetFile(DATA / f"{name}.parquet").read()
            for name in ("genes", "gene_names", "gene_sets", "hotspots")
        )
    )
