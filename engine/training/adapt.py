"""Training of the adapter: all labeled tasks at once, on training patients, through many panels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from engine.adapter import AdaptedEncoder, AdapterConfig, num_features
from engine.batching import Batch, make_batch
from engine.errors import TrainingError
from engine.model import TumorEncoder
from engine.progress import Progress, no_progress
from engine.tokens import TumorTokens
from engine.training.views import GeneFacts, ViewConfig, random_view

UNLABELED = -1


@dataclass(frozen=True, kw_only=True)
class AdaptConfig:
    """How the adapter is trained."""

    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    epochs: int = 6
    batch_tumors: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_share: float = 0.1  # of the run
    label_smoothing: float = 0.03
    panel_share: float = 0.3  # tumors seen through a random clinical panel
    hidden_share: float = 0.08  # genes hidden, mean
    modality_share: float = 0.15  # tumors whose copy number is hidden
    detail_share: float = 0.1  # tumors without allele fractions; places; residues
    kind_share: float = 0.1  # tumors with unknown consequences; likewise without promoters
    seed: int = 0

    @property
    def views(self) -> ViewConfig:
        """How much of a tumor a training view hides."""
        return ViewConfig(
            panel_share=self.panel_share,
            hidden_share=self.hidden_share,
            modality_share=self.modality_share,
            detail_share=self.detail_share,
            kind_share=self.kind_share,
            promoter_share=self.kind_share,
        )


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """A trained adapter and how the training went."""

    adapted: AdaptedEncoder
    card: dict[str, Any]


class _Heads(nn.Module):
    """One linear layer per task, dropped after the training: heads are fitted anew."""

    def __init__(self, width: int, num_classes: Mapping[str, int]) -> None:
        super().__init__()
        # A module dictionary has attributes of its own, so tasks get a prefix.
        self.layers = nn.ModuleDict(
            {f"task_{t}": nn.Linear(width, n) for t, n in num_classes.items()}
        )

    def loss(self, read: Tensor, codes: Mapping[str, Tensor], smoothing: float) -> Tensor:
        """Sum the tasks' cross-entropies, each weighted by the root of its share of the batch."""
        total = read.new_zeros(())
        for task, code in codes.items():
            known = code != UNLABELED
            if known.any():
                logits = self.layers[f"task_{task}"](read[known])
                loss = cross_entropy(logits, code[known], label_smoothing=smoothing)
                total = total + loss * known.float().mean().sqrt()
        return total


def train_adapter(
    encoder: TumorEncoder,
    tokens: TumorTokens,
    labels: Mapping[str, Sequence[str | None]],
    facts: GeneFacts,
    *,
    config: AdaptConfig,
    progress: Progress = no_progress,
) -> Adaptation:
    """Bend an encoder towards labels.

    Args:
        encoder: The frozen encoder; it stays as it is.
        tokens: N training tumors.
        labels: By task, the class of each tumor, None where unknown.
        facts: Panels and genes for the views.
        config: How to train.
        progress: Told the number of steps done.

    Returns:
        The adapter.

    Raises:
        TrainingError: If no tumor has a label.
    """
    torch.manual_seed(config.seed)
    codes = {task: _codes(column) for task, column in labels.items()}
    rows = _labeled_rows(codes, config)
    adapted = AdaptedEncoder(encoder, num_features(encoder), config.adapter)
    heads = _Heads(config.adapter.width, {t: int(c.max()) + 1 for t, c in codes.items()})
    batches = _batches(rows, config)
    views = _views(tokens, codes, batches, facts, config)
    losses: list[float] = []
    for loss in _descend(adapted, heads, views, len(batches), config):
        losses.append(loss)
        progress("Adapting the encoder", len(losses), len(batches))
    card = {
        "config": asdict(config),
        "tasks": sorted(codes),
        "num_tumors": len(rows),
        "num_parameters": sum(p.numel() for p in adapted.trained().values()),
        "curve": [float(np.mean(part)) for part in np.array_split(losses, config.epochs)],
    }
    return Adaptation(adapted=adapted.eval().requires_grad_(requires_grad=False), card=card)


def _views(
    tokens: TumorTokens,
    codes: Mapping[str, npt.NDArray[np.int64]],
    batches: Sequence[npt.NDArray[np.int64]],
    facts: GeneFacts,
    config: AdaptConfig,
) -> Iterator[tuple[Batch, dict[str, Tensor]]]:
    """Yield a random view of each batch, with what is known of its tumors."""
    generator = torch.Generator().manual_seed(config.seed)
    for chosen in batches:
        batch, _ = random_view(make_batch(tokens, chosen), facts, config.views, generator)
        yield batch, {task: torch.from_numpy(code[chosen]) for task, code in codes.items()}


def _labeled_rows(
    codes: Mapping[str, npt.NDArray[np.int64]], config: AdaptConfig
) -> npt.NDArray[np.int64]:
    rows = np.flatnonzero(np.any([c != UNLABELED for c in codes.values()], axis=0))
    if len(rows) < config.batch_tumors:
        raise TrainingError(
            f"Found {len(rows)} labeled training tumors, an adapter needs at least "
            f"{config.batch_tumors}. Add labeled studies, or fit heads on the frozen features."
        )
    return rows


def _descend(
    adapted: AdaptedEncoder,
    heads: _Heads,
    views: Iterator[tuple[Batch, dict[str, Tensor]]],
    num_steps: int,
    config: AdaptConfig,
) -> Iterator[float]:
    """Take a step down for each view; yields the loss before it."""
    parameters = [*adapted.trained().values(), *heads.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay
    )
    for step, (batch, known) in enumerate(views):
        _set_learning_rate(optimizer, config, step / num_steps)
        loss = heads.loss(adapted(batch), known, config.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        yield float(loss.detach())


def _codes(column: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Number the classes of a task in alphabetical order, `UNLABELED` where unknown, (N,)."""
    index = {
        name: i for i, name in enumerate(sorted({name for name in column if name is not None}))
    }
    return np.array([UNLABELED if name is None else index[name] for name in column])


def _batches(rows: npt.NDArray[np.int64], config: AdaptConfig) -> list[npt.NDArray[np.int64]]:
    generator = np.random.default_rng(config.seed)
    per_epoch = math.ceil(len(rows) / config.batch_tumors)
    return [
        part
        for _ in range(config.epochs)
        for part in np.array_split(generator.permutation(rows), per_epoch)
    ]


def _set_learning_rate(optimizer: torch.optim.Optimizer, config: AdaptConfig, done: float) -> None:
    """Warm up linearly, then follow a cosine to zero."""
    warm = min(done / config.warmup_share, 1.0)
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * done))
