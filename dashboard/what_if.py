"""What if: a tumor with alterations taken away or added, in words for the page. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

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
    from engine.explaining.what_if import Predict, Seen
    from engine.readout import Readout
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


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """A tumor as it is, so that each change computes the changed tumor only.

    Attributes:
        seen: As the model sees it.
        lines: The answer to each question.
        cancer_type: Its stated type; None where not known.
    """

    seen: Seen
    lines: dict[str, str]
    cancer_type: str | None


def see_unchanged(explainer: Explainer, tokens: TumorTokens, cancer_type: str | None) -> Unchanged:
    """Embed, place and predict a tumor as it is.

    Args:
        explainer: The model and the map.
        tokens: One tumor.
        cancer_type: Its stated type; None where not known.
    """
    from engine.explaining.what_if import see

    placer = explainer.placer
    seen = see(placer.encoder, tokens, placer.map.reference, _predict(explainer, cancer_type))
    return Unchanged(seen=seen, lines=_lines(_frame(seen)), cancer_type=cancer_type)


def change_tumor(
    explainer: Explainer,
    unchanged: Unchanged,
    removed: tuple[str, ...],
    added: tuple[tuple[str, str], ...],
) -> Changed:
    """Change a tumor, place and predict it anew.

    Args:
        explainer: The model and the map.
        unchanged: The tumor as it is.
        removed: Keys of what is taken away, as `alterations_of` names them.
        added: Gene and kind, or arm and `gain` or `loss`, of what is added.

    Raises:
        ExplanationError: If the change cannot be made.
    """
    from engine.explaining.what_if import Change, what_if

    placer = explainer.placer
    told = what_if(
        placer.encoder,
        unchanged.seen,
        Change(removed=removed, added=added),
        placer.map.reference,
        _predict(explainer, unchanged.cancer_type),
    )
    frame = _frame(told.after)
    (x0, y0), (x1, y1) = told.before.place.tolist(), told.after.place.tolist()
    return Changed(
        before=(x0, y0),
        after=(x1, y1),
        moved=told.moved,
        cosine=told.cosine,
        predictions=_beside(unchanged.lines, _lines(frame)),
        is_strange=_is_strange(frame),
    )


def _predict(explainer: Explainer, cancer_type: str | None) -> Predict:
    def predict(tokens: TumorTokens, readout: Readout) -> pa.Table:
        return explainer.placer.predict(tokens, readout, [cancer_type] * len(tokens))

    return predict


def _frame(seen: Seen) -> pd.DataFrame:
    return (
        pd.DataFrame(columns=COLUMNS) if seen.predictions is None else seen.predictions.to_pandas()
    )


def _is_strange(frame: pd.DataFrame) -> bool:
    rows = frame[frame["task"] == STRANGENESS]
    return bool((rows["flag"] == OUT_OF_DISTRIBUTION).any())


def _beside(first: dict[str, str], second: dict[str, str]) -> pd.DataFrame:
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
