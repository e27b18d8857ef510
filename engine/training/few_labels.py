"""Fit a head on few labels: two experts, calibrated on patients that each fit has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from engine.few_features import COPY_LEVELS, MUTATED, TRUNCATED, Floats, join_blocks
from engine.finetune import Expert, OwnHead, affine, bounded
from engine.head_tasks import CANCER_TYPE
from engine.training.fit_directions import EMBEDDING

RECIPE: dict[str, dict[str, float]] = {
    "genes": {MUTATED: 1.0, TRUNCATED: 1.0, COPY_LEVELS: 0.2},
    "encoder": {EMBEDDING: 1.0, CANCER_TYPE: 1.0},
}
"""Blocks and their scales by expert; a block that a model does not have is left out.

Chosen on patients outside the test part: alone, neither expert is ahead of the other on every
question; their sum is ahead of both on each.
"""

MOST_COMPONENTS = 512
FEWEST_PATIENTS = 5
"""Patients that each class must have."""
SPREAD = 1.4826
"""Times the median absolute deviation: the standard deviation of a normal distribution."""

Wide = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FewLabelConfig:
    """How a head is fitted to few labels.

    Args:
        strength: Inverse penalty of each expert.
        num_folds: Folds of patients, of the evaluation and of the calibration within it.
        num_replicates: Refits to reweighted patients, for the intervals.
        max_iterations: Most steps of the solver.
        seed: Seed of folds and weights.
    """

    strength: float = 1.0
    num_folds: int = 5
    num_replicates: int = 50
    max_iterations: int = 500
    seed: int = 0


DEFAULTS = FewLabelConfig()


@dataclass(frozen=True, kw_only=True)
class FewLabels:
    """N labeled tumors.

    Args:
        blocks: Features by block, (N, K) each.
        truth: Code of the class, 0 to C - 1, (N,); each class occurs.
        patients: Patient of each tumor, (N,).
    """

    blocks: Mapping[str, Floats]
    truth: Codes
    patients: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class _Space:
    """Features of one expert, turned into at most as many coordinates as there are tumors.

    A penalized regression does not feel the turn, and is fitted a hundred times faster.
    """

    coordinates: Wide  # (N, R)
    back: Wide  # (R, K), from coordinates to the features as they are
    center: Wide  # (K,), of the features as they are

    def weights(self, coefficients: Wide) -> Wide:
        """Turn coefficients and constants, (C, R + 1), into weights of features, (C, K + 1)."""
        weights = coefficients[:, :-1] @ self.back
        return np.column_stack([weights, coefficients[:, -1] - weights @ self.center])


@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """How the logits of the experts become probabilities."""

    centers: list[Wide]
    scales: list[Wide]
    slope: float
    bias: Wide


def fit_few(
    labels: FewLabels, names: tuple[str, ...], *, config: FewLabelConfig = DEFAULTS
) -> OwnHead:
    """Fit a head.

    Args:
        labels: Features and classes.
        names: Names of the classes, C.
        config: How to fit.

    Returns:
        A head without name, types and card.
    """
    spaces = _spaces(labels.blocks)
    coordinates = [space.coordinates for space in spaces.values()]
    mixture = _mix(coordinates, labels.truth, labels.patients, config)
    experts = []
    for i, (name, space) in enumerate(spaces.items()):
        fitted = space.weights(_fit(space.coordinates, labels.truth, config))
        refits = [space.weights(refit) for refit in _refits(space, labels, config)]
        experts.append(
            Expert(
                name=name,
                blocks=_block_names(name, labels.blocks),
                weights=fitted.astype(np.float32),
                center=mixture.centers[i].astype(np.float32),
                scale=mixture.scales[i].astype(np.float32),
                replicates=np.array(refits).astype(np.float16),
            )
        )
    return OwnHead(
        task="",
        classes=names,
        types=frozenset(),
        experts=tuple(experts),
        slope=mixture.slope,
        bias=mixture.bias.astype(np.float32),
    )


def cross_validate(labels: FewLabels, *, config: FewLabelConfig = DEFAULTS) -> Wide:
    """Predict each tumor by a head that has not seen its patient, nested: calibration included.

    Args:
        labels: Features and classes.
        config: How to fit.

    Returns:
        Probabilities, (N, C).
    """
    spaces = [space.coordinates for space in _spaces(labels.blocks).values()]
    told = np.empty((len(labels.truth), int(labels.truth.max()) + 1))
    for train, test in folds(labels.truth, labels.patients, config):
        told[test] = _predict(spaces, labels, train, test, config)
    return told


def predict_few(
    labels: FewLabels, blocks: Mapping[str, Floats], *, config: FewLabelConfig = DEFAULTS
) -> Wide:
    """Fit on few labels and predict other tumors, without intervals.

    Args:
        labels: Features and classes.
        blocks: Features of M other tumors.
        config: How to fit.

    Returns:
        Probabilities, (M, C).
    """
    spaces = _spaces(labels.blocks)
    coordinates = [space.coordinates for space in spaces.values()]
    mixture = _mix(coordinates, labels.truth, labels.patients, config)
    logits = []
    for name, space in spaces.items():
        weights = space.weights(_fit(space.coordinates, labels.truth, config))
        logits.append(affine(join_blocks(blocks, _block_names(name, blocks)), weights))
    return _probabilities(logits, mixture)


def folds(
    truth: Codes, patients: NDArray[np.str_], config: FewLabelConfig
) -> Iterator[tuple[Codes, Codes]]:
    """Split tumors so that no patient is on both sides and each class is on the first.

    Args:
        truth: Code of the class, (N,).
        patients: Patient of each tumor, (N,).
        config: Number of folds and seed.

    Yields:
        Rows to fit on and rows to predict.
    """
    fewest = min(len(set(patients[truth == code].tolist())) for code in np.unique(truth))
    number = max(2, min(config.num_folds, fewest))
    splitter = StratifiedGroupKFold(number, shuffle=True, random_state=config.seed)
    yield from splitter.split(truth, truth, patients)


def _predict(
    coordinates: list[Wide], labels: FewLabels, train: Codes, test: Codes, config: FewLabelConfig
) -> Wide:
    """Fit on some of the tumors and predict others, (M, C)."""
    truth = labels.truth[train]
    parts = [values[train] for values in coordinates]
    mixture = _mix(parts, truth, labels.patients[train], config)
    fits = [_fit(part, truth, config) for part in parts]
    logits = [affine(values[test], fit) for values, fit in zip(coordinates, fits, strict=True)]
    return _probabilities(logits, mixture)


def _spaces(blocks: Mapping[str, Floats]) -> dict[str, _Space]:
    return {name: _space(name, blocks) for name in RECIPE}


def _space(name: str, blocks: Mapping[str, Floats]) -> _Space:
    chosen = _block_names(name, blocks)
    scale = np.concatenate([np.full(blocks[b].shape[1], RECIPE[name][b]) for b in chosen])
    inputs = join_blocks(blocks, chosen).astype(np.float64)
    center = inputs.mean(axis=0)
    turned, sizes, axes = np.linalg.svd((inputs - center) * scale, full_matrices=False)
    kept = np.flatnonzero(sizes > sizes[0] * 1e-6)[:MOST_COMPONENTS]
    return _Space(coordinates=turned[:, kept] * sizes[kept], back=axes[kept] * scale, center=center)


def _block_names(name: str, blocks: Mapping[str, Floats]) -> tuple[str, ...]:
    return tuple(block for block in RECIPE[name] if block in blocks)


def _mix(
    coordinates: list[Wide], truth: Codes, patients: NDArray[np.str_], config: FewLabelConfig
) -> _Mixture:
    """Learn from predictions of unseen patients how the logits are put together."""
    pairs = list(folds(truth, patients, config))
    centers, scales = [], []
    sums = np.zeros((len(truth), int(truth.max()) + 1))
    for values in coordinates:
        logits = np.empty((len(truth), int(truth.max()) + 1))
        for train, test in pairs:
            logits[test] = affine(values[test], _fit(values[train], truth[train], config))
        center = np.median(logits, axis=0)
        spread = SPREAD * np.median(np.abs(logits - center), axis=0)
        centers.append(center)
        scales.append(np.maximum(spread, 1e-3))
        sums = sums + bounded(logits, centers[-1], scales[-1])
    slope, bias = _calibrate(sums, truth)
    return _Mixture(centers=centers, scales=scales, slope=slope, bias=bias)


def _calibrate(sums: Wide, truth: Codes) -> tuple[float, Wide]:
    """Fit slope and bias by likelihood; weak priors keep them finite where classes do not mix."""

    def loss(values: Wide) -> float:
        told = log_softmax(np.exp(values[0]) * sums + values[1:], axis=1)
        chosen = told[np.arange(len(truth)), truth]
        return float(-chosen.sum() + 0.5 * values[0] ** 2 + 0.05 * (values[1:] ** 2).sum())

    found = minimize(loss, np.zeros(1 + sums.shape[1]), method="L-BFGS-B").x
    return float(np.exp(found[0])), found[1:]


def _probabilities(logits: list[Wide], mixture: _Mixture) -> Wide:
    sums = sum(
        bounded(told, center, scale)
        for told, center, scale in zip(logits, mixture.centers, mixture.scales, strict=True)
    )
    shares: Wide = softmax(mixture.slope * np.asarray(sums) + mixture.bias, axis=1)
    return shares


def _fit(coordinates: Wide, truth: Codes, config: FewLabelConfig) -> Wide:
    model = LogisticRegression(C=config.strength, max_iter=config.max_iterations)
    return _coefficients(model.fit(coordinates, truth))


def _refits(space: _Space, labels: FewLabels, config: FewLabelConfig) -> list[Wide]:
    """Refit to patients reweighted by exponential draws: the Bayesian bootstrap of Rubin 1981."""
    generator = np.random.default_rng(config.seed)
    owner = np.unique(labels.patients, return_inverse=True)[1]
    fitted = []
    for _ in range(config.num_replicates):
        drawn = generator.exponential(size=int(owner.max()) + 1)[owner]
        model = LogisticRegression(C=config.strength, max_iter=config.max_iterations)
        model.fit(space.coordinates, labels.truth, sample_weight=drawn / drawn.mean())
        fitted.append(_coefficients(model))
    return fitted


def _coefficients(model: LogisticRegression) -> Wide:
    """Weights and constant of each class, (C, R + 1), of sum 0 over the classes."""
    joined: Wide = np.column_stack([model.coef_, model.intercept_])
    if len(joined) == 1:
        return np.vstack([-joined, joined]) / 2
    centered: Wide = joined - joined.mean(axis=0)
    return centered
