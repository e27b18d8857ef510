"""Evidence for the embedding itself: hidden genes told from the rest of the tumor.

Baselines: the frequency of the alteration in the cancer type, and a linear model of every gene on
all visible genes, the burden and the cancer type, trained on the same tumors with the same hiding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from engine.batching import Batch, make_batch
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import NUM_DRAWS, estimate
from engine.evaluation.raw import log_burden
from engine.evaluation.rows import Estimate, Row
from engine.model import TumorEncoder
from engine.progress import Progress
from engine.training.dataset import Dataset
from engine.training.reconstruct import (
    HIDDEN_SHARE,
    HiddenCells,
    hidden_genes,
    hide_and_predict,
    type_frequencies,
    weighted_auroc,
)
from engine.training.split import TEST, TRAIN
from engine.training.views import gene_states, restrict

LINEAR, BY_TYPE = "linear on the other genes, burden and type", "frequency in the cancer type"
EPOCHS, BATCH_TUMORS, LEARNING_RATE = 4, 128, 1e-3
REACHES = {"AUROC": 0.91, "average precision": 0.33}


class LinearModel(nn.Module):
    """Every gene's four states from all visible states, burden and cancer type."""

    def __init__(self, num_cells: int, types: Sequence[str], base_rates: Tensor) -> None:
        super().__init__()
        self.index = {name: i for i, name in enumerate(types)}
        self.genes = nn.Linear(num_cells + 1, num_cells)
        self.types = nn.Embedding(len(types) + 1, num_cells)
        nn.init.zeros_(self.genes.weight)
        nn.init.zeros_(self.types.weight)
        with torch.no_grad():
            self.genes.bias.copy_(base_rates)

    def forward(self, view: Batch, cancer_types: Sequence[str]) -> Tensor:
        """Return logits, (B, 4, G); an unknown type has the last row of the table."""
        states, _ = gene_states(view)
        inputs = torch.cat([states.flatten(1), log_burden(view)[:, None]], 1)
        known = torch.tensor([self.index.get(name, len(self.index)) for name in cancer_types])
        logits: Tensor = (self.genes(inputs) + self.types(known)).view_as(states)
        return logits


def reconstruction_rows(
    model: TumorEncoder, dataset: Dataset, progress: Progress, *, part: str = TEST
) -> list[Row]:
    """Measure the reconstruction of hidden genes.

    Args:
        model: The encoder.
        dataset: Tumors with their parts.
        progress: Told how far the work is.
        part: Whose patients are measured.

    Returns:
        A row for the AUROC and one for the average precision, over all hidden cells.
    """
    rows = dataset.rows(part)
    cells = hide_and_predict(model, dataset, rows, type_frequencies(dataset, TRAIN), progress)
    linear = _predict_linear(_fit_linear(dataset, progress), dataset, cells)
    told = {"ours": cells.encoder, BY_TYPE: cells.frequency, LINEAR: linear}
    return [_auroc_row(cells, told, part), _precision_row(cells, told, part)]


def _fit_linear(dataset: Dataset, progress: Progress) -> LinearModel:
    """Train on the training part; which genes are hidden is drawn anew for every batch."""
    rows = dataset.rows(TRAIN)
    types = sorted({dataset.cancer_types[i] for i in rows})
    overall = torch.from_numpy(type_frequencies(dataset, TRAIN)[""]).float().flatten()
    model = LinearModel(len(overall), types, torch.logit(overall, 1e-5))
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    generator, order = torch.Generator().manual_seed(0), np.random.default_rng(0)
    num_batches = max(len(rows) // BATCH_TUMORS, 1)
    for step in range(EPOCHS * num_batches):
        if step % num_batches == 0:
            batches = np.array_split(order.permutation(rows), num_batches)
        chosen = batches[step % num_batches]
        batch = make_batch(dataset.tokens, chosen)
        hidden = torch.rand(batch.profiled.shape[1:], generator=generator) < HIDDEN_SHARE
        altered, profiled = gene_states(batch)
        logits = model(
            restrict(batch, batch.profiled & ~hidden), [dataset.cancer_types[i] for i in chosen]
        )
        asked = (profiled & hidden[:, None]).float()
        loss = binary_cross_entropy_with_logits(logits, altered, asked, reduction="sum")
        optimizer.zero_grad()
        (loss / len(chosen)).backward()
        optimizer.step()
        progress("Fitting the linear baseline", step + 1, EPOCHS * num_batches)
    return model


def _predict_linear(
    model: LinearModel, dataset: Dataset, cells: HiddenCells
) -> npt.NDArray[np.float32]:
    """Predict the same hidden cells, in their order."""
    told = np.empty(len(cells.tumor), dtype=np.float32)
    tumors = np.unique(cells.tumor)
    for start in range(0, len(tumors), BATCH_TUMORS):
        rows = tumors[start : start + BATCH_TUMORS]
        batch = make_batch(dataset.tokens, rows)
        ids = [dataset.tokens.sample_ids[i] for i in rows]
        hidden = np.stack([hidden_genes(i, batch.profiled.shape[2]) for i in ids])
        view = restrict(batch, batch.profiled & ~torch.from_numpy(hidden))
        with torch.inference_mode():
            predicted = model(view, [dataset.cancer_types[i] for i in rows]).sigmoid().numpy()
        mine = np.flatnonzero(np.isin(cells.tumor, rows))
        place = np.searchsorted(rows, cells.tumor[mine])
        told[mine] = predicted[place, cells.target[mine], cells.gene[mine]]
    return told


def _auroc_row(cells: HiddenCells, told: dict[str, npt.NDArray[np.float32]], part: str) -> Row:
    draws = {name: _resampled_auroc(cells, values) for name, values in told.items()}
    values = {name: float(roc_auc_score(cells.altered, values)) for name, values in told.items()}
    estimates = {name: estimate(values[name], draws[name]) for name in told}
    best = max((BY_TYPE, LINEAR), key=lambda name: values[name])
    gap = estimate(values["ours"] - values[best], draws["ours"] - draws[best])
    return _row(cells, "AUROC", part, estimates, best, gap)


def _precision_row(cells: HiddenCells, told: dict[str, npt.NDArray[np.float32]], part: str) -> Row:
    """Average precision has no interval here: a draw of a million cells takes a second."""
    values = {n: float(average_precision_score(cells.altered, v)) for n, v in told.items()}
    estimates = {name: Estimate(value=value) for name, value in values.items()}
    best = max((BY_TYPE, LINEAR), key=lambda name: values[name])
    gap = Estimate(value=values["ours"] - values[best])
    return _row(cells, "average precision", part, estimates, best, gap)


def _row(
    cells: HiddenCells,
    metric: str,
    part: str,
    estimates: dict[str, Estimate],
    best: str,
    gap: Estimate,
) -> Row:
    baselines = {name: told for name, told in estimates.items() if name != "ours"}
    return Row(
        task="hidden alterations",
        view=f"{HIDDEN_SHARE:.0%} of the profiled genes hidden",
        part=part,
        metric=metric,
        ours=estimates["ours"],
        baselines=baselines,
        best_baseline=best,
        difference=gap,
        num_tumors=len(np.unique(cells.tumor)),
        reach=REACHES[metric],
        note=f"{len(cells.altered):,} hidden cells, {int(cells.altered.sum()):,} altered",
    )


def _resampled_auroc(cells: HiddenCells, told: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Resample tumors, the same for every model."""
    generator = np.random.default_rng(0)
    distinct, owner = np.unique(cells.tumor, return_inverse=True)
    order = np.argsort(told, kind="stable")
    altered, owner = cells.altered[order], owner[order]
    draws = []
    for _ in range(NUM_DRAWS // 3):
        sample = generator.integers(len(distinct), size=len(distinct))
        weight = np.bincount(sample, minlength=len(distinct))[owner]
        draws.append(weighted_auroc(altered, weight))
    return np.array(draws)


def dataset_of(cohort: EvaluationCohort) -> Dataset:
    """View the tumors of the evidence as a training run would."""
    types = [
        f"{study}: {name or 'not stated'}"
        for study, name in zip(cohort.study_ids, cohort.cancer_types, strict=True)
    ]
    return Dataset(
        tokens=cohort.tokens,
        study_ids=tuple(cohort.study_ids),
        patient_ids=tuple(cohort.patient_ids),
        cancer_types=tuple(types),
        parts=cohort.parts,
    )
