"""Cards of the heads that the user trained, read without loading torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from dashboard.outcomes import OwnHeadSummary
from engine.errors import WeightsError

HEAD, CARD = "head.safetensors", "card.json"
VERSION_LENGTH = 12
"""Hex characters of the digest of a head that tell it from an earlier one of the same name."""
COPIED = ("task", "num_tumors", "num_patients", "num_by_class", "num_by_study", "beats_simple")


def cards_in(folder: Path) -> list[Path]:
    """Return the cards of a folder of heads, by name; it need not exist."""
    return sorted(folder.glob(f"[a-z]*/{CARD}")) if folder.is_dir() else []


def read_summaries(folder: Path) -> tuple[OwnHeadSummary, ...]:
    """Read the cards of a folder of heads.

    Args:
        folder: Folder of the heads, one folder each; it need not exist.

    Returns:
        The heads, by name, those of other models too.

    Raises:
        WeightsError: If one of them is damaged.
    """
    return tuple(read_summary(card.parent) for card in cards_in(folder))


def read_summary(directory: Path) -> OwnHeadSummary:
    """Read the card of a head and compare its weights with the digest on it.

    Args:
        directory: Folder of the head.

    Raises:
        WeightsError: If the card or the weights are missing or damaged.
    """
    try:
        card = _card(directory)
        found = hashlib.sha256((directory / HEAD).read_bytes()).hexdigest()
        if found != card["sha256"]:
            raise _damaged(directory, "its weights differ from the digest on its card")
        figures = card["cross_validated"]
        return OwnHeadSummary(
            **{name: card[name] for name in COPIED},
            classes=tuple(card["classes"]),
            auroc=figures["auroc"],
            accuracy=figures["accuracy"],
            ece=figures["ece"],
            baselines=card["baselines"],
            differences=card["differences"],
            verdict=card["verdict"],
            model_digest=card["model_digest"],
            created_at=card["created_at"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(directory, type(error).__name__) from error


def _damaged(directory: Path, reason: str) -> WeightsError:
    return WeightsError(
        f"Your head {directory.name} is damaged or was changed ({reason}). Train it again with "
        f"`tumorxy finetune`, or delete it with `tumorxy finetune --remove {directory.name}`."
    )


def trained_on(directory: Path) -> str | None:
    """Return the digest of the model that a head reads; None where its card does not tell."""
    try:
        digest = _card(directory)["model_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(digest)


def head_versions(folder: Path) -> dict[str, str]:
    """Tell one head of a name from an earlier one: by task, the start of its digest.

    Args:
        folder: Folder of the heads, one folder each; it need not exist.
    """
    cards = (_card(card.parent) for card in cards_in(folder))
    return {str(card["task"]): str(card["sha256"])[:VERSION_LENGTH] for card in cards}


def _card(directory: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((directory / CARD).read_text(encoding="utf-8"))
    return card
