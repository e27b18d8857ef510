"""What if: a tumor with alterations taken away or added, in words for the page. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.compute as pc

from dashboard.explaining import Explainer
from dashboard.explanations import COVARIATE
from dashboard.formatting import percent, percent_interval
from dashboard.predictions import (
    COLUMNS,
    FLAGS,
    NOT_INTERPRETED,
    OUT_OF_DISTRIBUTION,
    STRANGENESS,
    TITLES,
    answers,
    risk_told,
)

if TYPE_CHECKING:
    from engine.tokens import TumorTokens

KINDS_TO_ADD = (
    *("missense", "truncating", "in-frame", "splice", "amplification", "deep deletion", "fusion"),
    *("gain", "loss"),
)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A tumor before and after a change.

    Attributes:
        before: Place on the map as the tumor is, placed as a new one.
        after: Place after the change.
        moved: Distance between them, in map units.
        cosine: Likeness of the two in the full model, 1 is the same.
        predictions: One row per question: `Question`, `As it is`, `Changed`.
        is_strange: Whether the changed tumor is unlike the reference.
    """

    before: tuple[float, float]
    after: tuple[float, float]
    moved: float
    cosine: float
    predictions: pd.DataFrame
    is_strange: bool


def alterations_of(explainer: Explainer, tokens: TumorTokens) -> dict[str, str]:
    """Return key and label of what can be taken away from a tumor."""
    from engine.explaining.alterations import units_of

    units = units_of(tokens, explainer.placer.encoder.vocabulary)
    return {unit.key: unit.label for unit in units if unit.kind != COVARIATE}


def names_to_add(explainer: Explainer, tokens: TumorTokens, kind: str) -> Sequence[str]:
    """Return the genes, or arms, that were looked at for a kind of alteration."""
    from engine.explaining.what_if import genes_to_add

    return genes_to_add(tokens, explainer.placer.encoder.vocabulary, kind)


def change_tumor(
    explainer: Explainer,
    tokens: TumorTokens,
    removed: tuple[str, ...],
    added: tuple[tuple[str, str], ...],
    cancer_type: str | None,
) -> Changed:
    """Change a tumor, place and predict it anew.

    Args:
        explainer: The model and the map.
        tokens: One tumor.
        removed: Keys of what is taken away, as `alterations_of` names them.
        added: Gene and kind, or arm and `gain` or `loss`, of what is added.
        cancer_type: Stated type of the tumor; None where not known.

    Raises:
        ExplanationError: If the change cannot be made.
    """
    from engine.explaining.what_if import Change, what_if

    placer = explainer.placer
    told = what_if(
        placer.encoder,
        tokens,
        Change(removed=removed, added=added),
        placer.map.reference,
        predictor=placer.predictor,
        cancer_type=cancer_type,
    )
    (x0, y0), (x1, y1) = told.placement.coordinates.tolist()
    empty = pd.DataFrame(columns=COLUMNS)
    frames = [empty, empty]
    if told.predictions is not None:
        table = told.predictions
        frames = [table.filter(pc.equal(table["row"], i)).to_pandas() for i in (0, 1)]
    return Changed(
        before=(x0, y0),
        after=(x1, y1),
        moved=told.moved,
        cosine=told.cosine,
        predictions=_beside(*frames),
        is_strange=_is_strange(frames[1]),
    )


def _is_strange(frame: pd.DataFrame) -> bool:
    rows = frame[frame["task"] == STRANGENESS]
    return bool((rows["flag"] == OUT_OF_DISTRIBUTION).any())


def _beside(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    first, second = _lines(before), _lines(after)
    titles = dict.fromkeys([*first, *second])
    rows = [(title, first.get(title, "–"), second.get(title, "–")) for title in titles]  # noqa: RUF001 - the usual sign for nothing
    return pd.DataFrame(rows, columns=["Question", "As it is", "Changed"])


def _lines(frame: pd.DataFrame) -> dict[str, str]:
    """Write the likeliest answer to each question, or why there is none."""
    lines = {}
    for answer in answers(frame):
        hidden = answer.flag in NOT_INTERPRETED
        lines[answer.title] = FLAGS[answer.flag].label if hidden else answer.guesses[0].text
    risk = risk_told(frame)
    if risk is not None:
        hidden = risk.flag in NOT_INTERPRETED
        text = (
            f"hazard above {percent(risk.percentile)} of {risk.type_name} "
            f"({percent_interval(risk.lower, risk.upper)})"
        )
        lines[TITLES["os_risk"]] = FLAGS[risk.flag].label if hidden else text
    return lines
