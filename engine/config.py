"""Settings of the encoder and of its training, frozen and saved as JSON beside the weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Shape of the tumor encoder."""

    width: int = 128  # D, channels of a token and of the embedding
    num_layers: int = 4
    num_heads: int = 4
    hidden: int = 256  # channels inside the feed-forward layers
    shortest_wavelength: float = 1e3  # base pairs, first rotary pair
    longest_wavelength: float = 1e9
    num_residue_waves: int = 8  # Fourier pairs of the place in the protein
    spectrum_strength: float = 20.0  # mutations worth of prior in the substitution spectrum
    use_positions: bool = True  # rotary phase by genomic position, place in the protein
    use_knowledge: bool = True  # pathways and roles of genes, hotspot residues

    def __post_init__(self) -> None:
        """Refuse shapes that cannot be built."""
        if self.width % (2 * self.num_heads):
            raise TrainingError(
                f"Width {self.width} does not split into {self.num_heads} heads of an even size. "
                "Choose a width that is a multiple of twice the number of heads."
            )

    def save(self, path: Path) -> None:
        """Write the settings as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, text: str) -> EncoderConfig:
        """Read settings from their JSON text."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """Settings of one pretraining run."""

    encoder: EncoderConfig = EncoderConfig()
    epochs: int = 20
    batch_tumors: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.05  # of the run
    panel_view_share: float = 0.5  # tumors seen through a random clinical panel
    hidden_share: float = 0.3  # genes hidden from a view, mean; drawn per tumor from 0..2 x mean
    modality_drop_share: float = 0.15  # tumors whose copy number is hidden as a whole
    detail_drop_share: float = 0.3  # tumors without allele fractions; positions; residues
    kind_drop_share: float = 0.5  # tumors with mutations of unknown consequence
    promoter_drop_share: float = 0.5  # tumors whose promoters were not sequenced
    covariate_weight: float = 3.0  # of the loss on burden, spectrum and arms
    contrast_weight: float = 1.0  # of telling a tumor's second view from other tumors' views
    contrast_temperature: float = 0.1
    use_copy_number: bool = True
    data_share: float = 1.0  # of the training patients
    without_types: tuple[str, ...] = ()  # cancer types kept out, as `Dataset.cancer_types`
    seed: int = 0
