"""A tumor without some of its alterations: what was profiled stays, what is absent is wild type."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExplanationError
from engine.explaining.alterations import BURDEN, SPECTRUM, Bools, TumorUnits
from engine.kinds import MUTATION_KINDS
from engine.tokens import MUTATIONS, TOKEN_FIELDS, TumorTokens, boundaries
from engine.vocabulary import KIND_NAMES, SUBSTITUTIONS

Burden = Literal["kept", "recomputed"]
IS_MUTATION = np.array([name in map(str, MUTATION_KINDS) for name in KIND_NAMES])


def without(tumor: TumorUnits, absent: Bools, *, burden: Burden = "kept") -> TumorTokens:
    """Make copies of a tumor from which units were removed; what was profiled stays.

    Args:
        tumor: The tumor, U units.
        absent: Which units each copy lacks, (B, U).
        burden: `kept`: burden and spectrum stay as they were measured, a removed mutation counts as
            one outside the vocabulary, and only the units of their own set them to the average of
            the training tumors. `recomputed`: removed mutations are not counted, and those units
            remove the mutations outside the vocabulary.

    Returns:
        B tumors. What is computed from copy number always follows what is left.

    Raises:
        ExplanationError: If burden and spectrum are to be kept and `tumor.background` is not there.
    """
    tokens, present = tumor.tokens, ~np.asarray(absent, dtype=bool)
    copies = tokens.take(np.zeros(len(present), dtype=np.int64))
    kept = present[:, tumor.unit_of_token]
    columns = np.nonzero(kept)[1]
    outside, spectrum = _outside(tumor, present, kept, burden)
    digest = hashlib.sha256(f"{tokens.input_digests[0]} {burden}".encode()).digest()
    return replace(
        copies,
        cu_tokens=boundaries(kept.sum(1)),
        copy_level=_levels(tumor, present),
        outside_burden=outside.astype(np.float32),
        outside_spectrum=spectrum.astype(np.float32),
        input_digests=tuple(
            hashlib.sha256(digest + np.packbits(row).tobytes()).hexdigest() for row in present
        ),
        **{name: getattr(tokens, name)[columns] for name in TOKEN_FIELDS},
    )


def _levels(tumor: TumorUnits, present: Bools) -> NDArray[np.int8]:
    """Tell the copy number of each gene of each copy, (B, G)."""
    told = tumor.tokens.copy_level[0]
    levels = np.zeros((len(present), len(told)), dtype=np.int8)
    for carrier, most in ((tumor.shallow_unit, 1), (tumor.deep_unit, 2)):
        genes = np.flatnonzero(carrier >= 0)
        seen = present[:, carrier[genes]]
        levels[:, genes] = np.where(seen, np.clip(told[genes], -most, most), levels[:, genes])
    return levels


def _outside(
    tumor: TumorUnits, present: Bools, kept: Bools, burden: Burden
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count mutations outside the vocabulary, (B,), and by substitution class, (B, S)."""
    tokens, background = tumor.tokens, tumor.background
    classes = np.eye(len(SUBSTITUTIONS) + 1)[tokens.substitution, 1:]
    is_mutation = IS_MUTATION[tokens.kind].astype(float)
    seen, all_seen = kept @ is_mutation, is_mutation.sum()
    by_class, all_by_class = kept @ classes, classes.sum(0)
    has_burden, has_spectrum = (_has(tumor, present, name) for name in (BURDEN, SPECTRUM))
    outside = np.full(len(present), float(tokens.outside_burden[0]))
    spectrum = np.repeat(tokens.outside_spectrum.astype(float), len(present), axis=0)
    if burden == "recomputed":
        return outside * has_burden, spectrum * has_spectrum[:, None]
    if background is None:
        raise ExplanationError(
            "A tumor without a background was found where burden and spectrum are to be kept. Make "
            "it with `dissect`, or have them recomputed."
        )
    profiled = tokens.panel_masks[tokens.panel[0, MUTATIONS]]
    average = background.burden_per_mb * (
        tokens.outside_mb[0] + background.coding_mb[profiled].sum()
    )
    outside = np.where(has_burden, outside + all_seen, average) - seen
    counted = spectrum + all_by_class
    usual = background.spectrum * counted.sum(1, keepdims=True)
    return outside, np.where(has_spectrum[:, None], counted, usual) - by_class


def _has(tumor: TumorUnits, present: Bools, name: str) -> Bools:
    number = tumor.number(name)
    return present[:, number] if number >= 0 else np.ones(len(present), dtype=bool)
