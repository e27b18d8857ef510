"""Altering kinds as bits, so that those of many tumors fit into one array. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.kinds import ALTERING_KINDS

BITS = {kind.value: 1 << place for place, kind in enumerate(ALTERING_KINDS)}
"""Bit of each altering kind, by its name."""


def kind_bits(kinds: pa.ChunkedArray) -> npt.NDArray[np.uint16]:
    """Write lists of altering kinds as bits.

    Args:
        kinds: (T,) list of kinds, none of them twice.

    Returns:
        (T,) uint16, the sum of `BITS`; 0 for an empty list.
    """
    lists = kinds.combine_chunks()
    owners = pc.list_parent_indices(lists).to_numpy()
    encoded = lists.flatten().dictionary_encode()
    values = np.array([BITS[kind] for kind in encoded.dictionary.to_pylist()], dtype=np.float64)
    # Kinds of a tumor are distinct, so that the sum of their bits is their union.
    sums = np.bincount(owners, weights=values[encoded.indices.to_numpy()], minlength=len(lists))
    return sums.astype(np.uint16)
