"""What few labels are read along: directions that many labels of other questions have taught.

Cancer types are known of every training tumor, so a linear question about them is well fitted. With
25 labels of a new question, the answers to those questions are better inputs than raw features.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save_file

from engine.errors import WeightsError
from engine.readout import Readout

DIRECTIONS, DIRECTIONS_CARD = "directions.safetensors", "directions.json"

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Directions:
    """Blocks of affine functions of what the self-supervised encoder tells.

    Args:
        blocks: By name, the weights and, last, the constant of each of its K functions,
            (K, F + D + 1), float32: first for the frozen features, then for the embedding. The
            training tumors have mean 0 and, summed over a block, variance 1 within cancer types.
    """

    blocks: Mapping[str, Floats]

    @classmethod
    def parse(cls, contents: Mapping[str, bytes]) -> Directions | None:
        """Read the directions of a model.

        Args:
            contents: Verified files of the model, by name.

        Returns:
            The directions; None where the model has none.

        Raises:
            WeightsError: If a file is missing or says something else than it should.
        """
        if DIRECTIONS not in contents:
            return None
        try:
            names = json.loads(contents[DIRECTIONS_CARD])["blocks"]
            arrays = parse_safetensors(contents[DIRECTIONS])
            return cls(blocks={name: arrays[name] for name in names})
        except (ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                f"The directions of the model cannot be read ({type(error).__name__}). "
                "Reinstall TumorXY or fit the heads again."
            ) from error

    def save(self, directory: Path) -> None:
        """Write the directions beside the weights; `engine.weights.seal` comes after.

        Args:
            directory: Folder of the model.
        """
        arrays = {name: np.ascontiguousarray(block) for name, block in self.blocks.items()}
        save_file(arrays, directory / DIRECTIONS)
        text = json.dumps({"blocks": sorted(self.blocks)}, indent=1)
        (directory / DIRECTIONS_CARD).write_text(text + "\n", encoding="utf-8")

    def apply(self, readout: Readout) -> dict[str, Floats]:
        """Tell where tumors lie along each direction.

        Args:
            readout: N tumors.

        Returns:
            By block, (N, K), float32.

        Raises:
            WeightsError: If the readout is not as wide as the one they were fitted on.
        """
        inputs = inputs_of(readout)
        told = {}
        for name, block in self.blocks.items():
            if block.shape[1] != inputs.shape[1] + 1:
                raise WeightsError(
                    f"The directions {name} expect {block.shape[1] - 1} numbers of a tumor, the "
                    f"encoder tells {inputs.shape[1]}. Use the directions of this encoder."
                )
            told[name] = inputs @ block[:, :-1].T + block[:, -1]
        return told


def inputs_of(readout: Readout) -> Floats:
    """Put frozen features and embedding side by side, (N, F + D)."""
    return np.concatenate([readout.frozen, readout.embeddings], axis=1)
