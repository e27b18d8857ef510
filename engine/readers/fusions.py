"""Read structural variants: each is a fusion of one or two genes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.cohort import ALTERATIONS
from engine.kinds import Kind
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.maf import NOT_SOMATIC, STATUS
from engine.readers.profiling import Profiling
from engine.readers.rows import OFF_PANEL, SAMPLE_NOT_PROFILED, UNKNOWN_SAMPLE
from engine.readers.symbols import GeneColumn, resolve_column
from engine.readers.table import Columns, TextTable, read_table
from engine.readers.variants import read_chromosome, read_position

SV_COLUMNS = Columns(
    required={
        "sample": ("Sample_Id",),
        "gene_1": ("Site1_Hugo_Symbol", "Site2_Hugo_Symbol"),
    },
    optional={
        "gene_2": ("Site2_Hugo_Symbol",),
        "entrez_1": ("Site1_Entrez_Gene_Id",),
        "entrez_2": ("Site2_Entrez_Gene_Id",),
        "chromosome_1": ("Site1_Chromosome",),
        "chromosome_2": ("Site2_Chromosome",),
        "position_1": ("Site1_Position",),
        "position_2": ("Site2_Position",),
        "mutation_status": ("SV_Status",),
    },
)
NO_GENE = Rule(
    "unknown-gene",
    "Neither breakpoint names a gene of the gene table; the structural variant was left out.",
)
DUPLICATE = Rule(
    "duplicate",
    "A fusion of the same genes in the same sample stands further up in the file; the repetition "
    "was left out.",
)
REJECTIONS = (UNKNOWN_SAMPLE, SAMPLE_NOT_PROFILED)


@dataclass(frozen=True)
class _Site:
    """One breakpoint of each row."""

    genes: GeneColumn
    written: list[str]
    chromosomes: list[str | None]
    positions: list[int | None]


def read_fusions(path: Path, profiling: Profiling, context: ReadContext) -> pa.Table:
    """Read `data_sv.txt`.

    A structural variant with a partner in no known gene, or off the panel, alters the other
    gene only. The partner is named in `variant_classification`.

    Args:
        path: One structural variant per line.
        profiling: Panels on which fusions were looked for.
        context: Shared state.

    Returns:
        One or two fusions per line, `ALTERATIONS`.
    """
    table = read_table(path, context.limits, context.collector, SV_COLUMNS)
    context.digests[path.name] = table.digest
    if "mutation_status" in table:
        column = table.written["mutation_status"]
        germline = table.mask("mutation_status", NOT_SOMATIC)
        table.account.skip(germline, STATUS, column=column, values=table["mutation_status"])
    sites = [_site(table, number, context) for number in (1, 2) if f"gene_{number}" in table]
    fusions, broken = _fuse(table, sites, profiling, context)
    for rule, rows in broken.items():
        mask = np.zeros(table.rows.num_rows, dtype=np.bool_)
        mask[rows] = True
        leave = table.account.reject if rule in REJECTIONS else table.account.skip
        column = "sample" if rule in REJECTIONS else "gene_1"
        leave(mask, rule, column=table.written[column], values=table[column])
    table.account.load()
    return pa.Table.from_pylist(fusions, schema=ALTERATIONS)


def _site(table: TextTable, number: int, context: ReadContext) -> _Site:
    names = {f"gene_{number}": "gene", f"entrez_{number}": "entrez"}
    there = {name: new for name, new in names.items() if name in table}
    rows = pa.table({new: table[name] for name, new in there.items()})
    genes = replace(table, rows=rows, written={new: table.written[n] for n, new in there.items()})
    column = resolve_column(genes, context.genes, context.genome)
    context.note(column.note(table.file))
    return _Site(
        column,
        table[f"gene_{number}"].to_pylist(),
        read_chromosome(table, f"chromosome_{number}").to_pylist(),
        read_position(table, f"position_{number}").to_pylist(),
    )


def _fuse(
    table: TextTable, sites: list[_Site], profiling: Profiling, context: ReadContext
) -> tuple[list[dict[str, object]], dict[Rule, list[int]]]:
    """Return the fusions of all rows, and the rows without one by rule."""
    fusions: list[dict[str, object]] = []
    broken: dict[Rule, list[int]] = {}
    seen: set[tuple[object, ...]] = set()
    for row, written in enumerate(table["sample"].to_pylist()):
        if not table.account.keep[row]:
            continue
        sample = profiling.sample(written)
        looked_at = None if sample is None else profiling.members(sample)
        if sample is None or looked_at is None:
            rule = UNKNOWN_SAMPLE if sample is None else SAMPLE_NOT_PROFILED
            broken.setdefault(rule, []).append(row)
            continue
        found = list(_of_row(row, sample, sites, context))
        on_panel = [f for f in found if looked_at[context.genes.index[str(f["hugo_symbol"])]]]
        fresh = [f for f in on_panel if _identity(f) not in seen]
        if not fresh:
            rule = DUPLICATE if on_panel else OFF_PANEL if found else NO_GENE
            broken.setdefault(rule, []).append(row)
        seen.update(_identity(f) for f in fresh)
        fusions.extend(fresh)
    return fusions, broken


def _of_row(
    row: int, sample: str, sites: list[_Site], context: ReadContext
) -> Iterator[dict[str, object]]:
    names = [
        context.genes.symbols[site.genes.codes[row]]
        if site.genes.codes[row] >= 0
        else site.written[row] or None
        for site in sites
    ]
    for number, site in enumerate(sites):
        repeats_first = number > 0 and names[number] == names[0]
        if site.genes.codes[row] >= 0 and not repeats_first:
            yield {
                "sample_id": sample,
                "hugo_symbol": names[number],
                "kind": Kind.FUSION.value,
                "chromosome": site.chromosomes[row],
                "start_position": site.positions[row],
                "variant_classification": names[1 - number] if len(names) > 1 else None,
            }


def _identity(fusion: dict[str, object]) -> tuple[object, ...]:
    return fusion["sample_id"], fusion["hugo_symbol"], fusion["variant_classification"]
