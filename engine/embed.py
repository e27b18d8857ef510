"""Embedding: tumors in, unit vectors out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.adapter import AdaptedEncoder, load_adapter, num_features
from engine.batching import TOKEN_BUDGET, Batch, make_batch, plan_batches
from engine.covariates import covariate_names
from engine.model import NUM_LEADING
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.tokens import StudyTables, TumorTokens, tokenize
from engine.vocabulary import Vocabulary
from engine.weights import SHIPPED, LoadedModel, load_model


class Encoder:
    """The tumor encoder with its weights, vocabulary and digest."""

    def __init__(self, loaded: LoadedModel, adapted: AdaptedEncoder | None = None) -> None:
        self._loaded = loaded
        self._adapted = adapted

    @classmethod
    def load(cls, directory: Path | None = None) -> Encoder:
        """Load a model folder; the shipped weights when no folder is named.

        Raises:
            WeightsError: If a file is missing or damaged.
        """
        loaded = load_model(directory or SHIPPED)
        return cls(loaded, load_adapter(loaded))

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
        budget: int = TOKEN_BUDGET,
        progress: Progress = no_progress,
    ) -> npt.NDArray[np.float32]:
        """Embed tumors.

        Args:
            tokens: N tumors.
            budget: Most tokens of a batch; bounds memory, does not change results beyond 1e-6.
            progress: Told the number of tumors done.

        Returns:
            Embeddings, (N, D), float32, each of unit length; rows follow `tokens.sample_ids`.
        """
        vectors = np.empty((len(tokens), self.width), dtype=np.float32)
        with torch.inference_mode():
            for rows, batch in _batches(tokens, budget, "Embedding tumors", progress):
                vectors[rows] = self._loaded.model(batch).numpy()
        return vectors

    def read(
        self,
        tokens: TumorTokens,
        *,
        view: Callable[[Batch], Batch] | None = None,
        budget: int = TOKEN_BUDGET,
        progress: Progress = no_progress,
    ) -> Readout:
        """Embed tumors, and tell what heads read of them; twice the work of `embed`.

        Args:
            tokens: N tumors.
            view: Hides a part of each tumor first, for example what a panel does not cover.
            budget: Most tokens of a batch; bounds memory, does not change results beyond 1e-6.
            progress: Told the number of tumors done.

        Returns:
            The readout; rows follow `tokens.sample_ids`.
        """
        model, adapted = self._loaded.model, self._adapted
        width = adapted.config.width if adapted else 0
        widths = (self.width, num_features(model), width)
        embeddings, frozen, bent = (np.empty((len(tokens), w), dtype=np.float32) for w in widths)
        with torch.inference_mode():
            for rows, whole in _batches(tokens, budget, "Reading tumors", progress):
                batch = view(whole) if view else whole
                told = model.read(batch)
                embeddings[rows], frozen[rows] = told.embeddings.numpy(), told.features.numpy()
                if adapted:
                    bent[rows] = adapted(batch).numpy()
        return Readout(embeddings=embeddings, frozen=frozen, adapted=bent)

    def impute(self, tokens: TumorTokens) -> npt.NDArray[np.float32]:
        """Tell how likely each gene is altered, seen or not.

        Args:
            tokens: N tumors.

        Returns:
            Probabilities, (N, 4, G), in the order of `engine.model.TARGETS` and the vocabulary.
        """
        vectors = torch.from_numpy(self.embed(tokens))
        with torch.inference_mode():
            decoded: npt.NDArray[np.float32] = self._loaded.model.decode(vectors).sigmoid().numpy()
        return decoded


def _batches(
    tokens: TumorTokens, budget: int, stage: str, progress: Progress
) -> Iterator[tuple[npt.NDArray[np.int64], Batch]]:
    """Yield the tumor numbers and tensors of every batch."""
    done = 0
    for rows in plan_batches(tokens.lengths + NUM_LEADING, budget):
        yield rows, make_batch(tokens, rows)
        done += len(rows)
        progress(stage, done, len(tokens))
