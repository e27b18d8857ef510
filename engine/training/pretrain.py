"""Pretraining of the tumor encoder by masked alterations, with checkpoints and a card."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from engine.batching import Batch, make_batch
from engine.config import PretrainConfig
from engine.covariates import Covariates, compute_covariates, substitution_counts
from engine.errors import TrainingError
from engine.genes import GeneTable
from engine.model import TumorEncoder
from engine.progress import Progress, no_progress
from engine.tokens import StudyTables
from engine.training.dataset import Dataset, build_dataset, targeted_genes
from engine.training.reconstruct import HIDDEN_SHARE, hide_and_predict, score, type_frequencies
from engine.training.split import TEST, TRAIN, VALIDATION
from engine.training.views import (
    ViewConfig,
    gene_facts,
    gene_states,
    random_view,
    without_copy_number,
)
from engine.vocabulary import Vocabulary, build_vocabulary
from engine.weights import save_model, seal

CELL_SCALE = 100.0
"""Brings the mean loss of a cell (about 1 in 100 is altered) to the order of the other losses."""
CHECKPOINT, RUN_STATE = "checkpoint.safetensors", "run.json"


@dataclass
class RunState:
    """Where a run stands; everything a resumed run needs besides the tensors."""

    epoch: int = 0  # epochs finished
    elapsed_s: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PretrainResult:
    """What a run left behind."""

    directory: Path
    model_digest: str
    card: dict[str, Any]


class Pretraining:
    """One run: data, model, optimizer and schedule."""

    def __init__(self, dataset: Dataset, vocabulary: Vocabulary, config: PretrainConfig) -> None:
        torch.manual_seed(config.seed)
        self.dataset, self.vocabulary, self.config = dataset, vocabulary, config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.facts = gene_facts(vocabulary)
        self.model = TumorEncoder(config.encoder, vocabulary)
        fit_constants(self.model, dataset, vocabulary)
        self.model.to(self.device)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.model, config.weight_decay),
            lr=config.learning_rate,
            betas=(0.9, 0.98),
        )
        self.view_config = ViewConfig(
            panel_share=config.panel_view_share,
            hidden_share=config.hidden_share,
            modality_share=config.modality_drop_share,
            detail_share=config.detail_drop_share,
            kind_share=config.kind_drop_share,
            promoter_share=config.promoter_drop_share,
        )
        self.rows = training_rows(dataset, config)
        self.state = RunState()

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches of an epoch."""
        return math.ceil(len(self.rows) / self.config.batch_tumors)

    def run_epoch(self, progress: Progress) -> None:
        """Train once over the training tumors and note the mean loss."""
        started, losses = time.perf_counter(), []
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + self.state.epoch)
        total = self.steps_per_epoch * self.config.epochs
        self.model.train()
        for step, rows in enumerate(self._batches(generator)):
            number = self.state.epoch * self.steps_per_epoch + step
            self._set_learning_rate(number / total)
            losses.append(self._step(rows, generator))
            progress("Pretraining", number + 1, total)
        self.state.epoch += 1
        self.state.elapsed_s += time.perf_counter() - started
        self.state.curve.append({"epoch": self.state.epoch, "train_loss": float(np.mean(losses))})

    def _batches(self, generator: torch.Generator) -> Iterator[npt.NDArray[np.int64]]:
        order = self.rows[torch.randperm(len(self.rows), generator=generator).numpy()]
        yield from np.array_split(order, self.steps_per_epoch)

    def _set_learning_rate(self, done: float) -> None:
        """Warm up linearly, then follow a cosine to a hundredth."""
        warm = min(done / self.config.warmup_share, 1.0)
        falling = 0.505 + 0.495 * math.cos(math.pi * done)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * warm * falling

    def _step(self, rows: npt.NDArray[np.int64], generator: torch.Generator) -> float:
        loss = self._loss(self._batch(rows), generator)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    def _batch(self, rows: npt.NDArray[np.int64]) -> Batch:
        batch = make_batch(self.dataset.tokens, rows)
        return batch if self.config.use_copy_number else without_copy_number(batch)

    def _loss(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Two views of each tumor: reconstruct the rest from each, and find each by the other."""
        altered, profiled = (x.to(self.device) for x in gene_states(batch))
        covariates = self.model.covariates(to_device(batch, self.device))
        embeddings, loss = [], torch.zeros((), device=self.device)
        for _ in range(2):
            view, hidden = random_view(batch, self.facts, self.view_config, generator)
            embedding = self.model(to_device(view, self.device))
            cells = (profiled & hidden[:, None].to(self.device)).float()
            loss = loss + 0.5 * CELL_SCALE * self._cell_loss(embedding, altered, cells)
            loss = loss + 0.5 * self.config.covariate_weight * self._covariate_loss(
                embedding, covariates
            )
            embeddings.append(embedding)
        loss = loss + self.config.contrast_weight * self._contrast_loss(*embeddings)
        return loss

    def _cell_loss(self, embedding: Tensor, altered: Tensor, cells: Tensor) -> Tensor:
        """Cross-entropy of hidden cells, mean."""
        logits = self.model.decode(embedding)
        total = binary_cross_entropy_with_logits(logits, altered, cells, reduction="sum")
        return total / cells.sum().clamp(min=1)

    def _covariate_loss(self, embedding: Tensor, covariates: Covariates) -> Tensor:
        """Squared error of the whole tumor's covariates, mean over what is known."""
        error = (self.model.decode_covariates(embedding) - covariates.values) ** 2
        mean: Tensor = (error * covariates.known).sum() / covariates.known.sum().clamp(min=1)
        return mean

    def _contrast_loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Cross-entropy of picking a tumor's own second view out of the batch, both ways."""
        similarity = first @ second.T / self.config.contrast_temperature
        own = torch.arange(len(first), device=self.device)
        both: Tensor = (cross_entropy(similarity, own) + cross_entropy(similarity.T, own)) / 2
        return both

    def evaluate(self, part: str, progress: Progress = no_progress) -> list[dict[str, Any]]:
        """Score reconstruction of hidden genes on a held-out part."""
        self.model.cpu()
        cells = hide_and_predict(
            self.model,
            self.dataset,
            self.dataset.rows(part),
            type_frequencies(self.dataset, TRAIN),
            progress,
        )
        self.model.to(self.device)
        return score(cells)

    def save_checkpoint(self, directory: Path) -> None:
        """Write model, optimizer and run state; the last rename makes it count."""
        tensors = {f"model.{k}": v.contiguous() for k, v in self.model.state_dict().items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{k}": v.contiguous() for k, v in moments.items()}
        save_file(tensors, directory / (CHECKPOINT + ".part"))
        (directory / (CHECKPOINT + ".part")).replace(directory / CHECKPOINT)
        saved = {"config": asdict(self.config), "data": self.dataset.digest}
        saved["state"] = asdict(self.state)
        (directory / (RUN_STATE + ".part")).write_text(json.dumps(saved), encoding="utf-8")
        (directory / (RUN_STATE + ".part")).replace(directory / RUN_STATE)

    def resume(self, directory: Path) -> None:
        """Continue from a checkpoint of the same settings and data.

        Raises:
            TrainingError: If the checkpoint belongs to another run.
        """
        saved = json.loads((directory / RUN_STATE).read_text(encoding="utf-8"))
        config = json.loads(json.dumps(asdict(self.config)))
        if saved["config"] != config or saved["data"] != self.dataset.digest:
            raise TrainingError(
                f"The checkpoint in {directory.name} was made with other settings or other data. "
                "Choose another --out folder, or repeat the settings of that run."
            )
        tensors = load_file(directory / CHECKPOINT)
        model = {k[6:]: v for k, v in tensors.items() if k.startswith("model.")}
        self.model.load_state_dict(model)
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".", 2)
                moments.setdefault(int(number), {})[key] = value
        whole = self.optimizer.state_dict() | {"state": moments}
        self.optimizer.load_state_dict(whole)
        self.state = RunState(**saved["state"])


def pretrain(
    studies: Mapping[str, StudyTables],
    config: PretrainConfig,
    directory: Path,
    *,
    resume: bool = False,
    progress: Progress = no_progress,
) -> PretrainResult:
    """Train an encoder and write its model folder.

    Args:
        studies: Tables by study id.
        config: Settings.
        directory: Folder for checkpoint, weights and card.
        resume: Continue from the checkpoint in `directory` if there is one.
        progress: Told steps done.

    Returns:
        Folder, digest and card. The test part is left for `engine.evaluation`.

    Raises:
        TrainingError: If the data are too few or the checkpoint is of another run.
    """
    directory.mkdir(parents=True, exist_ok=True)
    genes = GeneTable.load()
    vocabulary = build_vocabulary(genes, targeted_genes(studies))
    dataset = build_dataset(studies, vocabulary)
    run = Pretraining(dataset, vocabulary, config)
    if resume and (directory / RUN_STATE).exists():
        run.resume(directory)
    while run.state.epoch < config.epochs:
        run.run_epoch(progress)
        run.save_checkpoint(directory)
    card = make_card(run, run.evaluate(VALIDATION, progress))
    save_model(directory, run.model.cpu(), vocabulary, card)
    for name in (CHECKPOINT, RUN_STATE):
        (directory / name).unlink()
    return PretrainResult(directory=directory, model_digest=seal(directory), card=card)


def training_rows(dataset: Dataset, config: PretrainConfig) -> npt.NDArray[np.int64]:
    """Choose the tumors to train on: those of the training part that the settings keep.

    Args:
        dataset: All tumors.
        config: Settings; a smaller `data_share` keeps a part of what a larger one keeps.

    Returns:
        Tumor numbers.
    """
    rows = dataset.rows(TRAIN)
    kept = ~np.isin(np.array(dataset.cancer_types)[rows], config.without_types)
    patients, owner = np.unique(np.array(dataset.patient_ids)[rows], return_inverse=True)
    drawn = np.random.default_rng(config.seed).random(len(patients)) < config.data_share
    return rows[kept & drawn[owner]]


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay matrices only; norms, biases and single vectors are left free."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def fit_constants(model: TumorEncoder, dataset: Dataset, vocabulary: Vocabulary) -> None:
    """Freeze what is estimated from the training tumors: scalers, spectrum, base rates."""
    rows = dataset.rows(TRAIN)
    batches = [make_batch(dataset.tokens, part) for part in np.array_split(rows, 32) if len(part)]
    counts = torch.stack([substitution_counts(batch).sum(0) for batch in batches]).sum(0)
    model.spectrum_prior.copy_((counts + 1) / (counts + 1).sum())
    covariates = [
        compute_covariates(
            batch, model.genome, model.spectrum_prior, model.config.spectrum_strength
        )
        for batch in batches
    ]
    values = torch.cat([c.values for c in covariates])
    known = torch.cat([c.known for c in covariates]).float()
    number = known.sum(0).clamp(min=1)
    mean = (values * known).sum(0) / number
    spread = (((values - mean) ** 2 * known).sum(0) / number).sqrt()
    model.covariate_mean.copy_(mean)
    model.covariate_scale.copy_(spread.clamp(min=0.05))
    overall = torch.from_numpy(type_frequencies(dataset, TRAIN)[""]).float()
    with torch.no_grad():
        model.decode_genes.bias.copy_(torch.logit(overall, 1e-5).flatten())
        model.decode_genes.weight.mul_(0.1)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch."""
    if device.type == "cpu":
        return batch
    moved = {name: value.to(device) for name, value in vars(batch).items()}
    return Batch(**moved)


def make_card(run: Pretraining, validation: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe the weights: what they saw and how well they reconstruct what they did not."""
    dataset = run.dataset
    studies = {}
    for study_id in dict.fromkeys(dataset.study_ids):
        mine = np.array(dataset.study_ids) == study_id
        studies[study_id] = {
            part: int((mine & (dataset.parts == part)).sum()) for part in (TRAIN, VALIDATION, TEST)
        }
    return {
        "name": "TumorXY tumor encoder",
        "use": "Research use only. Not for care decisions.",
        "objective": "Reconstruction of hidden genes from the embedding of the visible ones",
        "config": asdict(run.config),
        "num_parameters": sum(p.numel() for p in run.model.parameters()),
        "num_genes": len(run.vocabulary.genes),
        "studies": studies,
        "data_digest": dataset.digest,
        "elapsed_s": round(run.state.elapsed_s, 1),
        "hardware": f"{run.device.type}, {torch.get_num_threads()} threads",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "curve": run.state.curve,
        "reconstruction": {"hidden_share": HIDDEN_SHARE, "validation": validation},
    }
