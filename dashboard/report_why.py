"""Why, for a report: a stored explanation, or one that takes well under a second."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from dashboard.cases import Case
from dashboard.explanations import COVARIATE, SHAPLEY, Asked, Explanation, UnitTold
from dashboard.predictions import NOT_INTERPRETED, answers
from dashboard.report import PartTold, WhyTold

if TYPE_CHECKING:
    from dashboard.explaining import Explainer
    from engine.tokens import TumorTokens

CAREFUL = "It explains the model, not the biology."
CHOSEN = "Pairs were chosen for being large, so they look larger than they are."
NO_PAIRS = "Pairs were not computed for this report: open the Patient page for them."
MOST_AT_ONCE = 24
"""Alterations with which the whole explanation, pairs included, takes under a second."""


def choose_asked(case: Case, tasks: Collection[str]) -> Asked | None:
    """Choose what a report explains: the likeliest class of the first answer that may be read.

    Args:
        case: The tumor.
        tasks: Tasks that can be explained.

    Returns:
        The number; None where there is none.
    """
    if case.out_of_distribution:
        return None
    for answer in answers(case.predictions):
        if answer.task in tasks and answer.flag not in NOT_INTERPRETED:
            likeliest = max(answer.probabilities, key=lambda name: answer.probabilities[name])
            return Asked(task=answer.task, class_name=likeliest)
    return None


def tell_why(told: Explanation) -> WhyTold:
    """Write an explanation as a report holds it: Shapley values and the strongest pairs."""
    said = told.by(SHAPLEY)
    pairs = tuple(
        PartTold(label=f"{pair.first} and {pair.second}", value=pair.value, error=pair.error)
        for pair in (told.pairs.pairs if told.pairs else ())
        if pair.is_clear
    )
    return WhyTold(
        title=told.asked.title,
        method=said.method,
        scale=said.scale,
        baseline=said.baseline,
        genes=_strongest(said.units),
        pairs=pairs,
        caveat=_caveat(told, has_pairs=bool(pairs)),
    )


def _caveat(told: Explanation, *, has_pairs: bool) -> str:
    if told.pairs is None:
        return f"{CAREFUL} {NO_PAIRS}"
    return f"{CAREFUL} {CHOSEN}" if has_pairs else CAREFUL


def _strongest(units: Collection[UnitTold]) -> tuple[PartTold, ...]:
    altered = [unit for unit in units if unit.kind != COVARIATE]
    altered.sort(key=lambda unit: -abs(unit.value))
    return tuple(PartTold(label=unit.label, value=unit.value, error=unit.error) for unit in altered)


def explain_fast(explainer: Explainer, tokens: TumorTokens, asked: Asked) -> WhyTold:
    """Explain a number at once: in full where alterations are few, else by gradients alone.

    Args:
        explainer: The model in memory.
        tokens: The tumor.
        asked: The number.
    """
    from engine.explaining.alterations import units_of

    if len(units_of(tokens, explainer.placer.encoder.vocabulary)) <= MOST_AT_ONCE:
        return tell_why(explainer.explain(tokens, asked))
    from engine.explaining.attribute import integrated_gradients
    from engine.explaining.game import TumorGame
    from engine.explaining.targets import for_head

    assert explainer.placer.predictor is not None  # it told the number that is explained
    heads = {head.task: head for head in explainer.placer.predictor.heads.heads}
    target = for_head(heads[asked.task], asked.class_name)
    said = integrated_gradients(TumorGame.of(explainer.networks, target, tokens))
    units = [
        UnitTold(
            key=unit.key,
            label=unit.label,
            gene=unit.gene,
            kind=unit.kind,
            value=float(value),
            error=None,
        )
        for unit, value in zip(said.units, said.values, strict=True)
    ]
    return WhyTold(
        title=asked.title,
        method=said.method,
        scale=said.scale,
        baseline=said.baseline,
        genes=_strongest(units),
        pairs=(),
        caveat=f"{CAREFUL} {NO_PAIRS}",
    )
