"""Weights on disk: a folder of safetensors, settings, vocabulary, cards and a manifest of digests.

The model digest is the SHA-256 of the manifest's digests: encoder, adapter, heads and everything
else that a prediction depends on. Every derived row carries it, and nothing is loaded whose bytes
differ from the manifest. Digests are read and verified without torch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import EncoderConfig
from engine.errors import WeightsError
from engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from engine.model import TumorEncoder

SHIPPED = Path(__file__).parent / "data" / "weights"
WEIGHTS, CONFIG, VOCABULARY = "encoder.safetensors", "config.json", "vocabulary.json"
CARD, MANIFEST = "card.json", "manifest.json"
NEEDED = (WEIGHTS, CONFIG, VOCABULARY)
EVALUATION = "evaluation.json"
DESCRIPTIONS = (CARD, MANIFEST, EVALUATION)
"""Files that say something of the model and change nothing that it tells."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """An encoder ready to run, with its identity."""

    model: TumorEncoder
    vocabulary: Vocabulary
    digest: str  # 64 hex characters
    card: dict[str, Any]
    contents: dict[str, bytes]  # of every digested file, by name


def save_model(
    directory: Path, model: TumorEncoder, vocabulary: Vocabulary, card: dict[str, Any]
) -> str:
    """Write a model folder.

    Args:
        directory: Folder to write; made if absent.
        model: The encoder.
        vocabulary: Its vocabulary.
        card: What it was trained on and how well it does, JSON values.

    Returns:
        The model digest.
    """
    from safetensors.torch import save_file

    directory.mkdir(parents=True, exist_ok=True)
    state = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    save_file(state, directory / WEIGHTS)
    model.config.save(directory / CONFIG)
    vocabulary.save(directory / VOCABULARY)
    write_card(directory, card)
    return seal(directory)


def seal(directory: Path) -> str:
    """Write the manifest of a model folder, after the last of its files.

    Args:
        directory: Folder of the model.

    Returns:
        The model digest.
    """
    names = sorted(
        path.name
        for path in directory.iterdir()
        if path.suffix in (".safetensors", ".json") and path.name not in DESCRIPTIONS
    )
    digests = {name: _sha256((directory / name).read_bytes()) for name in names}
    digest = model_digest(digests)
    _write_json(directory / MANIFEST, {"model_digest": digest, "sha256": digests})
    return digest


def write_card(directory: Path, card: dict[str, Any]) -> None:
    """Write the card; it describes the weights and does not enter their digest."""
    _write_json(directory / CARD, card)


def load_model(directory: Path = SHIPPED) -> LoadedModel:
    """Read a model folder and verify every byte of it.

    Args:
        directory: Folder that `save_model` wrote; the shipped weights by default.

    Returns:
        The encoder in evaluation mode, on the CPU.

    Raises:
        WeightsError: If a file is missing or differs from the manifest.
    """
    from safetensors.torch import load as parse_safetensors

    from engine.model import TumorEncoder

    contents, digest = read_verified(directory)
    config = EncoderConfig.from_json(contents[CONFIG].decode())
    vocabulary = Vocabulary.from_json(contents[VOCABULARY].decode())
    # Not on the meta device: that imports torch's compiler, a second at each start of a command.
    model = TumorEncoder(config, vocabulary)
    model.load_state_dict(parse_safetensors(contents[WEIGHTS]), assign=True)
    card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    return LoadedModel(
        model=model.eval().requires_grad_(requires_grad=False),
        vocabulary=vocabulary,
        digest=digest,
        card=card,
        contents=contents,
    )


def read_verified(directory: Path) -> tuple[dict[str, bytes], str]:
    """Read the digested files of a model folder.

    Args:
        directory: Folder of the model.

    Returns:
        Contents by file name, and the model digest.

    Raises:
        WeightsError: If a file is missing or differs from the manifest.
    """
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        expected = manifest["sha256"]
        contents = {name: (directory / name).read_bytes() for name in {*NEEDED, *expected}}
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"The weights in {directory.name} cannot be read ({type(error).__name__}). "
            "Reinstall TumorXY, or point to a folder that `tumorxy pretrain` wrote."
        ) from error
    for name, content in contents.items():
        found, stated = _sha256(content), expected.get(name, "nothing")
        if found != stated:
            raise WeightsError(
                f"{name} has the digest {found[:8]}, the manifest says {stated[:8]}: the file "
                "is damaged or was changed. Reinstall TumorXY or train the weights again."
            )
    return contents, model_digest(expected)


def model_digest(digests: dict[str, str]) -> str:
    """Combine the digests of the files into the digest of the model."""
    lines = [f"{name}\0{digests[name]}\n" for name in sorted(digests)]
    return _sha256("".join(lines).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
