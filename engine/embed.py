"""Embedding: tumors in, unit vectors out."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.batching import TOKEN_BUDGET, make_batch, plan_batches
from engine.model import NUM_LEADING
from engine.progress import Progress, no_progress
from engine.tokens import StudyTables, TumorTokens, tokenize
from engine.weights import SHIPPED, LoadedModel, load_model


class Encoder:
    """The tumor encoder with its weights, vocabulary and digest."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    @classmethod
    def load(cls, directory: Path | None = None) -> Encoder:
        """Load a model folder; the shipped weights when no folder is named.

        Raises:
            WeightsError: If a file is missing or damaged.
        """
        return cls(load_model(directory or SHIPPED))

    @property
    def digest(self) -> str:
        """Model digest, 64 hex characters."""
        return self._loaded.digest

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
        done = 0
        with torch.inference_mode():
            for rows in plan_batches(tokens.lengths + NUM_LEADING, budget):
                vectors[rows] = self._loaded.model(make_batch(tokens, rows)).numpy()
                done += len(rows)
                progress("Embedding tumors", done, len(tokens))
        return vectors

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
