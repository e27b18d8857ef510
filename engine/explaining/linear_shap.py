"""Exact Shapley values of a linear head over what it reads (the shap library)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.explaining.targets import class_number
from engine.heads import FROZEN, Head

STATES = ("state of the panel", "state of the covariates", "state of the copy number")
MEAN_STATE = "mean state of the alterations"
NUM_STATES = len(STATES) + 1


@dataclass(frozen=True, kw_only=True)
class FeatureAttribution:
    """What each number that a head reads adds to a class of N tumors.

    Args:
        target: Name of the number.
        features: Names of what is read, K.
        values: What each adds, (N, K).
        baseline: What the tumors are compared with.
        baseline_value: The number there.
        convergence_delta: Sum of the values less f(tumor) - f(baseline), (N,).
    """

    target: str
    features: tuple[str, ...]
    values: NDArray[np.float64]
    baseline: str
    baseline_value: float
    convergence_delta: NDArray[np.float64]


def shap_of_head(
    head: Head,
    class_name: str,
    vectors: NDArray[np.float32],
    background: NDArray[np.float32],
    covariates: Sequence[str] = (),
) -> FeatureAttribution:
    """Split the score of a class over what its head reads.

    The score is linear: the logit of the class less the mean logit of the others, with two classes
    the log odds. Numbers without a meaning of their own, the states of the encoder, are summed up;
    for a head on adapted features nothing else is left, and the values say little.

    Args:
        head: A linear head.
        class_name: One of its classes.
        vectors: What it reads of N tumors, (N, D).
        background: What it reads of the tumors to compare with, (M, D).
        covariates: Names of the covariates, C, as `Encoder.covariate_names`; a head on frozen
            features has its covariates named by them.

    Returns:
        The values; features are taken as independent.

    Raises:
        ExplanationError: If the head has no such class.

    References:
        Lundberg and Lee 2017, A unified approach to interpreting model predictions,
        arXiv:1705.07874, corollary 1.
    """
    number = class_number(head.task, head.classes, class_name)
    with warnings.catch_warnings():
        # Importing shap draws color maps by calls that matplotlib means to drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        from shap import LinearExplainer
        from shap.maskers import Independent

    weights = head.weights.astype(np.float64)
    slope = weights[number] - np.delete(weights, number, axis=0).mean(0)
    masker = Independent(background.astype(np.float64), max_samples=len(background))
    told = LinearExplainer((slope[:-1], slope[-1]), masker).shap_values(vectors.astype(np.float64))
    usual = float(background.astype(np.float64).mean(0) @ slope[:-1] + slope[-1])
    score = vectors.astype(np.float64) @ slope[:-1] + slope[-1]
    names, groups = _groups(head, vectors.shape[1], covariates)
    return FeatureAttribution(
        target=f"{head.task}: {class_name}",
        features=names,
        values=told @ groups,
        baseline=f"the average of {len(background)} tumors",
        baseline_value=usual,
        convergence_delta=told.sum(1) - (score - usual),
    )


def _groups(
    head: Head, width: int, covariates: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Name the groups of features, K, and say which feature is in which, (D, K)."""
    number = len(covariates)
    states = (width - 2 * number) // NUM_STATES
    if head.reads != FROZEN or not number or states * NUM_STATES + 2 * number != width:
        return ("what the adapted encoder tells",), np.ones((width, 1))
    names = (*STATES, MEAN_STATE, *covariates)
    column = np.concatenate(
        [np.repeat(np.arange(NUM_STATES), states), np.tile(np.arange(number), 2) + NUM_STATES]
    )
    return names, np.eye(len(names))[column]
