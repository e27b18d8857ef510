"""Multinomial logistic regression: penalty and temperature chosen on held-out patients, refits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

LOG_TEMPERATURES = (-2.0, 2.0)
"""Bounds of the logarithm of the temperature."""

Inputs = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class HeadsConfig:
    """How heads are fitted.

    Args:
        strengths: Inverse penalties tried; the one with the least validation loss is kept.
        num_replicates: Refits to reweighted patients, for the intervals.
        max_iterations: Most steps of the solver.
        seed: Seed of the weights of the patients.
    """

    strengths: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)
    num_replicates: int = 50
    max_iterations: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Labeled:
    """Tumors with a class.

    Args:
        vectors: Embeddings, (N, D), float64.
        truth: Code of the class, 0 to C - 1, (N,).
        patients: Patient of each tumor, (N,).
    """

    vectors: Inputs
    truth: Codes
    patients: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A fitted and calibrated regression.

    Args:
        weights: Weights and, last, the bias of each class, divided by the temperature,
            (C, D + 1), float32.
        replicates: The same of each refit, (B, C, D + 1), float16.
        strength: Inverse penalty kept.
        temperature: What the logits are divided by; above 1 the raw fit was too sure.
    """

    weights: NDArray[np.float32]
    replicates: NDArray[np.float16]
    strength: float
    temperature: float


def fit_calibrated(train: Labeled, validation: Labeled, config: HeadsConfig) -> Calibrated:
    """Fit on training patients, choose penalty and temperature on validation patients.

    Each refit weighs the training patients anew by exponential draws, and keeps penalty and
    temperature. No patient gets the weight zero, so no rare class is ever lost.

    Args:
        train: Tumors of training patients; each class occurs.
        validation: Tumors of other patients.
        config: How to fit.

    Returns:
        The regression, for vectors as they are.

    References:
        Rubin 1981, The Bayesian bootstrap, doi:10.1214/aos/1176345338.
        Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599, section 4.2.
    """
    center, scale = train.vectors.mean(axis=0), train.vectors.std(axis=0)
    scale[scale == 0] = 1.0
    inputs = (train.vectors - center) / scale
    held_out = (validation.vectors - center) / scale
    fits = [_fit(inputs, train.truth, strength, config) for strength in config.strengths]
    losses = [_loss(_logits(fit, held_out), validation.truth) for fit in fits]
    best = int(np.argmin(losses))
    temperature = _temperature(_logits(fits[best], held_out), validation.truth)
    weights = _for_raw_vectors(fits[best], center, scale) / temperature
    replicates = [
        _for_raw_vectors(coefficients, center, scale) / temperature
        for coefficients in _refits(inputs, train, config.strengths[best], config)
    ]
    return Calibrated(
        weights=weights.astype(np.float32),
        replicates=np.array(replicates).astype(np.float16),
        strength=config.strengths[best],
        temperature=temperature,
    )


def _fit(inputs: Inputs, truth: Codes, strength: float, config: HeadsConfig) -> Inputs:
    model = LogisticRegression(C=strength, max_iter=config.max_iterations)
    return _coefficients(model.fit(inputs, truth))


def _refits(inputs: Inputs, train: Labeled, strength: float, config: HeadsConfig) -> list[Inputs]:
    """Refit to reweighted patients; each fit starts from the one before, which halves the time."""
    generator = np.random.default_rng(config.seed)
    owner = np.unique(train.patients, return_inverse=True)[1]
    model = LogisticRegression(C=strength, max_iter=config.max_iterations, warm_start=True)
    fitted = []
    for _ in range(config.num_replicates):
        drawn = generator.exponential(size=int(owner.max()) + 1)[owner]
        model.fit(inputs, train.truth, sample_weight=drawn / drawn.mean())
        fitted.append(_coefficients(model))
    return fitted


def _coefficients(model: LogisticRegression) -> Inputs:
    """Weights and bias of each class, (C, D + 1); of two classes the first gets zeros."""
    joined: Inputs = np.column_stack([model.coef_, model.intercept_])
    return np.vstack([np.zeros_like(joined), joined]) if len(joined) == 1 else joined


def _for_raw_vectors(coefficients: Inputs, center: Inputs, scale: Inputs) -> Inputs:
    weights = coefficients[:, :-1] / scale
    return np.column_stack([weights, coefficients[:, -1] - weights @ center])


def _logits(coefficients: Inputs, inputs: Inputs) -> Inputs:
    logits: Inputs = inputs @ coefficients[:, :-1].T + coefficients[:, -1]
    return logits


def _loss(logits: Inputs, truth: Codes) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(truth)), truth].mean())


def _temperature(logits: Inputs, truth: Codes) -> float:
    found = minimize_scalar(
        lambda log_temperature: _loss(logits / np.exp(log_temperature), truth),
        bounds=LOG_TEMPERATURES,
        method="bounded",
    )
    return float(np.exp(found.x))
