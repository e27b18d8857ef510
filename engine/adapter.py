"""Low-rank adapters: the frozen encoder, bent a little towards the labels that heads are asked for.

Every linear layer W of the blocks becomes W + B A with A and B of small rank; a reader turns the
features of the bent encoder into the few numbers that linear heads read. The embedding, and with it
the map, is made without any of this.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor, nn

from engine.batching import Batch
from engine.errors import WeightsError
from engine.model import TumorEncoder
from engine.weights import LoadedModel

ADAPTER, ADAPTER_CARD = "adapter.safetensors", "adapter.json"
ADAPTED_LAYERS = ("qkv", "out", "up", "down")


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """Shape of an adapter."""

    rank: int = 16
    width: int = 128  # W, what heads read
    dropout: float = 0.1  # of the features, while training


class LowRankLinear(nn.Module):
    """A frozen linear layer plus a trained update of low rank, zero at the start.

    References:
        Hu et al. 2021, LoRA, arXiv:2106.09685.
    """

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        spread = 1 / math.sqrt(base.in_features)
        self.down = nn.Parameter(torch.randn(rank, base.in_features) * spread)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer, (..., in) to (..., out)."""
        updated: Tensor = self.base(x) + (x @ self.down.T) @ self.up.T
        return updated


class AdaptedEncoder(nn.Module):
    """A copy of an encoder with adapters, and the reader of its features.

    Args:
        encoder: The encoder; it is copied and stays as it is.
        num_features: F, width of the features of `TumorEncoder.read`.
        config: Shape of the adapter.
    """

    def __init__(self, encoder: TumorEncoder, num_features: int, config: AdapterConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = copy.deepcopy(encoder).requires_grad_(requires_grad=False)
        for block in self.encoder.blocks:
            for name in ADAPTED_LAYERS:
                setattr(block, name, LowRankLinear(getattr(block, name), config.rank))
        self.norm = nn.LayerNorm(num_features, elementwise_affine=False)
        self.dropout = nn.Dropout(config.dropout)
        self.reader = nn.Linear(num_features, config.width)

    def forward(self, batch: Batch) -> Tensor:
        """Read a batch.

        Args:
            batch: B tumors.

        Returns:
            What heads read, (B, W), float32.
        """
        features = self.norm(self.encoder.read(batch).features)
        read: Tensor = torch.tanh(self.reader(self.dropout(features)))
        return read

    def trained(self) -> dict[str, Tensor]:
        """Return the tensors that training changes, by name."""
        layers = {n: m for n, m in self.named_modules() if isinstance(m, LowRankLinear)}
        updates = {f"{n}.{k}": getattr(m, k) for n, m in layers.items() for k in ("down", "up")}
        return updates | {f"reader.{n}": p for n, p in self.reader.named_parameters()}

    def save(self, directory: Path, card: dict[str, Any]) -> None:
        """Write the adapter beside the weights of its encoder; `engine.weights.seal` comes after.

        Args:
            directory: Folder of the model.
            card: What it was trained on, JSON values.
        """
        tensors = {name: value.detach().contiguous() for name, value in self.trained().items()}
        save_file(tensors, directory / ADAPTER)
        text = json.dumps({"shape": asdict(self.config)} | card, indent=1)
        (directory / ADAPTER_CARD).write_text(text + "\n", encoding="utf-8")


def num_features(encoder: TumorEncoder) -> int:
    """Return F, the width of the features of an encoder."""
    return 4 * encoder.config.width + 2 * len(encoder.covariate_mean)


def load_adapter(loaded: LoadedModel) -> AdaptedEncoder | None:
    """Build the adapted encoder of a model.

    Args:
        loaded: The model, with its verified files.

    Returns:
        The adapted encoder in evaluation mode; None where the model has no adapter.

    Raises:
        WeightsError: If the adapter does not fit the encoder.
    """
    if ADAPTER not in loaded.contents:
        return None
    encoder = loaded.model
    try:
        shape = json.loads(loaded.contents[ADAPTER_CARD])["shape"]
        adapted = AdaptedEncoder(encoder, num_features(encoder), AdapterConfig(**shape))
        tensors, known = load(loaded.contents[ADAPTER]), adapted.trained()
        with torch.no_grad():
            for name in known.keys() | tensors.keys():
                known[name].copy_(tensors[name])
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise WeightsError(
            f"The adapter does not fit the encoder ({type(error).__name__}). Reinstall TumorXY or "
            "fit the heads again."
        ) from error
    return adapted.eval().requires_grad_(requires_grad=False)
