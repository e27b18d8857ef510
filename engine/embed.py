"""Embedding: tumors in, unit vectors out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from engine.adapter import AdaptedEncoder, load_adapter, num_features
from engine.alignment import Alignment, load_alignment
from engine.batching import Batch, make_batch
from engine.covariates import covariate_names
from engine.devices import Engine
from engine.model import NUM_LEADING, Reading, TumorEncoder, full_precision
from engine.places import DeviceConfig
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.tokens import StudyTables, TumorTokens, tokenize
from engine.vocabulary import Vocabulary
from engine.weights import SHIPPED, LoadedModel, load_model

Out = TypeVar("Out")


class Encoder:
    """The tumor encoder with its weights, vocabulary and digest.

    Args:
        loaded: The verified model.
        adapted: Its adapted copy, where it has one.
        alignment: What turns its features into the embedding, where it has one.
        devices: Where and how forwards run; on a CUDA device, where there is one, when None.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        adapted: AdaptedEncoder | None = None,
        alignment: Alignment | None = None,
        *,
        devices: DeviceConfig | None = None,
    ) -> None:
        self._loaded = loaded
        self._adapted = adapted
        self._alignment = alignment
        self._devices = devices

    @classmethod
    def load(cls, directory: Path | None = None) -> Encoder:
        """Load a model folder; the shipped weights when no folder is named.

        Raises:
            WeightsError: If a file is missing or damaged.
        """
        loaded = load_model(directory or SHIPPED)
        return cls(loaded, load_adapter(loaded), load_alignment(loaded))

    @cached_property
    def _engine(self) -> Engine[_Models]:
        models = _Models(self._loaded.model, self._adapted, self._alignment).eval()
        return Engine(models, self._devices)

    @property
    def loaded(self) -> LoadedModel:
        """The verified model."""
        return self._loaded

    @property
    def digest(self) -> str:
        """Model digest, 64 hex characters."""
        return self._loaded.digest

    @property
    def vocabulary(self) -> Vocabulary:
        """The genes that the encoder knows."""
        return self._loaded.vocabulary

    @property
    def contents(self) -> dict[str, bytes]:
        """Verified files of the model folder, by name."""
        return self._loaded.contents

    @property
    def card(self) -> dict[str, Any]:
        """What the weights were trained on and how well they do."""
        return self._loaded.card

    @cached_property
    def width(self) -> int:
        """Width D of an embedding."""
        return self._loaded.model.config.width

    def tokenize(self, study: StudyTables) -> TumorTokens:
        """Turn the tables of a study into tokens, one entry per row of `study.samples`."""
        return tokenize(study, self._loaded.vocabulary)

    @cached_property
    def covariate_names(self) -> tuple[str, ...]:
        """Names of the covariates, C; the last 2 C columns of `Readout.frozen` are theirs."""
        return covariate_names(self._loaded.vocabulary.arm_names)

    def embed(
        self,
        tokens: TumorTokens,
        *,
        budget: int | None = None,
        progress: Progress = no_progress,
    ) -> npt.NDArray[np.float32]:
        """Embed tumors.

        Args:
            tokens: N tumors.
            budget: Most tokens of a batch, by device when None; bounds memory, does not change
                results beyond 1e-6.
            progress: Told the number of tumors done.

        Returns:
            Embeddings, (N, D), float32, each of unit length; rows follow `tokens.sample_ids`.
        """
        vectors = np.empty((len(tokens), self.width), dtype=np.float32)
        work = _Work(tokens=tokens, budget=budget, stage="Embedding tumors", progress=progress)
        for rows, embeddings in self._run(
            work, lambda models, batch: models.read(batch).embeddings
        ):
            vectors[rows] = embeddings.numpy()
        return vectors

    def read(
        self,
        tokens: TumorTokens,
        *,
        view: Callable[[Batch], Batch] | None = None,
        budget: int | None = None,
        progress: Progress = no_progress,
    ) -> Readout:
        """Embed tumors, and tell what heads read of them; twice the work of `embed`.

        Args:
            tokens: N tumors.
            view: Hides a part of each tumor first, for example what a panel does not cover.
            budget: Most tokens of a batch, by device when None; bounds memory, does not change
                results beyond 1e-6.
            progress: Told the number of tumors done.

        Returns:
            The readout; rows follow `tokens.sample_ids`.
        """
        model, adapted = self._loaded.model, self._adapted
        width = adapted.config.width if adapted else 0
        widths = (self.width, num_features(model), width)
        embeddings, frozen, bent = (np.empty((len(tokens), w), dtype=np.float32) for w in widths)
        work = _Work(tokens=tokens, budget=budget, stage="Reading tumors", progress=progress)
        for rows, (told, features) in self._run(work, lambda models, batch: models(batch), view):
            embeddings[rows], frozen[rows] = told.embeddings.numpy(), told.features.numpy()
            bent[rows] = features.numpy()
        return Readout(embeddings=embeddings, frozen=frozen, adapted=bent)

    def _run(
        self,
        work: _Work,
        forward: Callable[[_Models, Batch], Out],
        view: Callable[[Batch], Batch] | None = None,
    ) -> Iterator[tuple[npt.NDArray[np.int64], Out]]:
        """Yield the tumor numbers and the result of every batch."""

        def make(rows: npt.NDArray[np.int64]) -> Batch:
            batch = make_batch(work.tokens, rows)
            return view(batch) if view else batch

        done = 0
        lengths = work.tokens.lengths + NUM_LEADING
        for rows, told in self._engine.run(forward, make, lengths, work.budget):
            yield rows, told
            done += len(rows)
            work.progress(work.stage, done, len(work.tokens))


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is to be run over all tumors, and who is told how far it is."""

    tokens: TumorTokens
    budget: int | None
    stage: str
    progress: Progress


class _Models(nn.Module):
    """The encoder and what reads it, where there is any: they go to a device together."""

    def __init__(
        self, encoder: TumorEncoder, adapted: AdaptedEncoder | None, alignment: Alignment | None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.adapted = adapted
        self.alignment = alignment

    def read(self, batch: Batch) -> Reading:
        """Read a batch, with the embedding of the alignment where there is one."""
        told = self.encoder.read(batch)
        if self.alignment is None:
            return told
        with full_precision(told.features.device):
            return replace(told, embeddings=self.alignment(told.features))

    def forward(self, batch: Batch) -> tuple[Reading, Tensor]:
        """Read a batch with both encoders; what heads read is (B, 0) without an adapter."""
        told = self.read(batch)
        if self.adapted is None:
            return told, told.features[:, :0]
        return told, self.adapted(batch)
