"""Read a matrix of discrete copy number: genes down, samples across."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from engine.cohort import ALTERATIONS
from engine.errors import ImportRefusedError
from engine.kinds import KIND_OF_CNA
from engine.readers.cells import Codes, cell_codes
from engine.readers.context import ReadContext
from engine.readers.findings import Mask, Rule
from engine.readers.lines import TextLines, read_lines
from engine.readers.panels import Panel
from engine.readers.profiling import Profiling
from engine.readers.symbols import account_for_genes, resolve_column
from engine.readers.table import sound_lines, text_table

ID_COLUMNS = {
    "gene": ("HUGO_SYMBOL", "GENE SYMBOL", "GENE_SYMBOL"),
    "entrez": ("ENTREZ_GENE_ID", "LOCUS ID", "LOCUS_ID"),
    "cytoband": ("CYTOBAND",),
}
VALUES = tuple(KIND_OF_CNA)
"""Copy-number values as text; the code of a cell is a position here, or one of the two below."""
ABSENT = len(VALUES)
INVALID = ABSENT + 1
NEUTRAL = VALUES.index("0")
SINGLE_COPY = (VALUES.index("-1"), VALUES.index("1"))
SPELLINGS = (
    {value: code for code, value in enumerate(VALUES)}
    | {f"{value}.0": code for code, value in enumerate(VALUES) if "." not in value}
    | {"-0": NEUTRAL}
    | dict.fromkeys(("", "NA", "na", "NaN", "nan", "N/A"), ABSENT)
)
EMITTED_AT_ONCE = 1 << 20

CNA_VALUE = Rule(
    "cna-value",
    "The value is not one of -2, -1.5, -1, 0, 1, 2 and NA; the gene counts as not profiled in "
    "that sample.",
)
REPEATED_GENE = Rule(
    "duplicate-gene",
    "The gene has a row further up or under its approved symbol; this one was left out.",
)
UNKNOWN_COLUMN = Rule(
    "sample-not-in-clinical",
    "The sample has no row in the clinical sample file; its column was left out.",
)
NOT_PROFILED = Rule(
    "sample-not-profiled",
    "By the panel matrix the sample was not looked at; its column was left out.",
)
OFF_PANEL = Rule(
    "off-panel",
    "Copy-number calls in genes outside the sample's panel; these cells were left out.",
)
NO_COLUMN = Rule(
    "sample-without-column",
    "The panel matrix names a copy-number panel for the sample, and the sample has no column "
    "with values; it counts as not profiled.",
)


@dataclass(frozen=True)
class CopyNumber:
    """Copy number of a study.

    Attributes:
        alterations: Calls other than 0, `ALTERATIONS`.
        panel_of: Sample to the panel of the genes that have a value in it; None: not profiled.
        panels: Those panels.
        levels: 5 if single-copy calls are reported, else 3.
    """

    alterations: pa.Table
    panel_of: dict[str, str | None]
    panels: dict[str, Panel]
    levels: int


def read_cna(
    path: Path, sample_ids: tuple[str, ...], profiling: Profiling | None, context: ReadContext
) -> CopyNumber:
    """Read a copy-number matrix.

    A gene counts as looked at in a sample if it is on the sample's panel and has a value. Where
    that is less than the panel, the sample gets a panel of its own, shared with the samples that
    have the same genes.

    Args:
        path: Hugo_Symbol, perhaps Entrez_Gene_Id and Cytoband, then one column per sample.
        sample_ids: Samples of the study.
        profiling: Copy-number panels; None if the study does not state them.
        context: Shared state.

    Returns:
        Calls and panels. The account counts genes; cells are told of by warnings.

    Raises:
        ImportRefusedError: If the file is no such matrix.
    """
    lines = read_lines(path, context.limits, max_columns=context.limits.max_matrix_columns)
    context.digests[path.name] = lines.digest
    ids = _id_columns(lines)
    lines = sound_lines(lines, context.limits, context.collector)
    rows, genes = _genes(lines, ids, context)
    known = profiling or Profiling(dict.fromkeys(sample_ids), {}, context.genes)
    columns, samples = _samples(lines, ids, known, context, stated=profiling is not None)
    codes = cell_codes(lines, SPELLINGS, other=INVALID)[rows][:, columns]
    matrix = _Matrix(codes, genes, tuple(samples), rows, tuple(columns), lines, context)
    matrix.drop_invalid()
    have = matrix.keep_on_panel(known if profiling is not None else None)
    panel_of, panels = matrix.panels(have, profiling)
    for name in sorted(set(sample_ids) - set(samples)):
        panel_of[name] = None
    if profiling is not None:
        _warn_of_missing(lines, panel_of, profiling, context)
    single = bool(np.isin(codes, SINGLE_COPY).any())
    return CopyNumber(matrix.alterations(have), panel_of, panels, 5 if single else 3)


@dataclass(frozen=True)
class _Matrix:
    """Codes of known genes in known samples, (R, S), and where they stand in the file."""

    codes: Codes
    genes: npt.NDArray[np.int32]
    samples: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    columns: tuple[int, ...]
    lines: TextLines
    context: ReadContext

    def drop_invalid(self) -> None:
        """Take values that are none for absent, and report each cell."""
        invalid = self.codes == INVALID
        self._warn(invalid, CNA_VALUE)
        self.codes[invalid] = ABSENT

    def keep_on_panel(self, profiling: Profiling | None) -> Mask:
        """Tell which cells hold a value in a gene that was looked at, (R, S)."""
        have = np.not_equal(self.codes, ABSENT)
        if profiling is None:
            return have
        off_panel = np.zeros_like(have)
        for column, name in enumerate(self.samples):
            looked_at = profiling.members(name)
            assert looked_at is not None, "samples that were not looked at are left out before"
            off_panel[:, column] = ~looked_at[self.genes]
        self._warn(off_panel & have & (self.codes != NEUTRAL), OFF_PANEL)
        return np.logical_and(have, ~off_panel)

    def panels(
        self, have: Mask, profiling: Profiling | None
    ) -> tuple[dict[str, str | None], dict[str, Panel]]:
        """Name the set of genes that have a value in each sample."""
        panel_of: dict[str, str | None] = {}
        panels: dict[tuple[str | None, bytes], Panel | None] = {}
        for column, name in enumerate(self.samples):
            stated = None if profiling is None else profiling.panel_of[name]
            key = (stated, np.packbits(have[:, column]).tobytes())
            if key not in panels:
                panels[key] = self._panel(have[:, column], stated, name, profiling)
            panel = panels[key]
            panel_of[name] = None if panel is None else panel.panel_id
        return panel_of, {p.panel_id: p for p in panels.values() if p is not None}

    def alterations(self, have: Mask) -> pa.Table:
        """Write down every call other than 0, `ALTERATIONS`."""
        gene_rows, sample_columns = np.nonzero(have & (self.codes != NEUTRAL))
        kinds = [None if kind is None else kind.value for kind in KIND_OF_CNA.values()]
        symbols = self.context.genes.symbols
        parts = [ALTERATIONS.empty_table()]
        for first in range(0, len(gene_rows), EMITTED_AT_ONCE):
            rows = gene_rows[first : first + EMITTED_AT_ONCE]
            columns = sample_columns[first : first + EMITTED_AT_ONCE]
            codes = self.codes[rows, columns]
            stated = {
                "sample_id": _words(self.samples, columns),
                "hugo_symbol": _words(symbols, self.genes[rows]),
                "kind": _words(kinds, codes),
                "variant_classification": _words(VALUES, codes),
            }
            parts.append(
                pa.table(
                    [stated.get(f.name, pa.nulls(len(rows), f.type)) for f in ALTERATIONS],
                    schema=ALTERATIONS,
                )
            )
        return pa.concat_tables(parts)

    def _panel(
        self, have: Mask, stated: str | None, sample: str, profiling: Profiling | None
    ) -> Panel | None:
        codes = self.genes[have]
        if not len(codes):
            return None
        members = None if profiling is None else profiling.members(sample)
        genes = frozenset(self.context.genes.symbols[code] for code in codes.tolist())
        if stated is not None and members is not None and members.sum() == len(genes):
            return Panel(stated, genes)
        digest = hashlib.sha256("\n".join(sorted(genes)).encode()).hexdigest()[:6]
        return Panel(f"{stated or 'cna'}_cna{len(genes)}_{digest}", genes)

    def _warn(self, cells: Mask, rule: Rule) -> None:
        rows, columns = np.nonzero(cells)
        if not len(rows):
            return
        lines, sample = self.lines, int(columns[0])
        self.context.collector.warn(
            lines.file,
            rule,
            lines.line_numbers[self.rows[rows]],
            column=self.samples[sample],
            values=lines.field(int(self.rows[rows[0]]), self.columns[sample]),
        )


def _id_columns(lines: TextLines) -> dict[str, int]:
    """Find the columns that name genes: name here to position."""
    upper = [name.upper() for name in lines.header]
    found = {
        name: upper.index(alias)
        for name, aliases in ID_COLUMNS.items()
        for alias in aliases
        if alias in upper
    }
    if "gene" in found:
        return found
    raise ImportRefusedError(
        "the column Hugo_Symbol is missing; expected Hugo_Symbol and one column per sample",
        advice="Add the gene symbols as first column",
        file=lines.file,
        rule="missing-column",
        line=lines.header_line,
        column="Hugo_Symbol",
        value=", ".join(lines.header[:5]),
    )


def _genes(
    lines: TextLines, ids: Mapping[str, int], context: ReadContext
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Account for the lines and return those with a gene of their own, and that gene."""
    names = {name: lines.header[position] for name, position in ids.items()}
    columns = {
        name: pa.array([lines.field(row, position) for row in range(lines.num_lines)], pa.string())
        for name, position in ids.items()
    }
    table = text_table(lines, pa.table(columns), names, context.collector)
    genes = resolve_column(table, context.genes, context.genome)
    account_for_genes(table, genes)
    context.note(genes.note(lines.file))
    by_right = np.argsort(genes.how.astype(str) != "approved", kind="stable")
    order = by_right[table.account.keep[by_right]]
    repeated = np.zeros(lines.num_lines, dtype=np.bool_)
    repeated[order] = pd.Series(genes.codes[order]).duplicated().to_numpy()
    table.account.skip(repeated, REPEATED_GENE, column=names["gene"], values=table["gene"])
    rows = table.account.load()
    return rows, genes.codes[rows]


def _samples(
    lines: TextLines,
    ids: Mapping[str, int],
    profiling: Profiling,
    context: ReadContext,
    *,
    stated: bool,
) -> tuple[list[int], list[str]]:
    """Return the columns of samples that belong to the study and were looked at, by sample."""
    columns, samples = [], []
    left_out: dict[Rule, list[str]] = {UNKNOWN_COLUMN: [], NOT_PROFILED: []}
    for column, name in enumerate(lines.header):
        sample = profiling.sample(name)
        if column in ids.values():
            continue
        if sample is None or sample in samples:
            left_out[UNKNOWN_COLUMN].append(name)
        elif stated and profiling.panel_of[sample] is None:
            left_out[NOT_PROFILED].append(name)
        else:
            columns.append(column)
            samples.append(sample)
    for rule, names in left_out.items():
        if names:
            numbers = np.full(len(names), lines.header_line, dtype=np.int64)
            context.collector.warn(lines.file, rule, numbers, column=names[0])
    return columns, samples


def _warn_of_missing(
    lines: TextLines,
    panel_of: Mapping[str, str | None],
    profiling: Profiling,
    context: ReadContext,
) -> None:
    without = [s for s, p in profiling.panel_of.items() if p is not None and panel_of[s] is None]
    if without:
        numbers = np.full(len(without), lines.header_line, dtype=np.int64)
        context.collector.warn(lines.file, NO_COLUMN, numbers, values=min(without))


def _words(names: Sequence[str | None], codes: npt.NDArray[np.integer]) -> pa.Array:
    indices = pa.array(codes.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string())).cast(pa.string())
