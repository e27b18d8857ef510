"""Does the encoder know the genes it was not shown? Reconstruction of hidden genes.

For each held-out tumor a fixed share of its profiled genes is hidden, altered and wild type alike.
The encoder reads the rest and says how likely each hidden gene is altered. The bar is the frequency
of that alteration in training tumors of the same cancer type.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.batching import make_batch, plan_batches
from engine.model import NUM_LEADING, TARGETS, TumorEncoder
from engine.progress import Progress, no_progress
from engine.training.dataset import Dataset
from engine.training.views import gene_states, restrict

HIDDEN_SHARE = 0.2
PRIOR_TUMORS = 20.0
"""Tumors worth of overall frequency mixed into the frequency of a cancer type."""
NUM_BOOTSTRAPS = 200


@dataclass(frozen=True, kw_only=True)
class Score:
    """Discrimination of altered from wild-type hidden cells; higher is better."""

    auroc: float
    auroc_low: float  # 95% interval by bootstrap over tumors
    auroc_high: float
    average_precision: float


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """Result for one target."""

    target: str
    num_tumors: int
    num_cells: int
    num_altered: int
    encoder: Score
    type_frequency: Score
    difference: float  # AUROC, encoder minus frequency
    difference_low: float  # 95% interval, paired bootstrap over tumors
    difference_high: float


@dataclass(frozen=True, kw_only=True)
class HiddenCells:
    """Hidden cells of all tumors, flat: who, which target and gene, truth, both predictions."""

    tumor: npt.NDArray[np.int64]
    target: npt.NDArray[np.int8]
    gene: npt.NDArray[np.int32]
    altered: npt.NDArray[np.bool_]
    encoder: npt.NDArray[np.float32]
    frequency: npt.NDArray[np.float32]


def type_frequencies(dataset: Dataset, part: str) -> dict[str, npt.NDArray[np.float32]]:
    """Frequency of each alteration by cancer type, shrunk towards the overall frequency.

    Args:
        dataset: All tumors.
        part: Part to count in.

    Returns:
        (4, G) per cancer type; the empty name holds the overall frequency, for unseen types.
    """
    rows = dataset.rows(part)
    names = np.array(dataset.cancer_types)[rows]
    counts: dict[str, list[npt.NDArray[np.float32]]] = {}
    for name in np.unique(names):
        altered, profiled = _totals(dataset, rows[names == name])
        counts[str(name)] = [altered, profiled]
    altered = np.sum([pair[0] for pair in counts.values()], axis=0)
    profiled = np.sum([pair[1] for pair in counts.values()], axis=0)
    overall = (altered + 0.5) / (profiled + 1)
    shrunk = {
        name: (pair[0] + PRIOR_TUMORS * overall) / (pair[1] + PRIOR_TUMORS)
        for name, pair in counts.items()
    }
    return {**shrunk, "": overall}


def _totals(
    dataset: Dataset, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    shape = (len(TARGETS), dataset.tokens.panel_masks.shape[1])
    altered, profiled = (np.zeros(shape, np.float32) for _ in range(2))
    for start in range(0, len(rows), 512):
        states = gene_states(make_batch(dataset.tokens, rows[start : start + 512]))
        altered += states[0].sum(0).numpy()
        profiled += states[1].sum(0).float().numpy()
    return altered, profiled


def hide_and_predict(
    model: TumorEncoder,
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    frequencies: dict[str, npt.NDArray[np.float32]],
    progress: Progress = no_progress,
) -> HiddenCells:
    """Hide genes of the given tumors and predict them.

    Args:
        model: The encoder.
        dataset: All tumors.
        rows: Tumors to score.
        frequencies: Frequencies by cancer type, from training tumors.
        progress: Told the number of tumors done.

    Returns:
        All hidden profiled cells. Which genes are hidden depends on the sample id alone.
    """
    parts, done = [], 0
    model.eval()
    for batch_rows in plan_batches(dataset.tokens.lengths[rows] + NUM_LEADING, 16_384):
        chosen = rows[batch_rows]
        parts.append(_predict_batch(model, dataset, chosen, frequencies))
        done += len(chosen)
        progress("Predicting hidden genes", done, len(rows))
    return HiddenCells(**{name: np.concatenate([p[name] for p in parts]) for name in parts[0]})


def _predict_batch(
    model: TumorEncoder,
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    frequencies: dict[str, npt.NDArray[np.float32]],
) -> dict[str, npt.NDArray[Any]]:
    batch = make_batch(dataset.tokens, rows)
    num_genes = batch.profiled.shape[2]
    hidden = np.stack([hidden_genes(dataset.tokens.sample_ids[i], num_genes) for i in rows])
    is_hidden = torch.from_numpy(hidden)
    altered, profiled = gene_states(batch)
    view = restrict(batch, batch.profiled & ~is_hidden)
    with torch.inference_mode():
        predicted = model.decode(model(view)).sigmoid().numpy()
    cells = (profiled & is_hidden[:, None]).numpy().nonzero()
    types = [dataset.cancer_types[i] for i in rows]
    expected = np.stack([frequencies.get(name, frequencies[""]) for name in types])
    return {
        "tumor": rows[cells[0]],
        "target": cells[1].astype(np.int8),
        "gene": cells[2].astype(np.int32),
        "altered": altered.numpy()[cells] > 0,
        "encoder": predicted[cells],
        "frequency": expected[cells].astype(np.float32),
    }


def hidden_genes(sample_id: str, num_genes: int) -> npt.NDArray[np.bool_]:
    """Choose the genes to hide in a tumor, (G,); they depend on its id alone."""
    generator = np.random.default_rng(list(sample_id.encode()))
    return generator.random(num_genes) < HIDDEN_SHARE


def score(cells: HiddenCells) -> list[dict[str, Any]]:
    """Score every target and all of them together.

    Args:
        cells: Hidden cells of held-out tumors.

    Returns:
        One `Reconstruction` per target with at least one altered cell, as JSON values.
    """
    results = []
    for target, name in [*enumerate(TARGETS), (None, "all")]:
        chosen = np.ones(len(cells.target), bool) if target is None else cells.target == target
        if cells.altered[chosen].any():
            results.append(asdict(_score_target(name, cells, np.flatnonzero(chosen))))
    return results


def _score_target(name: str, cells: HiddenCells, chosen: npt.NDArray[np.int64]) -> Reconstruction:
    truth, tumor = cells.altered[chosen], cells.tumor[chosen]
    predictions = (cells.encoder[chosen], cells.frequency[chosen])
    draws = _bootstrap(truth, tumor, predictions)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    scores = [
        Score(
            auroc=float(roc_auc_score(truth, p)),
            auroc_low=float(low[i]),
            auroc_high=float(high[i]),
            average_precision=float(average_precision_score(truth, p)),
        )
        for i, p in enumerate(predictions)
    ]
    return Reconstruction(
        target=name,
        num_tumors=len(np.unique(tumor)),
        num_cells=len(chosen),
        num_altered=int(truth.sum()),
        encoder=scores[0],
        type_frequency=scores[1],
        difference=scores[0].auroc - scores[1].auroc,
        difference_low=float(low[2]),
        difference_high=float(high[2]),
    )


def _bootstrap(
    truth: npt.NDArray[np.bool_],
    tumor: npt.NDArray[np.int64],
    predictions: tuple[npt.NDArray[np.float32], ...],
) -> npt.NDArray[np.float64]:
    """Resample tumors; return AUROC of both predictions and their difference per draw, (B, 3)."""
    generator = np.random.default_rng(0)
    distinct, inverse = np.unique(tumor, return_inverse=True)
    orders = [np.argsort(p, kind="stable") for p in predictions]
    draws = []
    for _ in range(NUM_BOOTSTRAPS):
        sample = generator.integers(len(distinct), size=len(distinct))
        weight = np.bincount(sample, minlength=len(distinct))[inverse]
        first, second = (weighted_auroc(truth[o], weight[o]) for o in orders)
        draws.append((first, second, first - second))
    return np.array(draws)


def weighted_auroc(truth: npt.NDArray[np.bool_], weight: npt.NDArray[np.int64]) -> float:
    """AUROC of cells sorted by rising prediction, each counted `weight` times."""
    positive, negative = weight * truth, weight * ~truth
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))
