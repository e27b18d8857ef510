"""Which tumors carry an alteration and which were looked at for it: yes-or-no features of a cohort.

A feature is known of a tumor only where the tumor was profiled for it. What is not known counts
neither as altered nor as wild type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.kinds import MUTATION_KINDS, Kind

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Group(StrEnum):
    """How a gene is altered. The value is what is shown and exported."""

    ALTERED = "altered"
    MUTATION = "mutation"
    AMPLIFICATION = "amplification"
    DEEP_DELETION = "deep deletion"
    FUSION = "fusion"


GROUPS_OF_KIND = {
    **dict.fromkeys(map(str, MUTATION_KINDS), (Group.MUTATION, Group.ALTERED)),
    str(Kind.AMPLIFICATION): (Group.AMPLIFICATION, Group.ALTERED),
    str(Kind.DEEP_DELETION): (Group.DEEP_DELETION, Group.ALTERED),
    str(Kind.FUSION): (Group.FUSION,),
}
"""Groups that an alteration of a kind belongs to; other kinds never alter their gene.

A fusion does not make a gene `altered`: few studies look for fusions, and those that do not would
seem to have fewer altered genes.
"""

PANELS_OF_GROUP = {
    Group.ALTERED: ("mutation_panel", "cna_panel"),
    Group.MUTATION: ("mutation_panel",),
    Group.AMPLIFICATION: ("cna_panel",),
    Group.DEEP_DELETION: ("cna_panel",),
    Group.FUSION: ("fusion_panel",),
}
"""Panels that must all hold the gene for a group to be known: a tumor without copy number is
unknown for `altered`, mutated or not, or mutated tumors alone would be counted."""


class CountingError(EngineError):
    """Tumors cannot be counted as they were asked to be."""


@dataclass(frozen=True, order=True)
class Feature:
    """Something that a tumor has or has not: `STK11` `mutation`, `NRF2` `pathway`."""

    name: str
    group: str

    @property
    def label(self) -> str:
        """What a page calls it."""
        return f"{self.name} {self.group}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Features that are known of the same tumors by the same rule, one after another.

    Attributes:
        row: Row of `masks` of each tumor, (N,), int64.
        masks: Which of the block's features are known, (Q, f), bool.
    """

    row: Codes
    masks: Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """F yes-or-no features of N tumors, sparse.

    Attributes:
        features: What they are, F.
        tumor: Tumor of each yes, (E,), int64.
        column: Feature of each yes, (E,), int64; pairs with `tumor` are unique and known.
        blocks: What is known, for all features in order.
        num_tumors: N.
    """

    features: tuple[Feature, ...]
    tumor: Codes
    column: Codes
    blocks: tuple[Block, ...]
    num_tumors: int

    @cached_property
    def index(self) -> dict[Feature, int]:
        """Column of each feature."""
        return {feature: i for i, feature in enumerate(self.features)}

    def column_of(self, name: str, group: str) -> int:
        """Return the column of a feature.

        Raises:
            CountingError: If there is none.
        """
        found = self.index.get(Feature(name, group))
        if found is None:
            raise CountingError(
                f"{name} {group} was asked for, but is not among the {len(self.features)} features "
                "that were counted. Count it with the others."
            )
        return found

    def count(self, groups: Codes, num_groups: int) -> tuple[Floats, Floats]:
        """Count tumors by group.

        Args:
            groups: Group of each tumor, (N,), int64; -1 is not counted.
            num_groups: K.

        Returns:
            Tumors with each feature, and tumors of which it is known; both (K, F), float64.
        """
        width = len(self.features)
        group = groups[self.tumor]
        kept = group >= 0
        cells = group[kept] * width + self.column[kept]
        positive = np.bincount(cells, minlength=num_groups * width).reshape(num_groups, width)
        known = [_count_known(block, groups, num_groups) for block in self.blocks]
        return positive.astype(np.float64), np.concatenate(known, axis=1)

    def take(self, rows: Codes | Mask) -> Features:
        """Select tumors, (n,) numbers without repeats or (N,) bool."""
        chosen = np.arange(self.num_tumors)[rows]
        place = np.full(self.num_tumors, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        moved = place[self.tumor]
        return Features(
            features=self.features,
            tumor=moved[moved >= 0],
            column=self.column[moved >= 0],
            blocks=tuple(Block(row=b.row[chosen], masks=b.masks) for b in self.blocks),
            num_tumors=len(chosen),
        )

    def choose(self, columns: Sequence[int] | Codes) -> Features:
        """Select features, f columns without repeats, in the order given."""
        wanted = np.asarray(columns, dtype=np.int64)
        place = np.full(len(self.features), -1, dtype=np.int64)
        place[wanted] = np.arange(len(wanted))
        moved = place[self.column]
        return Features(
            features=tuple(self.features[i] for i in wanted),
            tumor=self.tumor[moved >= 0],
            column=moved[moved >= 0],
            blocks=self._blocks_of(wanted),
            num_tumors=self.num_tumors,
        )

    def dense(self) -> tuple[Mask, Mask]:
        """Return who has each feature and of whom it is known, both (N, F), bool."""
        has = np.zeros((self.num_tumors, len(self.features)), dtype=bool)
        has[self.tumor, self.column] = True
        return has, np.concatenate([block.masks[block.row] for block in self.blocks], axis=1)

    def _blocks_of(self, wanted: Codes) -> tuple[Block, ...]:
        """Cut the blocks along runs of chosen features that lie in one block."""
        if not len(wanted):
            row = np.zeros(self.num_tumors, dtype=np.int64)
            return (Block(row=row, masks=np.zeros((1, 0), dtype=bool)),)
        starts = np.cumsum([0] + [block.masks.shape[1] for block in self.blocks])
        owner = np.searchsorted(starts, wanted, side="right") - 1
        runs = np.split(np.arange(len(wanted)), np.flatnonzero(np.diff(owner)) + 1)
        return tuple(
            Block(
                row=self.blocks[owner[run[0]]].row,
                masks=self.blocks[owner[run[0]]].masks[:, wanted[run] - starts[owner[run[0]]]],
            )
            for run in runs
        )


def _count_known(block: Block, groups: Codes, num_groups: int) -> Floats:
    counted = groups >= 0
    cells = groups[counted] * len(block.masks) + block.row[counted]
    by_row = np.bincount(cells, minlength=num_groups * len(block.masks))
    known: Floats = by_row.reshape(num_groups, -1).astype(np.float64) @ block.masks
    return known


def join(parts: Sequence[Features]) -> Features:
    """Put the features of the same tumors one after another; at least one part."""
    starts = np.cumsum([0] + [len(part.features) for part in parts])
    return Features(
        features=tuple(feature for part in parts for feature in part.features),
        tumor=np.concatenate([part.tumor for part in parts]),
        column=np.concatenate([p.column + s for p, s in zip(parts, starts, strict=False)]),
        blocks=tuple(block for part in parts for block in part.blocks),
        num_tumors=parts[0].num_tumors,
    )


def count_alterations(
    samples: pa.Table,
    altered: pa.Table,
    panels: pa.Table,
    genes: Sequence[str],
    groups: Iterable[Group] = tuple(Group),
) -> Features:
    """Lay out which genes are altered in which tumors.

    Args:
        samples: N tumors in the wanted order: `sample_id`, the three panels of
            `engine.cohort.SAMPLES`, and `study_id` where there are several studies.
        altered: `tumor` (row in `samples`) or `study_id` and `sample_id`; `hugo_symbol`, `kind`.
            Kinds that alter nothing are left out, and so is a call of a gene that is on none of
            the tumor's panels.
        panels: `panel_id`, `hugo_symbol`, and `study_id` where there are several studies.
        genes: Approved symbols, G.
        groups: How genes may be altered.

    Returns:
        A feature for each group and gene, genes within groups.
    """
    chosen = tuple(groups)
    row, masks = _panel_rows(samples, panels, genes)
    blocks = tuple(_block([row[name] for name in PANELS_OF_GROUP[g]], masks) for g in chosen)
    tumor, column = _entries(samples, altered, genes, chosen)
    known = np.zeros(len(tumor), dtype=bool)
    for i, block in enumerate(blocks):
        here = column // len(genes) == i
        known[here] = block.masks[block.row[tumor[here]], column[here] % len(genes)]
    return Features(
        features=tuple(Feature(gene, str(group)) for group in chosen for gene in genes),
        tumor=tumor[known],
        column=column[known],
        blocks=blocks,
        num_tumors=samples.num_rows,
    )


def _entries(
    samples: pa.Table, altered: pa.Table, genes: Sequence[str], groups: tuple[Group, ...]
) -> tuple[Codes, Codes]:
    """Return tumor and feature of each altered gene, once each, sorted by feature."""
    gene = _look_up(altered["hugo_symbol"], {symbol: i for i, symbol in enumerate(genes)})
    tumor = _tumor_rows(samples, altered)
    kinds, kind = _encode(altered["kind"])
    keys = []
    for place, group in enumerate(groups):
        belongs = np.array([group in GROUPS_OF_KIND.get(name, ()) for name in kinds] + [False])
        here = np.flatnonzero(belongs[kind] & (gene >= 0) & (tumor >= 0))
        keys.append((place * len(genes) + gene[here]) * samples.num_rows + tumor[here])
    unique = sorted_unique(np.concatenate([np.empty(0, dtype=np.int64), *keys]))
    return unique % max(samples.num_rows, 1), unique // max(samples.num_rows, 1)


def sorted_unique(keys: Codes) -> Codes:
    """Return the distinct numbers, sorted; ten times as fast as hashing a million of them."""
    keys = np.sort(keys)
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def _tumor_rows(samples: pa.Table, altered: pa.Table) -> Codes:
    if "tumor" in altered.column_names:
        rows: Codes = altered["tumor"].to_numpy().astype(np.int64)
        return rows
    names = [name for name in ("study_id", "sample_id") if name in altered.column_names]
    known = pd.MultiIndex.from_frame(samples.select(names).to_pandas())
    asked = pd.MultiIndex.from_frame(altered.select(names).to_pandas())
    found: Codes = known.get_indexer(asked).astype(np.int64)
    return found


def _panel_rows(
    samples: pa.Table, panels: pa.Table, genes: Sequence[str]
) -> tuple[dict[str, Codes], Mask]:
    """Return the row of each tumor in the masks by kind of panel, and the masks, (P, G)."""
    gene = _look_up(panels["hugo_symbol"], {symbol: i for i, symbol in enumerate(genes)})
    names = _panel_names(panels, "panel_id")
    row_of: dict[str | None, int] = {None: 0}
    rows = np.array([row_of.setdefault(name, len(row_of)) for name in names], dtype=np.int64)
    masks = np.zeros((len(row_of), len(genes)), dtype=bool)
    masks[rows[gene >= 0], gene[gene >= 0]] = True
    columns = {name for needed in PANELS_OF_GROUP.values() for name in needed}
    found = {
        column: np.array([row_of.get(n, 0) for n in _panel_names(samples, column)], dtype=np.int64)
        for column in columns
    }
    return found, masks


def _panel_names(table: pa.Table, column: str) -> list[str | None]:
    names: list[str | None] = table[column].to_pylist()
    if "study_id" not in table.column_names:
        return names
    studies = table["study_id"].to_pylist()
    return [n and f"{study}\0{n}" for study, n in zip(studies, names, strict=True)]


def _block(rows: Sequence[Codes], masks: Mask) -> Block:
    """Make the block of features that need a gene on several panels at once."""
    pairs, row = np.unique(np.stack(rows, axis=1), axis=0, return_inverse=True)
    return Block(row=row.reshape(-1), masks=np.logical_and.reduce(masks[pairs], axis=1))


def _encode(column: pa.ChunkedArray) -> tuple[list[str], Codes]:
    """Return the distinct texts of a column and the number of each, -1 where missing."""
    encoded = column.combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), codes


def _look_up(column: pa.ChunkedArray, index: Mapping[str, int]) -> Codes:
    values, codes = _encode(column)
    found: Codes = np.array([index.get(v, -1) for v in values] + [-1], dtype=np.int64)[codes]
    return found
