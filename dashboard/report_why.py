"""Why, for a report: a stored explanation, or one that takes well under a second."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.card import ModelCard
from dashboard.cases import Case
from dashboard.explanations import COVARIATE, Asked, Explanation, UnitTold
from dashboard.predictions import NOT_INTERPRETED, answers
from dashboard.report import PartTold, WhyTold
from engine.progress import Progress

if TYPE_CHECKING:
    from dashboard.explaining import Explainer
    from engine.tokens import TumorTokens

CAREFUL = "It explains the model, not the biology."
CHOSEN = "Pairs were chosen for being large, so they look larger than they are."
NO_PAIRS = "Pairs were not computed for this report: open the Patient page for them."
MOST_AT_ONCE = 24
"""Alterations with which the whole explanation, pairs included, takes under a second."""


def choose_asked(case: Case, card: ModelCard | None) -> Asked | None:
    """Choose what a report explains: the likeliest class of the first answer that may be read.

    Args:
        case: The tumor.
        card: Card of the weights; heads that the user trained are not explained.

    Returns:
        The number; None where there is none.
    """
    if case.out_of_distribution or card is None:
        return None
    tasks = card.heads.get("tasks", {})
    for answer in answers(case.predictions):
        if answer.task in tasks and answer.flag not in NOT_INTERPRETED:
            likeliest = max(answer.probabilities, key=lambda name: answer.probabilities[name])
            return Asked(task=answer.task, class_name=likeliest)
    return None


def tell_stored(stored: Explanation | None) -> WhyTold | None:
    """Write a stored explanation as a report holds it.

    Args:
        stored: As `dashboard.explanations.from_rows` reads it; None where there is none.

    Returns:
        What it says; None where it holds gradients alone though the tumor has so few alterations
        that all of it is computed at once.
    """
    if stored is None or (stored.pairs is None and len(stored.methods[0].units) <= MOST_AT_ONCE):
        return None
    return tell_why(stored)


def tell_why(told: Explanation) -> WhyTold:
    """Write an explanation as a report holds it: its first method and the strongest pairs."""
    said = told.methods[0]
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


def explain_fast(explainer: Explainer, tokens: TumorTokens, asked: Asked) -> WhyTold | None:
    """Explain a number at once: with pairs where alterations are few, else by gradients alone.

    Args:
        explainer: The model in memory.
        tokens: The tumor.
        asked: The number.

    Returns:
        The explanation; None where nothing is known of the tumor.
    """
    from engine.explaining.alterations import units_of

    if len(units_of(tokens, explainer.placer.encoder.vocabulary)) <= MOST_AT_ONCE:
        return tell_why(explainer.explain_briefly(tokens, asked))
    said = explainer.attribute(tokens, asked)
    if said is None:
        return None
    return tell_why(Explanation(asked=asked, methods=(said,), pairs=None))


def explain_fast_apart(
    home: Path, tumor: tuple[str, str], asked: Asked, progress: Progress
) -> WhyTold | None:
    """Explain a stored tumor with a model loaded for it: what a child process is asked for.

    Args:
        home: The TumorXY home; nothing is written there.
        tumor: Study and sample.
        asked: The number.
        progress: Told how far the work is.
    """
    from dashboard.explaining import Explainer, tables_of_sample
    from dashboard.service import Service

    progress("Loading the model", 0, 1)
    service = Service(home)
    explainer = Explainer.of(service.placer())
    with service.store.read() as reader:
        tables = tables_of_sample(reader, *tumor)
    return explain_fast(explainer, explainer.placer.encoder.tokenize(tables), asked)
