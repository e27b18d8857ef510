"""Base changes: what an alteration does to the reference allele."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.vocabulary import SUBSTITUTIONS

Array = npt.NDArray[Any]

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


def substitution_classes(reference: pa.ChunkedArray, tumor: pa.ChunkedArray) -> Array:
    """Classify base changes.

    Args:
        reference: Reference alleles, (K,), text, `-` for an insertion, null unknown.
        tumor: Tumor alleles, (K,), text, `-` for a deletion, null unknown.

    Returns:
        Class of each change, (K,), int8: 1 + index in SUBSTITUTIONS, 0 unknown.
    """
    codes, changes = encode(pc.binary_join_element_wise(reference, tumor, ">"))
    classes = [_substitution_class(change) for change in changes] + [0]
    return np.array(classes, dtype=np.int8)[codes]


def _substitution_class(change: str) -> int:
    reference, _, tumor = change.partition(">")
    if reference == "-" or len(reference) < len(tumor):
        name = "insertion"
    elif tumor == "-" or len(tumor) < len(reference):
        name = "deletion"
    elif len(reference) > 1:
        name = "several bases"
    elif reference in "AG":
        name = f"{COMPLEMENT[reference]}>{COMPLEMENT.get(tumor, '?')}"
    else:
        name = change
    return SUBSTITUTIONS.index(name) + 1 if name in SUBSTITUTIONS else 0


def encode(column: pa.ChunkedArray) -> tuple[Array, list[Any]]:
    """Dictionary-encode a text column.

    Returns:
        Codes, (K,), int64, -1 for null, and the distinct values.
    """
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()
