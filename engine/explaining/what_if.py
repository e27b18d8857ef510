"""What if: a tumor with alterations taken away or added, placed and predicted anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.embed import Encoder
from engine.errors import ExplanationError
from engine.explaining.alterations import SHALLOW, TumorUnits, units_of
from engine.explaining.removal import without
from engine.kinds import Kind
from engine.placement import Reference, place
from engine.readout import Readout
from engine.tokens import (
    COPY_NUMBER,
    FUSIONS,
    MUTATIONS,
    TOKEN_FIELDS,
    TumorTokens,
    boundaries,
)
from engine.vocabulary import KIND_NAMES, Vocabulary

LEVEL_OF = {str(Kind.AMPLIFICATION): 2, str(Kind.DEEP_DELETION): -2}
STEP_OF = {name: step for step, name in SHALLOW.items()}
MODALITY = dict.fromkeys(LEVEL_OF, COPY_NUMBER) | {str(Kind.FUSION): FUSIONS}
UNKNOWN_DETAILS = {"substitution": 0, "residue": -1.0, "vaf": -1.0, "indel": 0.0, "hotspot": 0.0}
MODALITY_NAMES = ("mutations", "copy number", "fusions")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is changed in a tumor.

    Args:
        removed: Keys of the units taken away, as `Unit.key`.
        added: Alterations added: gene and kind, or arm and `gain` or `loss`.
    """

    removed: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One tumor as the model sees it.

    Args:
        tokens: The tumor.
        embedding: Its embedding, (D,), float32, unit length.
        place: Where it lies on the map, (2,).
        predictions: Rows of `engine.heads.PREDICTIONS`, `row` 0; None where nothing is predicted.
    """

    tokens: TumorTokens
    embedding: NDArray[np.float32]
    place: NDArray[np.float32]
    predictions: pa.Table | None


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A tumor before and after a change."""

    before: Seen
    after: Seen

    @property
    def moved(self) -> float:
        """Distance between the two points on the map, in its units."""
        return float(np.linalg.norm(self.after.place - self.before.place))

    @property
    def cosine(self) -> float:
        """Cosine between the two embeddings, -1..1; the map can show less or more than this."""
        return float(self.before.embedding @ self.after.embedding)


Predict = Callable[[TumorTokens, Readout], pa.Table]
"""Predicts tumors: rows of `engine.heads.PREDICTIONS`."""


def see(
    encoder: Encoder, tokens: TumorTokens, reference: Reference, predict: Predict | None = None
) -> Seen:
    """Embed, place and predict one tumor.

    Args:
        encoder: The encoder.
        tokens: One tumor.
        reference: The map.
        predict: Predicts it; nothing is predicted when None.
    """
    readout = encoder.read(tokens)
    return Seen(
        tokens=tokens,
        embedding=readout.embeddings[0],
        place=place(readout.embeddings, reference).coordinates[0],
        predictions=predict and predict(tokens, readout),
    )


def what_if(
    encoder: Encoder,
    before: Seen,
    change: Change,
    reference: Reference,
    predict: Predict | None = None,
) -> WhatIf:
    """Change a tumor and tell what follows; only the changed tumor is computed.

    Args:
        encoder: The encoder.
        before: The tumor, as `see` told it with the same map.
        change: What is changed.
        reference: The map.
        predict: Predicts the changed tumor; nothing is predicted when None.

    Returns:
        The tumor before and after.

    Raises:
        ExplanationError: If the change cannot be made.
    """
    if change == Change():
        return WhatIf(before=before, after=before)
    after = changed(before.tokens, change, encoder.vocabulary)
    return WhatIf(before=before, after=see(encoder, after, reference, predict))


def changed(tokens: TumorTokens, change: Change, vocabulary: Vocabulary) -> TumorTokens:
    """Change a tumor as if it had been sequenced so: burden and covariates follow.

    Args:
        tokens: One tumor.
        change: What is changed. An added mutation has no position, base change or allele fraction.
        vocabulary: The encoder's vocabulary.

    Returns:
        The changed tumor.

    Raises:
        ExplanationError: If the tumor has no such unit, or the gene or kind is not known or was not
            looked at.
    """
    tumor = TumorUnits(tokens=tokens, units=units_of(tokens, vocabulary))
    keys = [unit.key for unit in tumor.units]
    unknown = [key for key in change.removed if key not in keys]
    if unknown:
        raise ExplanationError(
            f"The tumor has no {' and no '.join(map(repr, unknown))}, so it cannot be removed. It "
            f"has {', '.join(keys)}."
        )
    absent = np.array([[key in change.removed for key in keys]], dtype=bool)
    left = without(tumor, absent.reshape(1, len(keys)), burden="recomputed")
    for name, kind in change.added:
        left = _add(left, name, kind, vocabulary)
    return left


def _add(tokens: TumorTokens, name: str, kind: str, vocabulary: Vocabulary) -> TumorTokens:
    if kind in STEP_OF:
        return _add_arm(tokens, name, kind, vocabulary)
    if kind not in KIND_NAMES:
        known = ", ".join((*KIND_NAMES, *STEP_OF))
        raise ExplanationError(f"The kind {kind!r} was to be added. Choose one of {known}.")
    if name not in vocabulary.index:
        raise ExplanationError(
            f"The gene {name!r} was to be added, which the encoder does not know. Choose one of "
            f"its {len(vocabulary.genes)} genes."
        )
    gene = vocabulary.index[name]
    _check_profiled(tokens, np.array([gene]), name, MODALITY.get(kind, MUTATIONS))
    levels = tokens.copy_level.copy()
    if kind in LEVEL_OF and tokens.graded[0]:
        levels[0, gene] = LEVEL_OF[kind]
    return replace(_with_token(tokens, gene, kind, vocabulary), copy_level=levels)


def _with_token(tokens: TumorTokens, gene: int, kind: str, vocabulary: Vocabulary) -> TumorTokens:
    """Append a token without details, and put all tokens in canonical order."""
    position = int(vocabulary.linear_start("GRCh37")[gene])
    told = UNKNOWN_DETAILS | {"gene": gene, "kind": KIND_NAMES.index(kind), "position": position}
    columns: dict[str, Any] = {
        field: np.append(
            getattr(tokens, field), np.array(told[field], getattr(tokens, field).dtype)
        )
        for field in TOKEN_FIELDS
    }
    order = np.lexsort([columns[field] for field in reversed(TOKEN_FIELDS)])
    return replace(
        tokens,
        cu_tokens=boundaries(np.array([len(order)])),
        **{field: values[order] for field, values in columns.items()},
    )


def _add_arm(tokens: TumorTokens, arm: str, kind: str, vocabulary: Vocabulary) -> TumorTokens:
    """Give every gene of an arm that has two copies one more, or one less."""
    if arm not in vocabulary.arm_names:
        raise ExplanationError(
            f"The arm {arm!r} was to be added. Choose one of {', '.join(vocabulary.arm_names)}."
        )
    if not tokens.graded[0]:
        raise ExplanationError(
            f"A {kind} of {arm} was to be added, and single copies were not reported for this "
            "tumor. Add an amplification or a deep deletion of a gene."
        )
    genes = np.flatnonzero(vocabulary.arm_of_gene == vocabulary.arm_names.index(arm))
    seen = tokens.panel_masks[tokens.panel[0, COPY_NUMBER]][genes]
    _check_profiled(tokens, genes[seen], arm, COPY_NUMBER)
    levels = tokens.copy_level.copy()
    here = genes[seen & (levels[0, genes] == 0)]
    levels[0, here] = STEP_OF[kind]
    return replace(tokens, copy_level=levels)


def _check_profiled(
    tokens: TumorTokens, genes: NDArray[np.int64], name: str, modality: int
) -> None:
    """Refuse what was not looked at: there "absent" is unknown, and "added" would mean nothing."""
    if not len(genes) or not tokens.panel_masks[tokens.panel[0, modality]][genes].all():
        raise ExplanationError(
            f"{name} was to be added, and it was not looked at for {MODALITY_NAMES[modality]} in "
            "this tumor. Choose one that was."
        )


def genes_to_add(tokens: TumorTokens, vocabulary: Vocabulary, kind: str) -> Sequence[str]:
    """List what may be added to one tumor: genes of a kind, or arms for `gain` and `loss`."""
    if kind in STEP_OF:
        seen = tokens.panel_masks[tokens.panel[0, COPY_NUMBER]] & bool(tokens.graded[0])
        return [
            a for i, a in enumerate(vocabulary.arm_names) if seen[vocabulary.arm_of_gene == i].any()
        ]
    seen = tokens.panel_masks[tokens.panel[0, MODALITY.get(kind, MUTATIONS)]]
    return [vocabulary.genes[i] for i in np.flatnonzero(seen)]
