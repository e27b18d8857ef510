"""Which genes were looked at: panel files, public panels, and a guess where none is stated.

A gene outside a sample's panel is unknown, never wild type.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from pathlib import Path

import pyarrow as pa

from engine.cohort import PANELS
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.panel_notes import FILE_STATES_NONE
from engine.readers.findings import FindingCollector, Rule
from engine.readers.options import Limits
from engine.readers.study_files import read_fields

EXOME = "exome"
EXOME_NAMES = frozenset({"EXOME", "WES", "WXS", "WGS", "GENOME"})
"""Names of a panel, upper case, that stand for all protein-coding genes."""

CLINICAL_PANELS = (
    "IMPACT341",
    "IMPACT410",
    "IMPACT468",
    "IMPACT505",
    "FoundationOne",
    "DFCI-ONCOPANEL-1",
    "DFCI-ONCOPANEL-2",
    "DFCI-ONCOPANEL-3",
    "DFCI-ONCOPANEL-3.1",
)
"""Panels that are thought of when nobody says which one was used."""

PANEL_GENE = Rule(
    "panel-gene",
    "Genes of this panel file are in no table of genes; they were left out of the panel.",
)
ASSUMED_NOTE = "State the panel with --panel if this is wrong."


@dataclass(frozen=True)
class Panel:
    """A set of genes that were looked at.

    Attributes:
        panel_id: Its name.
        genes: Approved symbols.
        note: How it was found, one sentence, where that was a guess; else empty.
    """

    panel_id: str
    genes: frozenset[str]
    note: str = ""


@lru_cache(maxsize=1)
def exome(genes: GeneTable) -> Panel:
    """Return the panel of all protein-coding genes."""
    coding = genes.frame["protein_coding"].to_numpy(dtype=bool).tolist()
    return Panel(EXOME, frozenset(compress(genes.symbols, coding)))


def infer_panel(genes_seen: Collection[str], genes: GeneTable) -> Panel:
    """Guess the panel of a file that does not state it.

    The smallest common clinical panel that holds every gene of the file is taken, because it
    claims the fewest genes to be wild type; without one it is the exome. A tumor has calls
    outside such panels in almost every exome, so the number of genes or of samples is no
    evidence by itself.

    Args:
        genes_seen: Approved symbols with an alteration of any kind in the file.
        genes: Gene table.

    Returns:
        The panel, with a note that says it was guessed.
    """
    seen = frozenset(genes_seen)
    public = _public_panels(genes)
    fitting = [name for name in CLINICAL_PANELS if seen <= public.get(name, frozenset())]
    if not fitting:
        note = (
            f"{FILE_STATES_NONE} and the genes fit no common clinical panel, so a whole "
            f"exome was assumed: genes without a call count as wild type. {ASSUMED_NOTE}"
        )
        whole = exome(genes)
        return Panel(whole.panel_id, whole.genes | seen, note)
    name = min(fitting, key=lambda panel: len(public[panel]))
    note = (
        f"{FILE_STATES_NONE}; {name} ({len(public[name])} genes) was assumed, the smallest "
        f"common clinical panel with every gene of the file. {ASSUMED_NOTE}"
    )
    return Panel(name, public[name], note)


def stated_panel(name: str, genes: GeneTable) -> Panel:
    """Return the panel that the user names.

    Args:
        name: A public panel, in any case, or `exome`.
        genes: Gene table.

    Returns:
        The panel.

    Raises:
        ImportRefusedError: If no such panel is known; near matches are named.
    """
    found = public_panel(name, genes)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, [*_public_panels(genes), EXOME], n=3, cutoff=0.5)
    raise ImportRefusedError(
        "the panel is not known; expected a public panel or 'exome'",
        advice=f"Did you mean {' or '.join(near)}" if near else "Name another panel",
        file="--panel",
        rule="unknown-panel",
        value=name,
    )


def public_panel(name: str, genes: GeneTable) -> Panel | None:
    """Return a public panel or the exome by name, in any case; None if there is none."""
    if name.upper() in EXOME_NAMES:
        return Panel(name, exome(genes).genes)
    for known, members in _public_panels(genes).items():
        if known.upper() == name.upper():
            return Panel(known, members)
    return None


def read_panel_files(
    paths: Iterable[Path], limits: Limits, genes: GeneTable, collector: FindingCollector
) -> dict[str, Panel]:
    """Read the panel files of a study.

    Args:
        paths: Files with the lines `stable_id:` and `gene_list:` (genes separated by tabs).
        limits: How large one may be.
        genes: Gene table; former symbols are brought up to date.
        collector: Is told of genes that nobody knows.

    Returns:
        Panels by their stable id.

    Raises:
        ImportRefusedError: If a file lacks one of the two lines.
    """
    panels = {}
    for path in paths:
        fields = read_fields(path, limits)
        for needed in ("stable_id", "gene_list"):
            if not fields.get(needed):
                raise ImportRefusedError(
                    f"the line '{needed}:' is missing; expected stable_id and gene_list",
                    advice="Write the panel file as cBioPortal describes it",
                    file=path.name,
                    rule="panel-file",
                )
        symbols = fields["gene_list"].split()
        resolution = genes.resolve(symbols)
        unknown = [s for s, a in zip(symbols, resolution.approved, strict=True) if a is None]
        if unknown:
            value = f"{len(unknown)} genes: {', '.join(unknown)}"
            collector.warn(path.name, PANEL_GENE, values=value)
        members = frozenset(a for a in resolution.approved if a is not None)
        panels[fields["stable_id"]] = Panel(fields["stable_id"], members)
    return panels


def panel_table(panels: Mapping[str, Collection[str]]) -> pa.Table:
    """Write panels down, sorted.

    Args:
        panels: Panel id to approved symbols.

    Returns:
        One row per panel and gene, `PANELS`.
    """
    rows = [(name, gene) for name in sorted(panels) for gene in sorted(panels[name])]
    columns = [[name for name, _ in rows], [gene for _, gene in rows]]
    return pa.table([pa.array(c, pa.string()) for c in columns], schema=PANELS)


@lru_cache(maxsize=1)
def _public_panels(genes: GeneTable) -> dict[str, frozenset[str]]:
    return genes.panels()
