"""Pathways: altered where one of their genes is, in a way that fits its role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.epidemiology.counts import Block, Feature, Features, Group, sorted_unique

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

PATHWAY = "pathway"
"""Group of the features that `roll_up` makes."""

GROUPS_OF_ROLE = {
    "OG": (Group.MUTATION, Group.AMPLIFICATION, Group.FUSION),
    "TSG": (Group.MUTATION, Group.DEEP_DELETION, Group.FUSION),
    None: (Group.MUTATION, Group.AMPLIFICATION, Group.DEEP_DELETION, Group.FUSION),
}
"""What counts by role: an amplified suppressor and a deleted oncogene alter no pathway."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pathways:
    """Pathways of N tumors.

    Attributes:
        features: Whether each pathway is altered; known where one of its genes was profiled for
            mutations. A panel that holds few of the genes finds fewer altered pathways: compare
            within panels, that is with panels among the strata.
        coverage: Share of the genes of each pathway that were profiled for mutations, (N, P).
    """

    features: Features
    coverage: Floats


def roll_up(
    counted: Features,
    sets: Mapping[str, Sequence[str]],
    roles: Mapping[tuple[str, str], str | None] | None = None,
) -> Pathways:
    """Roll alterations of genes up to sets of genes.

    Args:
        counted: Alterations, with the group `mutation` and any others; a gene that is not among
            them counts as not profiled.
        sets: Genes by name of the set: `GeneTable.pathways()` or `GeneTable.hallmarks()`.
        roles: `GeneTable.pathway_roles()`; any alteration counts where a role is not known.

    Returns:
        The sets, in their order.
    """
    names = tuple(sets)
    member = _membership(counted, sets, roles or {})
    keys = [np.empty(0, dtype=np.int64)]
    for place in range(len(names)):
        entries = member[counted.column, place]
        keys.append(place * counted.num_tumors + counted.tumor[entries])
    unique = sorted_unique(np.concatenate(keys))
    coverage, block = _coverage(counted, sets)
    tumor, column = unique % counted.num_tumors, unique // counted.num_tumors
    known = block.masks[block.row[tumor], column]
    return Pathways(
        features=Features(
            features=tuple(Feature(name, PATHWAY) for name in names),
            tumor=tumor[known],
            column=column[known],
            blocks=(block,),
            num_tumors=counted.num_tumors,
        ),
        coverage=coverage[block.row],
    )


def _membership(
    counted: Features,
    sets: Mapping[str, Sequence[str]],
    roles: Mapping[tuple[str, str], str | None],
) -> NDArray[np.bool_]:
    """Tell which feature alters which set, (F, P)."""
    member = np.zeros((len(counted.features), len(sets)), dtype=bool)
    for place, (name, genes) in enumerate(sets.items()):
        for gene in genes:
            for group in GROUPS_OF_ROLE[roles.get((name, gene))]:
                column = counted.index.get(Feature(gene, str(group)))
                if column is not None:
                    member[column, place] = True
    return member


def _coverage(counted: Features, sets: Mapping[str, Sequence[str]]) -> tuple[Floats, Block]:
    """Return the share of each set that each mutation panel profiles, and what is known."""
    mutations = [i for i, f in enumerate(counted.features) if f.group == Group.MUTATION]
    chosen = counted.choose(mutations)
    (block,) = chosen.blocks
    place = {feature.name: i for i, feature in enumerate(chosen.features)}
    profiled = [
        block.masks[:, [place[gene] for gene in genes if gene in place]].sum(axis=1)
        / max(len(genes), 1)
        for genes in sets.values()
    ]
    coverage = np.stack(profiled, axis=1)
    return coverage, Block(row=block.row, masks=coverage > 0)
