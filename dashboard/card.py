"""The model card, read from beside the weights without loading torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import engine

WEIGHTS = Path(engine.__file__).parent / "data" / "weights"

TARGETS = {
    "mutation": "Mutation",
    "amplification": "Amplification",
    "deep deletion": "Deep deletion",
    "deletion": "Deep deletion",
    "fusion": "Fusion",
}


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What is known of the installed weights.

    Attributes:
        digest: Model digest, 64 hex characters.
        facts: The card as training wrote it.
    """

    digest: str
    facts: dict[str, Any]

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


def _result(result: dict[str, Any]) -> dict[str, Any]:
    encoder, frequency = result["encoder"], result["type_frequency"]
    return {
        "Hidden alteration": TARGETS.get(result["target"], str(result["target"]).capitalize()),
        "Tumors": result["num_tumors"],
        "Altered": result["num_altered"],
        "Encoder": encoder["auroc"],
        "Encoder low": encoder["auroc_low"],
        "Encoder high": encoder["auroc_high"],
        "Baseline": frequency["auroc"],
        "Baseline low": frequency["auroc_low"],
        "Baseline high": frequency["auroc_high"],
        "Difference": result["difference"],
        "Difference low": result["difference_low"],
        "Difference high": result["difference_high"],
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
    return ModelCard(digest=manifest["model_digest"], facts=facts)
