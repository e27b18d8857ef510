"""One label of each of many tumors, kept as numbers: 1 ms to count for 300,000. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Objects = npt.NDArray[np.object_]
Rows = npt.NDArray[np.int64]
MISSING = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """A label of N tumors.

    Attributes:
        names: The categories, the most frequent first, equal ones by name.
        codes: (N,) int32, place in `names`; -1 where it is not given.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        """Number of tumors."""
        return len(self.codes)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Tumors in each category, descending."""
        return self.count(slice(None))

    @property
    def num_missing(self) -> int:
        """Tumors without the label."""
        return int(len(self) - self.counts.sum())

    def count(self, rows: Rows | slice) -> npt.NDArray[np.int64]:
        """Count the tumors of some rows in each category."""
        found: npt.NDArray[np.int64] = np.bincount(
            self.codes[rows] + 1, minlength=len(self.names) + 1
        )[1:].astype(np.int64)
        return found

    def at(self, rows: Rows | slice) -> Objects:
        """Return the labels of some rows as text, None where not given."""
        return self._lookup[self.codes[rows]]

    @property
    def objects(self) -> Objects:
        """The labels of all tumors as text, (N,), None where not given."""
        return self.at(slice(None))

    @cached_property
    def _lookup(self) -> Objects:
        """Names by code; the last one is found under -1."""
        return np.array([*self.names, None], dtype=object)


def encode_labels(values: Sequence[str | None] | Objects) -> Labels:
    """Number the labels of tumors.

    Args:
        values: (N,) text; None, NaN or empty where it is not given.

    Returns:
        The labels.
    """
    codes, names = pd.factorize(np.array(values, dtype=object), use_na_sentinel=True)
    return ranked(codes, [str(name) for name in names])


def ranked(
    codes: npt.NDArray[np.integer], names: Sequence[str], rename: Callable[[str], str] | None = None
) -> Labels:
    """Bring numbered labels into the order of their frequency; empty names count as missing.

    Args:
        codes: (N,) place in `names`, -1 where not given.
        names: Categories in any order.
        rename: Writes a category for a reader; those that become equal are joined.
    """
    written = [rename(name) if rename and name else name for name in names]
    unique = sorted(set(written) - {""})
    place = {name: row for row, name in enumerate(unique)} | {"": MISSING}
    joined = np.array([*(place[name] for name in written), MISSING], dtype=np.int32)[codes]
    counts = np.bincount(joined + 1, minlength=len(unique) + 1)[1:]
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    rank = np.full(len(unique) + 1, MISSING, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Labels(names=tuple(unique[row] for row in order), codes=rank[joined])
