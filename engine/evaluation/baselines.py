"""Simple baselines on raw features, fitted and chosen on the same patients as ours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from engine.evaluation.raw import burden_column

FREQUENCY, BURDEN = "class frequency", "burden alone"
LOGISTIC, FOREST, BOOSTING = "L2 logistic regression", "random forest", "gradient boosting"
STRENGTHS = (0.03, 0.3, 3.0)
"""Inverse penalties of the logistic regression that are tried on validation patients."""
MOST_BOOSTED_FEATURES = 400
"""The most frequent raw features go to the boosted trees, which need them dense."""
NUM_TREES = 300

Codes = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Raw features and classes of the three parts.

    Args:
        train: Raw features of training tumors, (N, F).
        validation: The same of validation tumors.
        test: The same of the tumors to predict.
        train_truth: Code of the class of each training tumor, (N,).
        validation_truth: The same of validation tumors.
    """

    train: sparse.csr_matrix
    validation: sparse.csr_matrix
    test: sparse.csr_matrix
    train_truth: Codes
    validation_truth: Codes


def predict_baselines(problem: Problem, seed: int = 0) -> dict[str, Probabilities]:
    """Fit every baseline and predict the test tumors.

    Args:
        problem: Features and classes; each class occurs among the training tumors.
        seed: Seed of the trees.

    Returns:
        By baseline, the probability of each class, (N, C), in the order of the codes.
    """
    counts = np.bincount(problem.train_truth)
    prior = np.tile(counts / counts.sum(), (problem.test.shape[0], 1))
    return {
        FREQUENCY: prior,
        BURDEN: _burden(problem),
        LOGISTIC: _logistic(problem),
        FOREST: _forest(problem, seed),
        BOOSTING: _boosting(problem, seed),
    }


def _burden(problem: Problem) -> Probabilities:
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(burden_column(problem.train), problem.train_truth)
    told: Probabilities = model.predict_proba(burden_column(problem.test))
    return told


def _logistic(problem: Problem) -> Probabilities:
    """Choose the penalty by the loss on validation patients."""
    classes = np.arange(problem.train_truth.max() + 1)
    best, least = None, np.inf
    for strength in STRENGTHS:
        model = make_pipeline(MaxAbsScaler(), LogisticRegression(C=strength, max_iter=300))
        model.fit(problem.train, problem.train_truth)
        told = model.predict_proba(problem.validation)
        loss = log_loss(problem.validation_truth, told, labels=classes)
        if loss < least:
            best, least = model, loss
    assert best is not None
    found: Probabilities = best.predict_proba(problem.test)
    return found


def _forest(problem: Problem, seed: int) -> Probabilities:
    model = RandomForestClassifier(
        n_estimators=NUM_TREES, min_samples_leaf=2, random_state=seed, n_jobs=-1
    )
    told: Probabilities = model.fit(problem.train, problem.train_truth).predict_proba(problem.test)
    return told


def _boosting(problem: Problem, seed: int) -> Probabilities:
    """Boost trees on the burden and the most frequent features; stop by a held-out tenth."""
    frequency = np.asarray((problem.train != 0).sum(axis=0)).ravel()
    frequency[-1] = problem.train.shape[0]
    kept = np.sort(np.argsort(-frequency, kind="stable")[:MOST_BOOSTED_FEATURES])
    model = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=80,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=1.0,
        early_stopping=True,
        n_iter_no_change=8,
        random_state=seed,
    )
    model.fit(problem.train[:, kept].toarray(), problem.train_truth)
    told: Probabilities = model.predict_proba(problem.test[:, kept].toarray())
    return told
