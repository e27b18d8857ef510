"""Which tumors of a map keep their color; the others stay as grey context. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dashboard.coloring import NOT_GIVEN, NOT_PROFILED, WILD_TYPE, GeneStates
from dashboard.labels import Labels
from dashboard.shelf import Packed, pack

ALTERED = "altered"
GENE_STATES = (ALTERED, WILD_TYPE, NOT_PROFILED)
"""States of a gene that a map can be narrowed to."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What the reader wants in the foreground.

    Attributes:
        kind: `label`, `gene` or `number`.
        name: Key of the label or number, or symbol of the gene.
        title: What it is called.
        values: Categories or states; a tumor of any of them is in the foreground.
        low: Smallest number, inclusive; no bound when None.
        high: Largest number, inclusive.
    """

    kind: str
    name: str
    title: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Foreground:
    """The tumors that keep their color.

    Attributes:
        mask: (N,) bool.
    """

    mask: Mask

    @cached_property
    def count(self) -> int:
        """Number of tumors in the foreground."""
        return int(self.mask.sum())

    @cached_property
    def packed(self) -> Packed:
        """The mask as bits, the lowest first."""
        return pack(np.packbits(self.mask, bitorder="little").tobytes())


def of_labels(labels: Labels, values: tuple[str, ...]) -> Foreground:
    """Keep the tumors that have one of some labels; `NOT_GIVEN` stands for none."""
    wanted = np.array([name in values for name in labels.names] + [NOT_GIVEN in values])
    return Foreground(mask=wanted[labels.codes])


def of_states(states: GeneStates, values: tuple[str, ...]) -> Foreground:
    """Keep the tumors in which a gene is in one of some states of `GENE_STATES`."""
    found = {ALTERED: states.altered, WILD_TYPE: states.wild_type}
    found[NOT_PROFILED] = ~states.altered & ~states.wild_type
    mask = np.zeros(len(states.kinds), dtype=bool)
    for value in values:
        mask |= found[value]
    return Foreground(mask=mask)


def of_numbers(values: Floats, low: float | None, high: float | None) -> Foreground:
    """Keep the tumors whose number lies between two bounds; an unknown one never does."""
    mask = np.isfinite(values)
    if low is not None:
        mask &= values >= np.float32(low)
    if high is not None:
        mask &= values <= np.float32(high)
    return Foreground(mask=mask)
