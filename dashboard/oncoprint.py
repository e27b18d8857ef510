"""Genes by tumors, sorted so that what goes together and what excludes each other is seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.coloring import GeneStates
from dashboard.kind_bits import BITS
from dashboard.theme import GENE_GROUPS, SEVERAL_KINDS
from engine.kinds import COPY_NUMBER_KINDS, MUTATION_KINDS, Kind

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.uint8]

MOST_DRAWN = 400
"""Tumors of a group that are drawn; narrower columns could not be seen."""
MOST_GENES = 20

NOT_PROFILED, WILD_TYPE, FIRST_SLOT = 0, 1, 2
"""What a cell shows: nothing known, nothing found, or the place of a kind in the palette from 2."""
BANDS = 3
"""Stripes of a cell: copy number fills all, mutations the middle, fusions the lowest."""

_MUTATION_BITS = sum(BITS[kind.value] for kind in MUTATION_KINDS)
_COPY_NUMBER_BITS = sum(BITS[kind.value] for kind in COPY_NUMBER_KINDS)


@dataclass(frozen=True, kw_only=True)
class Block:
    """The drawn tumors of one group.

    Attributes:
        name: What the group is called.
        slot: Its color.
        first: Its first column.
        num_drawn: Its columns.
        num_all: Its tumors.
    """

    name: str
    slot: int
    first: int
    num_drawn: int
    num_all: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Oncoprint:
    """A matrix of G genes and T tumors.

    Attributes:
        genes: The genes, from above.
        cells: What is drawn, (G, 3, T), uint8: see `NOT_PROFILED`; the second axis are the
            stripes of a cell.
        blocks: The groups, from the left.
        shares: One line for each gene and group: tumors looked at for mutations, drawn or not, and
            those of them that are altered in any way.
    """

    genes: tuple[str, ...]
    cells: Cells
    blocks: tuple[Block, ...]
    shares: pd.DataFrame


def arrange(states: Mapping[str, GeneStates], codes: Codes, names: Sequence[str]) -> Oncoprint:
    """Arrange genes and tumors: the most frequently altered gene on top, tumors by their genes.

    Args:
        states: What is known of each gene in N tumors.
        codes: Group of each tumor, (N,); -1 in none.
        names: What the K groups are called.

    Returns:
        The matrix. Of a group with more than `MOST_DRAWN` tumors as many are drawn, the same ones
        each time; the shares are of all of them.
    """
    shares = _shares(states, codes, names)
    totals = shares.groupby("Gene", sort=False)[["Altered", "Profiled"]].sum()
    frequency = totals["Altered"] / totals["Profiled"].clip(lower=1)
    genes = tuple(str(g) for g in frequency.sort_values(ascending=False, kind="stable").index)
    blocks: list[Block] = []
    drawn: list[Codes] = []
    for group, name in enumerate(names):
        members = np.flatnonzero(codes == group)
        rows = _sorted(_sample(members), [states[gene] for gene in genes])
        first = sum(len(part) for part in drawn)
        blocks.append(
            Block(name=name, slot=group, first=first, num_drawn=len(rows), num_all=len(members))
        )
        drawn.append(rows)
    together = np.concatenate(drawn)
    cells = np.stack([draw_cells(states[gene], together) for gene in genes])
    return Oncoprint(genes=genes, cells=cells, blocks=tuple(blocks), shares=shares)


def _shares(states: Mapping[str, GeneStates], codes: Codes, names: Sequence[str]) -> pd.DataFrame:
    rows = []
    for gene, state in states.items():
        known = state.mutation_profiled
        for group, name in enumerate(names):
            inside = codes == group
            altered = int((inside & known & state.altered).sum())
            profiled = int((inside & known).sum())
            rows.append(
                {
                    "Gene": gene,
                    "Group": name,
                    "Altered": altered,
                    "Profiled": profiled,
                    "Share, %": 100 * altered / profiled if profiled else np.nan,
                }
            )
    return pd.DataFrame(rows)


def _sample(members: Codes) -> Codes:
    if len(members) <= MOST_DRAWN:
        return members
    drawn: Codes = np.random.default_rng(0).choice(members, MOST_DRAWN, replace=False)
    return np.sort(drawn)


def _sorted(rows: Codes, states: Sequence[GeneStates]) -> Codes:
    """Sort tumors by their first altered genes, those not looked at after the wild type."""
    keys = []
    for state in states:
        middle = draw_cells(state, rows)[1].astype(np.int64)
        rank = np.where(middle >= FIRST_SLOT, middle - FIRST_SLOT, 100 - middle)
        keys.append(np.where(middle == NOT_PROFILED, 101, rank))
    order: Codes = np.lexsort(keys[::-1]) if keys else np.arange(len(rows))
    return rows[order]


def draw_cells(state: GeneStates, rows: Codes) -> Cells:
    """Return the three stripes of one gene in some tumors, (3, n), from above."""
    kinds = state.kinds[rows]
    known = state.mutation_profiled[rows] | (kinds != 0)
    ground = np.where(known, WILD_TYPE, NOT_PROFILED).astype(np.uint8)
    copies = _slots(kinds & _COPY_NUMBER_BITS, ground)
    mutations = _slots(kinds & _MUTATION_BITS, copies)
    fusions = _slots(kinds & BITS[Kind.FUSION.value], copies)
    return np.stack([copies, mutations, fusions])


def _slots(kinds: npt.NDArray[np.integer], otherwise: Cells) -> Cells:
    """Return the color of kinds, and what is drawn otherwise where there are none."""
    found = otherwise.copy()
    num_groups = np.zeros(len(kinds), dtype=np.int64)
    for group, slot in GENE_GROUPS:
        bits = sum(BITS[kind.value] for kind in group)
        has = (kinds & bits) != 0
        num_groups += has
        found[has] = FIRST_SLOT + slot
    found[num_groups > 1] = FIRST_SLOT + SEVERAL_KINDS[1]
    return found


def choose_genes(ranked: Sequence[str], always: Sequence[str], number: int) -> tuple[str, ...]:
    """Choose the genes to draw: those that are always drawn, then the ones ranked first."""
    return tuple(dict.fromkeys([*always, *ranked]))[:number]
