"""The model card, read from beside the weights without loading torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import engine
from engine.errors import WeightsError

if TYPE_CHECKING:
    from engine.evaluation.rows import Evaluation
    from engine.survival import RiskHead

WEIGHTS = Path(engine.__file__).parent / "data" / "weights"
CARD, MANIFEST, HEADS, CONFORMAL = "card.json", "manifest.json", "heads.json", "conformal.json"
RISK = ("risk.json", "risk.safetensors")
EVALUATION = "evaluation.json"
PARTS = {"test": "Test", "validation": "Validation"}
"""Parts of the patients that figures are told of, the most telling first."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What is known of the installed weights.

    Attributes:
        digest: Model digest, 64 hex characters.
        facts: The card as training wrote it.
        heads: The card of the heads; empty when none are shipped.
        thresholds: By task, the least probability of a class in the set of classes that holds
            the true one for 95 of 100 tumors.
        risk: The survival head; None when none is shipped.
        evaluation: The evidence beside the weights, of whichever model; None when there is none.
    """

    digest: str
    facts: dict[str, Any]
    heads: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    risk: RiskHead | None = None
    evaluation: Evaluation | None = None

    @property
    def evidence(self) -> Evaluation | None:
        """The evidence for these weights; None when there is none, or it is of another model."""
        found = self.evaluation
        return found if found is not None and found.model_digest == self.digest else None

    @property
    def training(self) -> pd.DataFrame:
        """Tumors by study and part; columns `Study`, `Training`, `Validation`, `Test`, `All`."""
        rows = [
            {
                "Study": study,
                "Training": parts.get("train", 0),
                "Validation": parts.get("validation", 0),
                "Test": parts.get("test", 0),
                "All": sum(parts.values()),
            }
            for study, parts in self.facts.get("studies", {}).items()
        ]
        return pd.DataFrame(rows, columns=["Study", "Training", "Validation", "Test", "All"])

    @property
    def reconstruction_part(self) -> str:
        """Whose patients `reconstruction` tells of: `test`, or `validation`; empty for nobody's."""
        told = self.facts.get("reconstruction", {})
        return next((part for part in PARTS if told.get(part)), "")

    @property
    def reconstruction(self) -> pd.DataFrame:
        """How well hidden genes are told, one row per kind of alteration."""
        results = self.facts.get("reconstruction", {}).get(self.reconstruction_part, [])
        return pd.DataFrame([_result(result) for result in results])


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

    Raises:
        WeightsError: If the survival head or the evidence beside the weights cannot be read.
    """
    try:
        facts, manifest = (_read_json(directory / name) for name in (CARD, MANIFEST))
    except FileNotFoundError:
        return None
    return ModelCard(
        digest=manifest["model_digest"],
        facts=facts,
        heads=_read_if_there(directory / HEADS),
        thresholds=_read_if_there(directory / CONFORMAL).get("thresholds", {}),
        risk=_read_risk(directory),
        evaluation=_read_evaluation(directory / EVALUATION),
    )


def _read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _read_if_there(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.is_file() else {}


def _read_risk(directory: Path) -> RiskHead | None:
    from engine.survival import RiskHead

    files = [directory / name for name in RISK]
    if not all(file.is_file() for file in files):
        return None
    return RiskHead.parse({file.name: file.read_bytes() for file in files})


def _read_evaluation(path: Path) -> Evaluation | None:
    from engine.evaluation.rows import Evaluation

    if not path.is_file():
        return None
    try:
        return Evaluation.read(path)
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"The evidence in {path.name} cannot be read ({type(error).__name__}). Measure it "
            "again with `tumorxy evaluate`, or reinstall TumorXY."
        ) from error
