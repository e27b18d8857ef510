"""What the points of a map are colored by: categories, a gene's alterations, or a number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.theme import GENE_GROUPS, MOST_COLORS, SEVERAL_KINDS

NOT_GIVEN = "not given"
WILD_TYPE = "wild type"
NOT_PROFILED = "not profiled"

Codes = npt.NDArray[np.int16]
Values = npt.NDArray[np.float32]


class Role(StrEnum):
    """How a category is drawn."""

    COLOR = "color"
    OTHER = "other"
    WILD_TYPE = "wild type"
    NOT_PROFILED = "not profiled"


@dataclass(frozen=True, kw_only=True)
class Category:
    """One entry of the legend.

    Attributes:
        name: What it is called.
        role: How it is drawn.
        slot: Place in the palette, 0..7, where the role is `color`.
    """

    name: str
    role: Role
    slot: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Categories:
    """A coloring by category.

    Attributes:
        title: What the colors show, heading of the legend.
        entries: The legend, in its order.
        codes: (N,) row of `entries` for each tumor.
        values: (N,) the category of each tumor before rare ones were joined; None when missing.
        note: What must be known to read the colors; one sentence, may be empty.
    """

    title: str
    entries: tuple[Category, ...]
    codes: Codes
    values: npt.NDArray[np.object_]
    note: str = ""

    @property
    def counts(self) -> tuple[int, ...]:
        """Tumors in each entry."""
        return tuple(np.bincount(self.codes, minlength=len(self.entries)).tolist())


@dataclass(frozen=True, kw_only=True, eq=False)
class Numbers:
    """A coloring by a number.

    Attributes:
        title: What the colors show.
        unit: Its unit; empty when it has none.
        values: (N,) float32; NaN where the number is not known.
        is_log: Whether the color follows the logarithm, because a few values are far larger.
        note: As in `Categories`.
    """

    title: str
    unit: str
    values: Values
    is_log: bool
    note: str = ""

    @property
    def heading(self) -> str:
        """Title with the unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


Coloring = Categories | Numbers


def color_labels(
    title: str, values: Sequence[str | None], *, highlight: Sequence[str] = ()
) -> Categories:
    """Color by a label: the eight most frequent categories, or those that were asked for.

    Args:
        title: What the label is called.
        values: (N,) one label for each tumor; None or empty where it is not given.
        highlight: Categories to color instead of the most frequent ones, at most eight.

    Returns:
        The coloring; further categories are joined to "other", missing ones to "not given".
    """
    labels = pd.Series(np.array(values, dtype=object), dtype="object")
    labels = labels.where(labels.notna() & (labels != ""), None)
    counts = labels.value_counts()
    ranked = sorted(counts.index, key=lambda name: (-counts[name], name))
    chosen = [name for name in highlight if name in counts.index] or ranked
    chosen = chosen[:MOST_COLORS]
    entries = [Category(name=n, role=Role.COLOR, slot=i) for i, n in enumerate(chosen)]
    rest = len(counts) - len(chosen)
    if rest:
        word = "category" if rest == 1 else "categories"
        entries.append(Category(name=f"other ({rest} {word})", role=Role.OTHER))
    row_of = {name: row for row, name in enumerate(chosen)}
    codes = np.array([row_of.get(v, len(chosen)) for v in labels], dtype=np.int16)
    missing = labels.isna().to_numpy()
    if missing.any():
        codes[missing] = len(entries)
        entries.append(Category(name=NOT_GIVEN, role=Role.NOT_PROFILED))
    return Categories(
        title=title, entries=tuple(entries), codes=codes, values=labels.to_numpy(dtype=object)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneStates:
    """What is known of one gene in each tumor, in the order of the map.

    Attributes:
        kinds: (N,) the altering kinds found; an empty tuple where none.
        mutation_profiled: (N,) bool, whether the gene was looked at for mutations.
        cna_profiled: (N,) bool, whether for copy number.
        fusion_profiled: (N,) bool, whether for fusions.
    """

    kinds: Sequence[tuple[str, ...]]
    mutation_profiled: npt.NDArray[np.bool_]
    cna_profiled: npt.NDArray[np.bool_]
    fusion_profiled: npt.NDArray[np.bool_]


def color_gene(hugo_symbol: str, states: GeneStates) -> Categories:
    """Color by how a gene is altered: kinds, wild type, not profiled.

    A tumor is wild type only where the gene was looked at for mutations and nothing altering was
    found by any test; a tumor that was not looked at is never counted as wild type.

    Args:
        hugo_symbol: The gene.
        states: What is known of it.

    Returns:
        The coloring, alterations first.
    """
    altered = np.array([bool(kinds) for kinds in states.kinds], dtype=bool)
    values = np.full(len(altered), NOT_PROFILED, dtype=object)
    values[states.mutation_profiled] = WILD_TYPE
    names = _group_names(states.kinds)
    for row in np.flatnonzero(altered).tolist():
        values[row] = _group_of(states.kinds[row], names)
    present = set(values)
    entries = [
        Category(name=name, role=Role.COLOR, slot=slot)
        for name, slot in (*names.values(), SEVERAL_KINDS)
        if name in present
    ]
    entries = list({entry.name: entry for entry in entries}.values())
    entries += [Category(name=WILD_TYPE, role=Role.WILD_TYPE)] if WILD_TYPE in present else []
    entries += [Category(name=NOT_PROFILED, role=Role.NOT_PROFILED)] * (NOT_PROFILED in present)
    row_of = {entry.name: row for row, entry in enumerate(entries)}
    codes = np.array([row_of[value] for value in values], dtype=np.int16)
    return Categories(
        title=hugo_symbol,
        entries=tuple(entries),
        codes=codes,
        values=values,
        note=_gene_note(states, values == WILD_TYPE),
    )


def _group_names(kinds: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, int]]:
    """Name each group of kinds after those of its kinds that occur."""
    present = {kind for row in kinds for kind in row}
    names: dict[str, tuple[str, int]] = {}
    for members, slot in GENE_GROUPS:
        found = [member.value for member in members if member.value in present]
        for member in found:
            names[member] = (" or ".join(found), slot)
    return names


def _group_of(kinds: tuple[str, ...], names: dict[str, tuple[str, int]]) -> str:
    groups = {names[kind][0] for kind in kinds}
    return groups.pop() if len(groups) == 1 else SEVERAL_KINDS[0]


def _gene_note(states: GeneStates, wild: npt.NDArray[np.bool_]) -> str:
    num_wild = int(wild.sum())
    untested = int((wild & ~states.cna_profiled).sum())
    if not untested:
        return ""
    which = "any" if untested == num_wild else f"{untested:,}"
    return f"Wild type: no altering mutation found; copy number was not tested in {which} of them."


SKEWED = 8.0
"""Ratio of the 99th percentile to the median above which a color follows the logarithm."""


@dataclass(frozen=True, kw_only=True)
class NumberStyle:
    """How a number is written."""

    title: str
    unit: str = ""
    note: str = field(default="")


def color_numbers(style: NumberStyle, values: Values) -> Numbers:
    """Color by a number.

    Args:
        style: Its title and unit.
        values: (N,) float32; NaN where it is not known.

    Returns:
        The coloring; logarithmic when the largest values dwarf the usual ones.
    """
    known = values[np.isfinite(values)]
    is_log = False
    if known.size and known.min() >= 0:
        median, high = np.quantile(known, [0.5, 0.99])
        is_log = bool(high > SKEWED * max(median, np.finfo(np.float32).tiny) and high > 1)
    return Numbers(
        title=style.title, unit=style.unit, values=values, is_log=is_log, note=style.note
    )
