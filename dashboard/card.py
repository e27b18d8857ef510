"""The model card, read from beside the weights without loading torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import engine
from dashboard.predictions import QUESTIONS

WEIGHTS = Path(engine.__file__).parent / "data" / "weights"


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What is known of the installed weights.

    Attributes:
        digest: Model digest, 64 hex characters.
        facts: The card as training wrote it.
        heads: The card of the heads; empty when none are shipped.
    """

    digest: str
    facts: dict[str, Any]
    heads: dict[str, Any] = field(default_factory=dict)

    @property
    def training(self) -> pd.DataFrame:
        """Tumors by study and part; columns `Study`, `Training`, `Validation`, `Test`."""
        rows = [
            {
                "Study": study,
                "Training": parts.get("train", 0),
                "Validation": parts.get("validation", 0),
                "Test": parts.get("test", 0),
            }
            for study, parts in self.facts.get("studies", {}).items()
        ]
        return pd.DataFrame(rows, columns=["Study", "Training", "Validation", "Test"])

    @property
    def reconstruction(self) -> pd.DataFrame:
        """How well hidden genes of test tumors are told, one row per kind of alteration."""
        results = self.facts.get("reconstruction", {}).get("test", [])
        return pd.DataFrame([_result(result) for result in results])

    @property
    def questions(self) -> pd.DataFrame:
        """How well the heads answer on test tumors, one row per question, numbers as text."""
        tasks = self.heads.get("tasks", {})
        return pd.DataFrame([_question(task, tasks[task]) for task in QUESTIONS if task in tasks])


def _question(task: str, facts: dict[str, Any]) -> dict[str, str]:
    test, numbers = facts["test"], facts["num_tumors"]
    return {
        "Question": QUESTIONS[task],
        "Trained on": f"{numbers['train']:,}",
        "Tested on": f"{numbers['test']:,}",
        "Right": _estimate(test["accuracy"], percent=True),
        "By chance": f"{test['majority_accuracy']:.0%}",
        "AUROC": _estimate(test["auroc"]),
        "Calibration error": _estimate(test["ece"]),
    }


def _estimate(estimate: dict[str, float], *, percent: bool = False) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if percent:
        return f"{value:.0%} ({low:.0%} to {high:.0%})"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _result(result: dict[str, Any]) -> dict[str, Any]:
    encoder, frequency = result["encoder"], result["type_frequency"]
    return {
        "Hidden alteration": str(result["target"]).capitalize(),
        "Tumors": result["num_tumors"],
        "Altered": result["num_altered"],
        "Encoder": encoder["auroc"],
        "Encoder low": encoder["auroc_low"],
        "Encoder high": encoder["auroc_high"],
        "Baseline": frequency["auroc"],
        "Baseline low": frequency["auroc_low"],
        "Baseline high": frequency["auroc_high"],
        "Gain": result["difference"],
        "Gain low": result["difference_low"],
        "Gain high": result["difference_high"],
        "Precision": encoder.get("average_precision"),
        "Baseline precision": frequency.get("average_precision"),
    }


def read_card(directory: Path = WEIGHTS) -> ModelCard | None:
    """Read the card of a model folder.

    Args:
        directory: Folder of the model; the shipped weights by default.

    Returns:
        The card; None when no weights are installed.
    """
    try:
        facts = json.loads((directory / "card.json").read_text(encoding="utf-8"))
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    heads = directory / "heads.json"
    return ModelCard(
        digest=manifest["model_digest"],
        facts=facts,
        heads=json.loads(heads.read_text(encoding="utf-8")) if heads.is_file() else {},
    )
