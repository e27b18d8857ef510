"""The alignment: turns what the encoder reads into the embedding that the map is made of.

The features of a tumor tell also through which panel it was seen, and in whose study. The alignment
is a linear map of the features that keeps what differs between tumors and between cancer types, and
shrinks what differs between views of one tumor and between studies of one cancer type.
"""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.adapter import num_features
from engine.errors import WeightsError
from engine.weights import LoadedModel

ALIGNMENT = "alignment.safetensors"


class Alignment(nn.Module):
    """Features to unit vectors.

    Args:
        center: Features of the mean tumor, (F,), float32.
        axes: What each feature adds to each coordinate, (F, D), float32.
    """

    center: Tensor
    axes: Tensor

    def __init__(self, center: Tensor, axes: Tensor) -> None:
        super().__init__()
        self.register_buffer("center", center)
        self.register_buffer("axes", axes)

    def forward(self, features: Tensor) -> Tensor:
        """Align features.

        Args:
            features: Features of `TumorEncoder.read`, (B, F), float32.

        Returns:
            Embeddings, (B, D), float32, unit length.
        """
        return normalize((features - self.center) @ self.axes, dim=-1)

    def save(self, directory: Path) -> None:
        """Write the alignment beside the weights; `engine.weights.seal` comes after."""
        state = {name: value.contiguous().cpu() for name, value in self.state_dict().items()}
        save_file(state, directory / ALIGNMENT)


def load_alignment(loaded: LoadedModel) -> Alignment | None:
    """Build the alignment of a model.

    Args:
        loaded: The model, with its verified files.

    Returns:
        The alignment; None where the model has none, and its own embedding is the embedding.

    Raises:
        WeightsError: If the alignment does not fit the encoder.
    """
    if ALIGNMENT not in loaded.contents:
        return None
    shape = (num_features(loaded.model), loaded.model.config.width)
    try:
        tensors = load(loaded.contents[ALIGNMENT])
        alignment = Alignment(tensors["center"], tensors["axes"])
    except (KeyError, SafetensorError) as error:
        raise WeightsError(
            f"The alignment cannot be read ({type(error).__name__}). Reinstall TumorXY or fit the "
            "model again."
        ) from error
    if alignment.axes.shape != shape or alignment.center.shape != shape[:1]:
        raise WeightsError(
            f"The alignment is made for {tuple(alignment.axes.shape)}, the encoder gives {shape}. "
            "Reinstall TumorXY or fit the model again."
        )
    return alignment
