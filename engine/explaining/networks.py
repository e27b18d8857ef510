"""The networks that explanations run: the encoder, and its adapted copy made fast."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.adapter import ADAPTED_LAYERS, AdaptedEncoder, LowRankLinear, load_adapter
from engine.alignment import Alignment, load_alignment
from engine.explaining.alterations import Background
from engine.explaining.passes import States
from engine.model import TumorEncoder
from engine.vocabulary import Vocabulary
from engine.weights import SHIPPED, LoadedModel, load_model


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What an explanation runs: the encoder, and its adapted copy where there is one."""

    encoder: TumorEncoder
    adapted: AdaptedEncoder | None
    alignment: Alignment | None
    vocabulary: Vocabulary
    digest: str

    @classmethod
    def of(cls, loaded: LoadedModel) -> Networks:
        """Take the networks of a model, in evaluation mode."""
        return cls(
            encoder=loaded.model.eval().requires_grad_(requires_grad=False),
            adapted=load_adapter(loaded),
            alignment=load_alignment(loaded),
            vocabulary=loaded.vocabulary,
            digest=loaded.digest,
        )

    @classmethod
    def load(cls, directory: Path | None = None) -> Networks:
        """Load a model folder; the shipped weights when no folder is named.

        Raises:
            WeightsError: If a file is missing or damaged.
        """
        return cls.of(load_model(directory or SHIPPED))

    @cached_property
    def background(self) -> Background:
        """What stands in for burden and spectrum."""
        return Background.of(self.encoder)

    @cached_property
    def bent(self) -> TumorEncoder:
        """The adapted encoder with its updates added to its weights: a fifth less work.

        Without an adapter this is the encoder.
        """
        if self.adapted is None:
            return self.encoder
        merged = copy.deepcopy(self.adapted.encoder)
        for block in merged.blocks:
            for name in ADAPTED_LAYERS:
                setattr(block, name, _merged(getattr(block, name)))
        return merged.eval().requires_grad_(requires_grad=False)

    def align(self, states: States) -> Tensor:
        """Return the embeddings that the map is made of, (S, D)."""
        if self.alignment is None:
            return states.embeddings
        aligned: Tensor = self.alignment(states.features)
        return aligned

    def read_bent(self, features: Tensor) -> Tensor:
        """Turn features of `bent` (S, F) into what heads read, (S, W)."""
        if self.adapted is None:
            return features[:, :0]
        read: Tensor = torch.tanh(self.adapted.reader(self.adapted.norm(features)))
        return read


def _merged(layer: LowRankLinear) -> nn.Linear:
    base = layer.base
    linear = nn.Linear(base.in_features, base.out_features, device=base.weight.device)
    with torch.no_grad():
        linear.weight.copy_(base.weight + layer.up @ layer.down)
        linear.bias.copy_(base.bias)
    return linear
