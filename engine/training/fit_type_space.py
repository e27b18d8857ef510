"""Fit the Gaussian clouds of kinds of tumors: means and one covariance, nobody's row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from engine.errors import TrainingError
from engine.type_space import TypeSpace

FEWEST_TUMORS = 30
MOST_DIMENSIONS = 160
SHRINKAGE = 0.05
"""Share of the mean variance added to each direction, so that rare directions count less."""

SMALLEST_SPREAD = 1e-3
TEMPERATURES = tuple(float(t) for t in np.geomspace(0.5, 16, 16))


def fit_type_space(
    features: NDArray[np.float32],
    classes: Sequence[str],
    held_out: NDArray[np.float32],
    held_out_classes: Sequence[str],
) -> TypeSpace:
    """Fit the clouds on training tumors and their temperature on others.

    Args:
        features: Features of training tumors, (N, F).
        classes: Class of each; rarer ones than 30 tumors are left out.
        held_out: Features of validation tumors, (M, F).
        held_out_classes: Class of each.

    Returns:
        The clouds.

    Raises:
        TrainingError: If no two classes have 30 tumors.
    """
    names = _names(classes)
    code = {name: i for i, name in enumerate(names)}
    center = features.mean(axis=0)
    principal = _principal_directions(features - center)
    points = (features - center) @ principal
    codes = np.array([code.get(name, -1) for name in classes])
    means = np.array([points[codes == i].mean(axis=0) for i in range(len(names))])
    known = codes >= 0
    whitening = _whitening((points[known] - means[codes[known]]).astype(np.float64))
    space = TypeSpace(
        center=center.astype(np.float32),
        basis=(principal @ whitening).astype(np.float32),
        means=(means @ whitening).astype(np.float32),
        shares=(np.bincount(codes[known]) / known.sum()).astype(np.float32),
        temperature=1.0,
    )
    told = np.array([code.get(name, -1) for name in held_out_classes])
    return _tempered(space, held_out[told >= 0], told[told >= 0])


def _names(classes: Sequence[str]) -> list[str]:
    names = [name for name, n in sorted(Counter(classes).items()) if n >= FEWEST_TUMORS]
    if len(names) < 2:
        raise TrainingError(
            f"Found {len(names)} cancer types with {FEWEST_TUMORS} training tumors or more, "
            "expected at least 2. Add studies that state cancer types."
        )
    return names


def _principal_directions(centered: NDArray[np.float32]) -> NDArray[np.float64]:
    """Standardize, then keep the directions of most variance, (F, P)."""
    spread = centered.std(axis=0).astype(np.float64) + SMALLEST_SPREAD
    _, directions = np.linalg.eigh(np.cov((centered / spread).T))
    kept: NDArray[np.float64] = directions[:, ::-1][:, :MOST_DIMENSIONS] / spread[:, None]
    return kept


def _whitening(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    covariance = np.cov(residuals.T)
    width = len(covariance)
    covariance += SHRINKAGE * np.trace(covariance) / width * np.eye(width)
    inverse: NDArray[np.float64] = np.linalg.inv(np.linalg.cholesky(covariance)).T
    return inverse


def _tempered(
    space: TypeSpace, features: NDArray[np.float32], codes: NDArray[np.int64]
) -> TypeSpace:
    """Choose the temperature with the least log loss."""
    if not len(codes):
        return space
    half = -space.distances(features) / 2
    losses = [
        -log_softmax(half / t + np.log(space.shares), axis=1)[np.arange(len(codes)), codes].mean()
        for t in TEMPERATURES
    ]
    best = TEMPERATURES[int(np.argmin(losses))]
    return TypeSpace(**vars(space) | {"temperature": best})
