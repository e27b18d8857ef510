"""The bundled cohort: invented tumors, drawn from aggregate statistics of real ones.

Nobody's tumor is in it. Frequencies, pairs of genes, burden, copy number and survival follow
`engine/data/synthetic.parquet`; its card says how they were counted. Use it to try the program,
never to learn about cancer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from engine import synthetic_statistics as names
from engine.cohort import (
    ALTERATIONS,
    PANELS,
    REPORT_FILES,
    REPORT_FINDINGS,
    SAMPLES,
    Cohort,
    ImportReport,
    Study,
)
from engine.genes import DATA, GeneTable
from engine.kinds import KIND_OF_CLASSIFICATION, Kind
from engine.synthetic_clinical import attributes_table, draw_clinical, group_labels
from engine.synthetic_copy_number import draw_levels, draw_ranks, profiled_genes
from engine.synthetic_mutations import background_rates, draw_burdens, draw_genes, draw_passengers
from engine.synthetic_statistics import Group, Statistics
from engine.synthetic_variants import NO_SPOT, SILENT, Calls, Describer, Variants, choose

STUDY = Study(
    study_id="synthetic_demo",
    name="Synthetic demonstration cohort",
    genome="GRCh37",
    description="Synthetic tumors drawn from aggregate statistics of public studies. No row is a "
    "patient. For trying the program, not for conclusions about cancer.",
    synthetic=True,
)
NOTE = (
    "Every tumor is synthetic: drawn from frequencies of public studies, with invented positions "
    "and protein changes outside recurrent ones."
)
EXOME = "SYNTHETIC_EXOME"
CANCER_GENES = "SYNTHETIC_CANCER_GENES"
EXOME_SHARE, CANCER_GENES_SHARE = 0.10, 0.30
"""Shares of tumors with these mutation panels; the others have the targeted ones."""
NO_COPY_NUMBER = 0.2
"""Share of tumors without an exome that are not profiled for copy number."""
KIND_OF_LEVEL = {
    -2: Kind.DEEP_DELETION,
    -1: Kind.SHALLOW_DELETION,
    1: Kind.GAIN,
    2: Kind.AMPLIFICATION,
}


@dataclass(frozen=True)
class Design:
    """Who the tumors are and what was looked at in them; in the order of the sample ids, (N,)."""

    sample_groups: list[tuple[str, Group]]
    groups: np.ndarray  # position in `Statistics.groups`
    mutation_panels: np.ndarray  # object
    copy_number_panels: np.ndarray  # object, None where not profiled

    @property
    def sample_ids(self) -> np.ndarray:
        """SYN-0001 and so on, (N,), object."""
        return np.array([sample_id for sample_id, _ in self.sample_groups], dtype=object)


def sample_cohort(*, num_tumors: int = 3600, seed: int = 0) -> Cohort:
    """Draw the synthetic cohort; the same arguments give the same cohort.

    Args:
        num_tumors: Size; cancer types and subtypes keep the proportions of the statistics.
        seed: Starts the random numbers.

    Returns:
        A cohort marked synthetic, in GRCh37 coordinates.

    Raises:
        ValueError: If `num_tumors` is not positive.
    """
    if num_tumors < 1:
        raise ValueError(f"{num_tumors} tumors were asked for. Ask for at least 1.")
    statistics, genes = Statistics.load(), GeneTable.load()
    streams = np.random.default_rng(seed).spawn(4)
    panels = panel_genes(statistics, genes)
    design = draw_design(statistics, num_tumors, streams[0])
    burden, mutations = draw_mutations(statistics, genes, design, panels, streams[1])
    altered, copy_number = draw_copy_number(statistics, genes, design, panels, streams[2])
    clinical = draw_clinical(statistics, design.sample_groups, burden, altered, streams[3])
    return Cohort(
        study=STUDY,
        samples=samples_table(statistics, design),
        alterations=pa.concat_tables([mutations, copy_number]).combine_chunks(),
        panels=panels_table(panels, design),
        clinical=clinical,
        attributes=attributes_table(),
        report=ImportReport(
            files=REPORT_FILES.empty_table(), findings=REPORT_FINDINGS.empty_table()
        ),
        source_digest=cohort_digest(num_tumors=num_tumors, seed=seed),
        notes=(NOTE,),
    )


def cohort_digest(*, num_tumors: int = 3600, seed: int = 0) -> str:
    """Return the source digest of a cohort, 64 hex characters, without drawing it."""
    content = (DATA / "synthetic.parquet").read_bytes() + f"{num_tumors} {seed}".encode()
    return hashlib.sha256(content).hexdigest()


def panel_genes(statistics: Statistics, genes: GeneTable) -> dict[str, frozenset[str]]:
    """Genes of every panel a tumor may have."""
    public = genes.panels()
    targeted = {row.detail or "": public[row.detail or ""] for row in statistics.rows(names.PANEL)}
    exome = frozenset(row.hugo_symbol or "" for row in statistics.rows(names.MUTATED_PER_TMB))
    known = frozenset(profiled_genes(statistics, genes))
    return targeted | {EXOME: exome | known, CANCER_GENES: known}


def draw_design(statistics: Statistics, num_tumors: int, rng: np.random.Generator) -> Design:
    """Draw who the tumors are: groups in the proportions of the statistics, in random order."""
    groups = list(statistics.groups)
    sizes = np.array([row.value for row in statistics.groups.values()])
    bounds = np.rint(np.cumsum(sizes) / sizes.sum() * num_tumors).astype(np.int64)
    members = rng.permutation(np.repeat(np.arange(len(groups)), np.diff(bounds, prepend=0)))
    targeted = {row.detail or "": row.value for row in statistics.rows(names.PANEL)}
    rest = 1 - EXOME_SHARE - CANCER_GENES_SHARE
    shares = {EXOME: EXOME_SHARE, CANCER_GENES: CANCER_GENES_SHARE}
    shares |= {panel: rest * share for panel, share in targeted.items()}
    panels = choose(shares, num_tumors, rng)
    copy_number = np.where(panels == EXOME, CANCER_GENES, panels)
    unknown = (rng.random(num_tumors) < NO_COPY_NUMBER) & (panels != EXOME)
    copy_number[unknown] = None
    width = max(4, len(str(num_tumors)))
    named = [(f"SYN-{i + 1:0{width}}", groups[g]) for i, g in enumerate(members)]
    return Design(named, members, panels, copy_number)


def draw_mutations(
    statistics: Statistics,
    genes: GeneTable,
    design: Design,
    panels: dict[str, frozenset[str]],
    rng: np.random.Generator,
) -> tuple[np.ndarray, pa.Table]:
    """Draw TMB, (N,), and the mutations inside each tumor's panel."""
    targeted = tuple(sorted(set().union(*(g for p, g in panels.items() if p != EXOME))))
    beyond = tuple(sorted(panels[EXOME].difference(targeted)))
    rates = background_rates(statistics, beyond)
    (silent,) = (row.value for row in statistics.rows(names.SILENT_RATIO))
    exome = design.mutation_panels == EXOME
    describer = Describer(statistics, genes, rng)
    covered = np.flatnonzero(~exome & (design.mutation_panels != CANCER_GENES))
    parts = [describer.promoters(design.groups[covered], covered)]
    tmb = np.zeros(len(design.groups))
    for index, group in enumerate(statistics.groups):
        members = np.flatnonzero(design.groups == index)
        burdens = draw_burdens(statistics, group, len(members), rng)
        tmb[members] = burdens.tmb
        hits = draw_genes(statistics, group, targeted, burdens, rng).nonzero()
        parts.append(make_calls(index, members[hits[0]], targeted, hits[1], ""))
        whole, of_whole = members[exome[members]], burdens.tmb[exome[members]]
        for kind, scale in (("", 1.0), (SILENT, silent)):
            hits = draw_passengers(rates * scale, of_whole, rng)
            parts.append(make_calls(index, whole[hits[0]], beyond, hits[1], kind))
    calls = Calls.join(parts)
    pairs = zip(design.mutation_panels[calls.tumors], calls.symbols, strict=True)
    inside = np.array([symbol in panels[panel] for panel, symbol in pairs], dtype=bool)
    calls = calls.take(inside)
    return tmb, mutations_table(design.sample_ids, calls, describer.describe(calls))


def make_calls(
    index: int, tumors: np.ndarray, symbols: tuple[str, ...], hits: np.ndarray, kind: str
) -> Calls:
    """Make calls of one group from positions in a list of symbols."""
    return Calls(
        groups=np.full(len(tumors), index),
        tumors=tumors,
        symbols=np.array(symbols, dtype=object)[hits],
        classes=np.full(len(tumors), kind, dtype=object),
        spots=np.full(len(tumors), NO_SPOT),
    )


def draw_copy_number(
    statistics: Statistics,
    genes: GeneTable,
    design: Design,
    panels: dict[str, frozenset[str]],
    rng: np.random.Generator,
) -> tuple[np.ndarray, pa.Table]:
    """Draw the fraction of the genome altered, NaN where unknown, (N,), and copy-number calls."""
    symbols = profiled_genes(statistics, genes)
    ranks = draw_ranks(symbols, len(design.groups), genes, rng)
    levels = np.zeros(ranks.shape, dtype=np.int8)
    for index, group in enumerate(statistics.groups):
        members = design.groups == index
        levels[members] = draw_levels(statistics, group, symbols, ranks[members], genes)
    altered = (levels != 0).mean(axis=1)
    altered[pd.isna(design.copy_number_panels)] = np.nan
    five_levels = design.mutation_panels == EXOME
    called = np.where(five_levels[:, None], levels != 0, np.abs(levels) == 2)
    looked_at = {p: np.array([s in members for s in symbols]) for p, members in panels.items()}
    nothing = np.zeros(len(symbols), dtype=bool)
    called &= np.array([looked_at.get(p, nothing) for p in design.copy_number_panels])
    tumors, hits = called.nonzero()
    kinds = np.array([KIND_OF_LEVEL[level].value for level in levels[tumors, hits].tolist()])
    chosen = {
        "sample_id": design.sample_ids[tumors],
        "hugo_symbol": np.array(symbols, dtype=object)[hits],
        "kind": kinds,
    }
    return altered, fill_table(chosen)


def fill_table(columns: dict[str, np.ndarray]) -> pa.Table:
    """Make a table of `ALTERATIONS`; columns that are not given are null."""
    size = len(columns["sample_id"])
    arrays = [
        pa.array(columns[f.name], type=f.type, from_pandas=True)
        if f.name in columns
        else pa.nulls(size, f.type)
        for f in ALTERATIONS
    ]
    return pa.table(arrays, schema=ALTERATIONS)


def mutations_table(sample_ids: np.ndarray, calls: Calls, variants: Variants) -> pa.Table:
    """Make a table of `ALTERATIONS` from mutations, sorted by sample and gene."""
    kinds = [KIND_OF_CLASSIFICATION[c] or Kind.UNKNOWN for c in variants.classes]
    residues = np.array([n or None for n in variants.protein_positions.tolist()], dtype=object)
    table = fill_table(
        {
            "sample_id": sample_ids[calls.tumors],
            "hugo_symbol": calls.symbols,
            "kind": np.array([kind.value for kind in kinds], dtype=object),
            "chromosome": variants.chromosomes,
            "start_position": variants.positions,
            "reference_allele": variants.references,
            "tumor_allele": variants.alternatives,
            "indel_length": variants.indel_lengths,
            "vaf": variants.fractions,
            "protein_change": variants.protein_changes,
            "protein_position": residues,
            "variant_classification": variants.classes,
        }
    )
    return table.sort_by([("sample_id", "ascending"), ("hugo_symbol", "ascending")])


def samples_table(statistics: Statistics, design: Design) -> pa.Table:
    """Make the table of `SAMPLES`."""
    labels = [group_labels(statistics, group) for _, group in design.sample_groups]
    levels = [
        None if panel is None else 5 if exome else 3
        for panel, exome in zip(
            design.copy_number_panels, design.mutation_panels == EXOME, strict=True
        )
    ]
    ids = design.sample_ids.tolist()
    columns = [
        ids,
        ids,
        [cancer_type for cancer_type, _ in labels],
        [code for _, code in labels],
        design.mutation_panels.tolist(),
        design.copy_number_panels.tolist(),
        [None] * len(ids),
        levels,
    ]
    return pa.table(columns, schema=SAMPLES)


def panels_table(panels: dict[str, frozenset[str]], design: Design) -> pa.Table:
    """Make the table of `PANELS` of the panels in use."""
    used = {*design.mutation_panels, *design.copy_number_panels} - {None}
    rows = [(panel, symbol) for panel in sorted(used) for symbol in sorted(panels[panel])]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(columns, schema=PANELS)
