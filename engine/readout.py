"""What the encoder tells of tumors, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Readout:
    """What the encoder tells of N tumors.

    Args:
        embeddings: Unit vectors, (N, D), float32: the map and its neighbors.
        frozen: Features of the self-supervised encoder, (N, F), float32: the states that the
            embedding was made from, then covariates in standard units, then which are known.
        adapted: What the heads of large tasks read, (N, W), float32: the features of the encoder
            after adaptation to labels; W is 0 where no adapter is shipped.
    """

    embeddings: NDArray[np.float32]
    frozen: NDArray[np.float32]
    adapted: NDArray[np.float32]

    def __len__(self) -> int:
        """Return N."""
        return len(self.embeddings)

    def take(self, rows: NDArray[np.int64]) -> Readout:
        """Select tumors, (n,) rows in the wanted order."""
        return Readout(
            embeddings=self.embeddings[rows], frozen=self.frozen[rows], adapted=self.adapted[rows]
        )


def join(parts: list[Readout]) -> Readout:
    """Put the tumors of several readouts one after another."""
    return Readout(
        embeddings=np.concatenate([part.embeddings for part in parts]),
        frozen=np.concatenate([part.frozen for part in parts]),
        adapted=np.concatenate([part.adapted for part in parts]),
    )
