"""Kinds of tumors as Gaussian clouds of one shape in the space of the encoder's features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax


@dataclass(frozen=True, kw_only=True)
class TypeSpace:
    """Class-conditional Gaussians with one shared, shrunk covariance.

    Args:
        center: Mean of each feature, (F,), float32.
        basis: Maps centered features to coordinates in which every cloud is round with spread 1,
            (F, P), float32.
        means: Center of each cloud, (C, P), float32.
        shares: Share of the reference tumors in each, (C,), float32, sum 1.
        temperature: What half the squared distances are divided by before they become
            probabilities; above 1 the clouds alone would be too sure.
    """

    center: NDArray[np.float32]
    basis: NDArray[np.float32]
    means: NDArray[np.float32]
    shares: NDArray[np.float32]
    temperature: float

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return squared Mahalanobis distances to the clouds, (N, C), of features (N, F)."""
        points = ((features - self.center) @ self.basis).astype(np.float64)
        means = self.means.astype(np.float64)
        squares = (points**2).sum(axis=1)[:, None] + (means**2).sum(axis=1)
        gaps: NDArray[np.float64] = squares - 2 * points @ means.T
        return np.maximum(gaps, 0.0)

    def log_probabilities(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn distances (N, C) into log probabilities of the clouds, (N, C)."""
        logits = -distances / (2 * self.temperature) + np.log(self.shares)
        told: NDArray[np.float64] = log_softmax(logits, axis=1)
        return told

    def strangeness(
        self, features: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tell how far tumors are from every cloud, and how undecided between them.

        Args:
            features: (N, F).

        Returns:
            The least squared distance, (N,), and the entropy of the probabilities, nats, (N,).

        References:
            Lee et al. 2018, A simple unified framework for detecting out-of-distribution samples
            and adversarial attacks, arXiv:1807.03888, equation 2.
        """
        distances = self.distances(features)
        told = self.log_probabilities(distances)
        return distances.min(axis=1), -(np.exp(told) * told).sum(axis=1)
