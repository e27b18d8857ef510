"""Simple models for few labels, which an encoder must beat to be worth its trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from engine.few_features import BURDEN, COPY_LEVELS, MUTATED, TRUNCATED, Floats, join_blocks

BURDEN_ALONE, LOGISTIC, FOREST = "burden alone", "L2 logistic regression", "random forest"
RAW = (MUTATED, TRUNCATED, COPY_LEVELS, BURDEN)
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
"""Inverse penalties; chosen by cross-validation on the labeled tumors."""
NUM_TREES = 300
NUM_FOLDS = 5
SEED = 0

Codes = NDArray[np.int64]
Wide = NDArray[np.float64]
Model = Callable[[Mapping[str, Floats], Codes, Mapping[str, Floats]], Wide]


def burden_alone(blocks: Mapping[str, Floats], truth: Codes, others: Mapping[str, Floats]) -> Wide:
    """Predict from the logarithm of the number of mutations, (M, C)."""
    return _told(LogisticRegression(max_iter=500), blocks[BURDEN], truth, others[BURDEN])


def logistic(blocks: Mapping[str, Floats], truth: Codes, others: Mapping[str, Floats]) -> Wide:
    """Predict by a penalized regression on genes, copy number and burden, (M, C)."""
    inputs = join_blocks(blocks, RAW)
    number = max(2, min(NUM_FOLDS, int(np.bincount(truth).min())))
    splitter = StratifiedKFold(number, shuffle=True, random_state=SEED)
    pairs = list(splitter.split(inputs, truth))
    losses = []
    for strength in STRENGTHS:
        told = np.empty((len(truth), int(truth.max()) + 1))
        for train, test in pairs:
            model = LogisticRegression(C=strength, max_iter=500)
            told[test] = _told(model, inputs[train], truth[train], inputs[test])
        chances = np.maximum(told[np.arange(len(truth)), truth], 1e-12)
        losses.append(float(-np.log(chances).mean()))
    chosen = LogisticRegression(C=STRENGTHS[int(np.argmin(losses))], max_iter=500)
    return _told(chosen, inputs, truth, join_blocks(others, RAW))


def forest(blocks: Mapping[str, Floats], truth: Codes, others: Mapping[str, Floats]) -> Wide:
    """Predict by a random forest on genes, copy number and burden, (M, C)."""
    model = RandomForestClassifier(NUM_TREES, random_state=SEED)
    return _told(model, join_blocks(blocks, RAW), truth, join_blocks(others, RAW))


SIMPLE: dict[str, Model] = {BURDEN_ALONE: burden_alone, LOGISTIC: logistic, FOREST: forest}
"""The simple models by name; each is fitted on some tumors and predicts others."""


def _told(
    model: LogisticRegression | RandomForestClassifier, inputs: Floats, truth: Codes, others: Floats
) -> Wide:
    told: Wide = model.fit(inputs, truth).predict_proba(others).astype(np.float64)
    return told
