"""Predictions of the heads in words, one answer for each question. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashboard.formatting import percent, percent_interval

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["task", "class", "probability", "lower", "upper", "flag"]
"""Columns of the long form in which predictions are stored."""

STRANGENESS = "strangeness"
"""Task of the rows that say how unlike the reference a tumor is; no question of its own."""
OS_RISK = "os_risk"
"""Task of the rows that tell the risk within the tumor type; no class is asked for."""

OK, UNCERTAIN = "ok", "uncertain"
OUT_OF_DISTRIBUTION, NOT_APPLICABLE = "out_of_distribution", "not_applicable"
PANEL_TOO_SMALL = "panel_too_small"
NOT_INTERPRETED = [OUT_OF_DISTRIBUTION, PANEL_TOO_SMALL]
"""Flags with which no class is shown."""

MOST_CLASSES = 3


@dataclass(frozen=True, kw_only=True)
class Flag:
    """What a flag is called, and what it means for the reader."""

    label: str
    meaning: str


FLAGS = {
    OK: Flag(
        label="no objection",
        meaning="None of the objections holds. It is a probability still, and no finding.",
    ),
    UNCERTAIN: Flag(
        label="uncertain",
        meaning="The interval of the likeliest answer reaches below one half: do not rely on it.",
    ),
    OUT_OF_DISTRIBUTION: Flag(
        label="unlike the reference",
        meaning="The tumor is unlike the tumors that the model knows, so no probability is shown: "
        "it would not hold.",
    ),
    PANEL_TOO_SMALL: Flag(
        label="panel too small",
        meaning="Fewer than 50 of the genes that the model knows were sequenced, so no "
        "probability is shown: it would not hold.",
    ),
    NOT_APPLICABLE: Flag(
        label="not asked",
        meaning="The question does not concern tumors of this type.",
    ),
}
"""The flags of predictions in words."""

QUESTIONS = {
    "cancer_type": "Cancer type (TCGA)",
    "oncotree_type": "Cancer type (OncoTree)",
    "msi": "Microsatellites",
    "pam50": "PAM50 subtype of breast cancer",
    "breast_basal_luminal": "Breast cancer, basal or luminal",
    "hpv": "HPV in head, neck or cervix",
    "bladder_basal_luminal": "Subtype of bladder cancer",
    "immune_class": "Immune class",
    "icb_response": "Response to checkpoint blockade",
}
"""Titles of the questions of which a class is the answer, in the order in which they are shown."""

THERAPY = ("icb_response", OS_RISK)
"""Tasks about what a treatment does, or how the disease goes; the others ask what the tumor is."""

TITLES = QUESTIONS | {OS_RISK: "Overall survival within the tumor type"}
"""Titles of everything that is predicted."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One class with its calibrated probability and 95% interval, 0..1."""

    name: str
    probability: float
    lower: float
    upper: float

    @property
    def text(self) -> str:
        """Name, probability and interval for a reader."""
        interval = percent_interval(self.lower, self.upper)
        return f"{self.name}: {percent(self.probability)} ({interval})"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a head says to one question.

    Attributes:
        task: Name of the question in the store.
        title: The question.
        guesses: The likeliest classes, the likeliest first.
        flag: One of `FLAGS`, never `not_applicable`.
        probabilities: Of every class, as stored.
    """

    task: str
    title: str
    guesses: tuple[Guess, ...]
    flag: str
    probabilities: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RiskTold:
    """The hazard of death against tumors of the same type.

    Attributes:
        type_name: The type compared with, as stored.
        percentile: Share of its tumors with a lower hazard, 0..1; higher is worse.
        lower: Lower end of the 95% interval of that share.
        upper: Upper end.
        flag: One of `FLAGS`; `uncertain` where the interval holds the type's median.
    """

    type_name: str
    percentile: float
    lower: float
    upper: float
    flag: str


def answers(predictions: pd.DataFrame) -> tuple[Answer, ...]:
    """Group the predictions of one tumor by question.

    Args:
        predictions: Rows of one tumor, columns `COLUMNS`.

    Returns:
        One answer for each question that concerns the tumor.
    """
    found = []
    for task, rows in predictions.groupby("task", sort=False):
        flag = str(rows["flag"].iloc[0])
        if flag != NOT_APPLICABLE and task not in (OS_RISK, STRANGENESS):
            found.append((str(task), flag, rows))
    order = {task: place for place, task in enumerate(QUESTIONS)}
    found.sort(key=lambda item: order.get(item[0], len(order)))
    return tuple(
        Answer(
            task=task,
            title=TITLES.get(task, task),
            guesses=_guesses(task, rows),
            flag=flag,
            probabilities=dict(zip(rows["class"], rows["probability"].astype(float), strict=True)),
        )
        for task, flag, rows in found
    )


def risk_told(predictions: pd.DataFrame) -> RiskTold | None:
    """Take the risk out of the predictions of one tumor; None where none is told.

    Args:
        predictions: Rows of one tumor, columns `COLUMNS`.
    """
    rows = predictions[predictions["task"] == OS_RISK]
    if rows.empty or rows["flag"].iloc[0] == NOT_APPLICABLE:
        return None
    row = rows.iloc[0]
    return RiskTold(
        type_name=str(row["class"]),
        percentile=float(row["probability"]),
        lower=float(row["lower"]),
        upper=float(row["upper"]),
        flag=str(row["flag"]),
    )


def not_asked(predictions: pd.DataFrame) -> tuple[str, ...]:
    """Name the questions that do not concern a tumor, in the order in which they are shown.

    Args:
        predictions: Rows of one tumor, columns `COLUMNS`.
    """
    skipped = set(predictions.loc[predictions["flag"] == NOT_APPLICABLE, "task"])
    return tuple(title for task, title in TITLES.items() if task in skipped)


def _guesses(task: str, rows: pd.DataFrame) -> tuple[Guess, ...]:
    from dashboard.class_names import class_name

    likeliest = rows.sort_values("probability", ascending=False, kind="stable").head(MOST_CLASSES)
    return tuple(
        Guess(
            name=class_name(task, row["class"]),
            probability=float(row["probability"]),
            lower=float(row["lower"]),
            upper=float(row["upper"]),
        )
        for _, row in likeliest.iterrows()
    )
