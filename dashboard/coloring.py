"""What the points of a map are colored by: categories, a gene's alterations, or a number. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dashboard.kind_bits import BITS
from dashboard.labels import Labels, Rows, encode_labels, ranked
from dashboard.scales import ColorScale, color_scale
from dashboard.shelf import Packed, pack
from dashboard.theme import GENE_GROUPS, MOST_COLORS, SEVERAL_KINDS

NOT_GIVEN = "not given"
WILD_TYPE = "wild type"
NOT_PROFILED = "not profiled"

UNKNOWN_STEP = 255
"""Place on a color scale of a number that is not known."""

Codes = npt.NDArray[np.uint8]
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
        codes: (N,) uint8, row of `entries` for each tumor.
        labels: (N,) the category of each tumor before rare ones were joined.
        note: What must be known to read the colors; one sentence, may be empty.
    """

    title: str
    entries: tuple[Category, ...]
    codes: Codes
    labels: Labels
    note: str = ""

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Tumors in each entry."""
        return tuple(np.bincount(self.codes, minlength=len(self.entries)).tolist())

    @property
    def values(self) -> npt.NDArray[np.object_]:
        """The category of each tumor as text, (N,); None when missing."""
        return self.labels.objects

    @property
    def heading(self) -> str:
        """What a column of a table is called."""
        return self.title

    def at(self, rows: Rows) -> npt.NDArray[np.object_]:
        """Return the categories of some tumors as text, None when missing."""
        return self.labels.at(rows)

    @cached_property
    def column(self) -> Packed:
        """What a browser colors by: a byte for each tumor, the row of `entries`."""
        return pack(self.codes.tobytes())

    def write(self, row: int) -> str:
        """Write the category of one tumor for a reader."""
        return str(self.labels.at(slice(row, row + 1))[0] or NOT_GIVEN)


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

    def at(self, rows: Rows) -> Values:
        """Return the numbers of some tumors, NaN when missing."""
        return self.values[rows]

    @cached_property
    def known(self) -> Values:
        """The known values, ascending."""
        return np.sort(self.values[np.isfinite(self.values)])

    @cached_property
    def scale(self) -> ColorScale | None:
        """How the number becomes a color; None where no value is known."""
        return color_scale(self.known, is_log=self.is_log) if self.known.size else None

    @cached_property
    def column(self) -> Packed:
        """What a browser colors by: a byte for each tumor, 0 to 254, 255 where not known."""
        steps = np.full(len(self.values), UNKNOWN_STEP, dtype=np.uint8)
        if self.scale is not None:
            given = np.isfinite(self.values)
            places = self.scale.place(self.values[given])
            steps[given] = np.rint(places * (UNKNOWN_STEP - 1)).astype(np.uint8)
        return pack(steps.tobytes())

    def write(self, row: int) -> str:
        """Write the number of one tumor for a reader."""
        value = float(self.values[row])
        return f"{value:,.4g} {self.unit}".rstrip() if np.isfinite(value) else NOT_GIVEN


Coloring = Categories | Numbers


def color_labels(
    title: str, values: Labels | Sequence[str | None], *, highlight: Sequence[str] = ()
) -> Categories:
    """Color by a label: the eight most frequent categories, or those that were asked for.

    Args:
        title: What the label is called.
        values: (N,) one label for each tumor; None or empty where it is not given.
        highlight: Categories to color instead of the most frequent ones, at most eight.

    Returns:
        The coloring; further categories are joined to "other", missing ones to "not given".
    """
    labels = values if isinstance(values, Labels) else encode_labels(values)
    known = set(labels.names)
    chosen = [name for name in dict.fromkeys(highlight) if name in known] or list(labels.names)
    chosen = chosen[:MOST_COLORS]
    entries = [Category(name=n, role=Role.COLOR, slot=i) for i, n in enumerate(chosen)]
    rest = len(labels.names) - len(chosen)
    if rest:
        word = "category" if rest == 1 else "categories"
        entries.append(Category(name=f"other ({rest} {word})", role=Role.OTHER))
    row_of = {name: row for row, name in enumerate(chosen)}
    # The last place of the table is found under -1, the code of what is not given.
    rows = [row_of.get(name, len(chosen)) for name in labels.names] + [len(entries)]
    if labels.num_missing:
        entries.append(Category(name=NOT_GIVEN, role=Role.NOT_PROFILED))
    codes = np.array(rows, dtype=np.uint8)[labels.codes]
    return Categories(title=title, entries=tuple(entries), codes=codes, labels=labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneStates:
    """What is known of one gene in each tumor, in the order of the map.

    Attributes:
        kinds: (N,) uint16, the altering kinds found: see `kind_bits.BITS`; 0 where none.
        mutation_profiled: (N,) bool, whether the gene was looked at for mutations.
        cna_profiled: (N,) bool, whether for copy number.
        fusion_profiled: (N,) bool, whether for fusions.
    """

    kinds: npt.NDArray[np.uint16]
    mutation_profiled: npt.NDArray[np.bool_]
    cna_profiled: npt.NDArray[np.bool_]
    fusion_profiled: npt.NDArray[np.bool_]

    @property
    def altered(self) -> npt.NDArray[np.bool_]:
        """Where anything altering was found, (N,)."""
        altered: npt.NDArray[np.bool_] = self.kinds != 0
        return altered

    @property
    def wild_type(self) -> npt.NDArray[np.bool_]:
        """Where the gene was looked at for mutations and nothing altering was found, (N,)."""
        return self.mutation_profiled & ~self.altered


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
    groups = _groups_of(states.kinds)
    choices = [(name, mask, Role.COLOR, slot) for name, mask, slot in groups]
    choices.append((WILD_TYPE, states.wild_type, Role.WILD_TYPE, 0))
    choices.append((NOT_PROFILED, ~states.altered & ~states.wild_type, Role.NOT_PROFILED, 0))
    return _color_states(hugo_symbol, choices, _gene_note(states))


def color_pair(genes: tuple[str, str], states: tuple[GeneStates, GeneStates]) -> Categories:
    """Color by two genes: both altered, one of them, neither; not profiled for one stands apart.

    Args:
        genes: Their approved symbols.
        states: What is known of each.

    Returns:
        The coloring. A tumor is counted only where both genes are known to be altered or wild
        type.
    """
    (first, second), (one, other) = genes, states
    groups = [
        (f"{first} and {second}", one.altered & other.altered, Role.COLOR, 1),
        (f"{first} only", one.altered & other.wild_type, Role.COLOR, 0),
        (f"{second} only", one.wild_type & other.altered, Role.COLOR, 2),
        ("neither", one.wild_type & other.wild_type, Role.WILD_TYPE, 0),
    ]
    known = np.logical_or.reduce([mask for _, mask, _, _ in groups])
    groups.append(("not profiled for one", ~known, Role.NOT_PROFILED, 0))
    note = "A tumor counts only where both genes were looked at, or found altered."
    return _color_states(f"{first} and {second}", groups, note)


Group = tuple[str, npt.NDArray[np.bool_], Role, int]
"""A category: its name, which tumors are in it (N,), how it is drawn, place in the palette."""


def _color_states(title: str, groups: Sequence[Group], note: str) -> Categories:
    """Color by categories of which each tumor is in exactly one; empty ones are left out."""
    present = [group for group in groups if group[1].any()]
    codes = np.zeros(len(groups[0][1]), dtype=np.uint8)
    for row, (_, mask, _, _) in enumerate(present):
        codes[mask] = row
    names = [name for name, _, _, _ in present]
    entries = tuple(Category(name=name, role=role, slot=slot) for name, _, role, slot in present)
    labels = ranked(codes.astype(np.int64), names)
    return Categories(title=title, entries=entries, codes=codes, labels=labels, note=note)


def _groups_of(kinds: npt.NDArray[np.uint16]) -> list[tuple[str, npt.NDArray[np.bool_], int]]:
    """Sort altered tumors by kind; kinds of one color are named after those that occur."""
    occurring = np.bitwise_or.reduce(kinds, initial=0)
    members = [
        ([kind for kind in group if occurring & BITS[kind.value]], slot)
        for group, slot in GENE_GROUPS
    ]
    bits = [(sum(BITS[kind.value] for kind in found), found, slot) for found, slot in members]
    groups = []
    for mask, found, slot in bits:
        name = " or ".join(kind.value for kind in found)
        groups.append((name, (kinds & mask != 0) & (kinds & ~np.uint16(mask) == 0), slot))
    single = np.logical_or.reduce([inside for _, inside, _ in groups])
    return [*groups, (SEVERAL_KINDS[0], (kinds != 0) & ~single, SEVERAL_KINDS[1])]


def _gene_note(states: GeneStates) -> str:
    num_wild = int(states.wild_type.sum())
    untested = int((states.wild_type & ~states.cna_profiled).sum())
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
