"""Predictions of the heads in words, one answer for each question. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

COLUMNS = ["task", "class", "probability", "lower", "upper", "flag"]
"""Columns of the long form in which predictions are stored."""

NOT_APPLICABLE = "not_applicable"
UNCERTAIN = "uncertain"
OUT_OF_DISTRIBUTION = "out_of_distribution"
STRANGENESS = "strangeness"
"""Task of the rows that say how unlike the reference a tumor is; no question of its own."""
PANEL_TOO_SMALL = "panel_too_small"
NOT_INTERPRETED = [OUT_OF_DISTRIBUTION, PANEL_TOO_SMALL]
"""Flags with which no class is shown on a map."""

MOST_CLASSES = 3

QUESTIONS = {
    "cancer_type": "Cancer type",
    "msi": "Microsatellites",
    "pam50": "PAM50 subtype of breast cancer",
    "hpv": "HPV in head, neck or cervix",
    "bladder_basal_luminal": "Subtype of bladder cancer",
}
"""Titles of the questions, in the order in which they are shown."""

TCGA_TYPES = {
    "ACC": "Adrenocortical carcinoma",
    "BLCA": "Bladder urothelial carcinoma",
    "BRCA": "Breast carcinoma",
    "CESC": "Cervical carcinoma",
    "CHOL": "Cholangiocarcinoma",
    "COAD": "Colon adenocarcinoma",
    "DLBC": "Diffuse large B-cell lymphoma",
    "ESCA": "Esophageal carcinoma",
    "GBM": "Glioblastoma",
    "HNSC": "Head and neck squamous cell carcinoma",
    "KICH": "Chromophobe renal cell carcinoma",
    "KIRC": "Clear cell renal cell carcinoma",
    "KIRP": "Papillary renal cell carcinoma",
    "LAML": "Acute myeloid leukemia",
    "LGG": "Lower-grade glioma",
    "LIHC": "Hepatocellular carcinoma",
    "LUAD": "Lung adenocarcinoma",
    "LUSC": "Lung squamous cell carcinoma",
    "MESO": "Mesothelioma",
    "OV": "Ovarian serous carcinoma",
    "PAAD": "Pancreatic adenocarcinoma",
    "PCPG": "Pheochromocytoma or paraganglioma",
    "PRAD": "Prostate adenocarcinoma",
    "READ": "Rectum adenocarcinoma",
    "SARC": "Sarcoma",
    "SKCM": "Cutaneous melanoma",
    "STAD": "Stomach adenocarcinoma",
    "TGCT": "Testicular germ cell tumor",
    "THCA": "Thyroid carcinoma",
    "THYM": "Thymoma",
    "UCEC": "Endometrial carcinoma",
    "UCS": "Uterine carcinosarcoma",
    "UVM": "Uveal melanoma",
}
"""TCGA study codes in words."""

_CLASSES = {
    "cancer_type": TCGA_TYPES,
    "msi": {"high": "MSI-high", "stable": "Stable"},
    "hpv": {"positive": "HPV-positive", "negative": "HPV-negative"},
    "bladder_basal_luminal": {"Basal_squamous": "Basal or squamous", "Luminal": "Luminal"},
}


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
        interval = f"{self.lower:.0%} to {self.upper:.0%}"
        return f"{self.name}: {self.probability:.0%} ({interval})"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a head says to one question.

    Attributes:
        task: Name of the question in the store.
        title: The question.
        guesses: The likeliest classes, the likeliest first.
        flag: `ok`, `uncertain` or `out_of_distribution`.
    """

    task: str
    title: str
    guesses: tuple[Guess, ...]
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
        if flag != NOT_APPLICABLE:
            found.append((str(task), flag, rows))
    order = {task: place for place, task in enumerate(QUESTIONS)}
    found.sort(key=lambda item: order.get(item[0], len(order)))
    return tuple(
        Answer(task=task, title=QUESTIONS.get(task, task), guesses=_guesses(task, rows), flag=flag)
        for task, flag, rows in found
    )


def _guesses(task: str, rows: pd.DataFrame) -> tuple[Guess, ...]:
    words = _CLASSES.get(task, {})
    likeliest = rows.sort_values("probability", ascending=False, kind="stable").head(MOST_CLASSES)
    return tuple(
        Guess(
            name=words.get(row["class"], row["class"]),
            probability=float(row["probability"]),
            lower=float(row["lower"]),
            upper=float(row["upper"]),
        )
        for _, row in likeliest.iterrows()
    )
