"""What is behind each prediction: tumors, cohorts, calibration, and the figures of its head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dashboard.card import PARTS, ModelCard
from dashboard.predictions import OS_RISK, QUESTIONS
from engine.evaluation.rows import Estimate, Row
from engine.reliability import CALIBRATED_UP_TO

BURDEN = "burden alone"
"""The bar of response: what counting mutations tells without any model."""
ECE, ACCURACY, AUROC = "ECE", "accuracy", "AUROC"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A figure, and whom it was measured on.

    Attributes:
        estimate: The figure with its 95% interval.
        num_tumors: Tumors.
        part: Whose: `test`, `validation`, or external cohorts in words.
    """

    estimate: Estimate
    num_tumors: int
    part: str


@dataclass(frozen=True, kw_only=True)
class HeadFacts:
    """What is behind the answers to a question.

    Attributes:
        task: Name of the question.
        num_tumors: Labeled tumors that the head was fitted on.
        cohorts: Labeled tumors of each study, all parts.
        num_by_class: Labeled tumors of each class, all parts.
        figures: By name (`accuracy`, `AUROC`, `ECE`), the figure on patients not trained on.
        threshold: Least probability of a class in the 95% set; None where there are no sets.
        warning: What limits the head, in a sentence; empty where nothing more must be said.
    """

    task: str
    num_tumors: int
    cohorts: Mapping[str, int]
    num_by_class: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Measured] = field(default_factory=dict)
    threshold: float | None = None
    warning: str = ""

    @property
    def is_calibrated(self) -> bool | None:
        """Whether probabilities may be read as numbers; None where nobody measured it."""
        told = self.figures.get(ECE)
        return None if told is None else told.estimate.value <= CALIBRATED_UP_TO


def head_facts(card: ModelCard | None) -> dict[str, HeadFacts]:
    """Collect what is behind every shipped head that answers with a class.

    Args:
        card: Card of the weights.

    Returns:
        By task, in the order of `QUESTIONS`; empty where no heads are shipped.
    """
    tasks = {} if card is None else card.heads.get("tasks", {})
    return {task: _facts(card, task, tasks[task]) for task in QUESTIONS if card and task in tasks}


def risk_facts(card: ModelCard | None, type_name: str) -> HeadFacts | None:
    """Collect what is behind the risk within a tumor type; None where it is not known.

    Args:
        card: Card of the weights.
        type_name: The type compared with.
    """
    if card is None or card.risk is None:
        return None
    behind = card.risk.card.get("behind", {}).get(type_name)
    if behind is None:
        return None
    return HeadFacts(
        task=OS_RISK,
        num_tumors=behind["num_patients"],
        cohorts=behind["num_by_cohort"],
        num_by_class={"deaths": behind["num_deaths"]},
        warning=_against_age(card),
    )


def hazard_ratio(card: ModelCard | None, type_name: str, percentile: float) -> float | None:
    """Translate a percentile of risk into the hazard of death against the type's median tumor.

    Args:
        card: Card of the weights.
        type_name: The type compared with.
        percentile: Share of its tumors with a lower hazard, 0..1.

    Returns:
        The ratio, 1 for the median; None where the model does not tell the type. At 0 and 1 it is
        the last that training tumors reached: the true one may lie beyond.
    """
    if card is None or card.risk is None or type_name not in card.risk.types:
        return None
    levels = card.risk.levels[card.risk.types.index(type_name)]
    return float(np.exp(np.interp(percentile, np.linspace(0, 1, len(levels)), levels)))


def class_set(facts: HeadFacts, probabilities: Mapping[str, float]) -> tuple[str, ...]:
    """Name the classes that hold the true one for 95 of 100 tumors, the likeliest first.

    Args:
        facts: What is behind the head.
        probabilities: Of every class.

    Returns:
        At least the likeliest class; empty where the head has no sets.
    """
    if facts.threshold is None:
        return ()
    likeliest = sorted(probabilities, key=lambda name: -probabilities[name])
    return tuple(
        name
        for place, name in enumerate(likeliest)
        if place == 0 or probabilities[name] >= facts.threshold
    )


def _facts(card: ModelCard, task: str, told: Mapping[str, Any]) -> HeadFacts:
    numbers = told.get("num_tumors", {})
    rows = [row for row in card.evidence.rows if row.task == task] if card.evidence else []
    return HeadFacts(
        task=task,
        num_tumors=numbers.get("train", told.get("num_labeled", 0)),
        cohorts=told.get("num_by_cohort", {}),
        num_by_class=told.get("num_by_class", {}),
        figures=_from_card(told) | _from_evidence(rows),
        threshold=card.thresholds.get(task),
        warning=_against_burden(rows),
    )


def _from_card(told: Mapping[str, Any]) -> dict[str, Measured]:
    """Read the figures that fitting wrote: of test patients, else of validation patients."""
    parts = told.get("test") or {}
    part = next((name for name in PARTS if name in parts), None)
    if part is None:
        return {}
    figures = parts[part]
    return {
        name: Measured(
            estimate=Estimate(**figures[name.lower()]), num_tumors=figures["num_tumors"], part=part
        )
        for name in (ACCURACY, AUROC, ECE)
        if name.lower() in figures
    }


def _from_evidence(rows: list[Row]) -> dict[str, Measured]:
    """Read the figures of the evidence, tumors seen as they were measured; pooled where they are.

    Of several rows of one figure the one on most tumors counts.
    """
    found: dict[str, Measured] = {}
    for row in sorted(rows, key=lambda row: row.num_tumors):
        if row.metric in (ACCURACY, AUROC, ECE) and row.view == "as measured":
            found[row.metric] = Measured(
                estimate=row.ours, num_tumors=row.num_tumors, part=row.part
            )
    return found


def _against_age(card: ModelCard) -> str:
    """Name the cohorts in which something simpler ranks patients as well as the risk does."""
    rows = [row for row in card.evidence.rows if row.task == OS_RISK] if card.evidence else []
    behind = [
        f"{_whose(row)} ({row.ours.value:.2f} against {best.value:.2f} for {row.best_baseline})"
        for row in rows
        if (best := row.baselines.get(row.best_baseline or "")) and best.value >= row.ours.value
    ]
    told = "; ".join(behind)
    return f"It ranks patients no better than simpler means do: {told}." if told else ""


def _whose(row: Row) -> str:
    return row.part.replace("test, ", "test patients of ")


def _against_burden(rows: list[Row]) -> str:
    """Say how a head that burden alone may beat does against it, over all cohorts together."""
    pooled = [row for row in rows if row.metric == AUROC and "pooled" in row.part]
    if not pooled or BURDEN not in pooled[0].baselines:
        return ""
    row = pooled[0]
    beyond = next((r.ours for r in rows if r.metric.startswith("AUROC beyond")), None)
    is_ahead = beyond is not None and beyond.low is not None and beyond.low > 0
    verdict = "It is ahead of" if is_ahead else "It is not shown to be better than"
    return (
        f"{verdict} counting mutations: in {row.num_tumors} patients of cohorts that it was not "
        f"fitted on, AUROC {row.ours.value:.2f} against {row.baselines[BURDEN].value:.2f} for the "
        "burden alone."
    )
