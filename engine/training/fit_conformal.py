"""Choose the conformal thresholds of heads on validation patients."""

from __future__ import annotations

import numpy as np

from engine.conformal import ConformalSets, conformal_threshold
from engine.heads import Heads
from engine.training.fit_heads import LabeledTumors
from engine.training.split import VALIDATION, part_of


def fit_conformal(heads: Heads, tumors: LabeledTumors) -> ConformalSets:
    """Measure what probability the true class of validation tumors is given.

    Args:
        heads: Fitted heads.
        tumors: The tumors that they were fitted on, with their labels.

    Returns:
        A threshold for each head with labeled validation tumors.
    """
    held_out = part_of(tumors.patient_ids) == VALIDATION
    thresholds, numbers = {}, {}
    for head in heads.heads:
        labels = tumors.labels[head.task]
        rows = np.array(
            [i for i in np.flatnonzero(held_out).tolist() if labels[i] in head.classes],
            dtype=np.int64,
        )
        if len(rows):
            told = head.probabilities(getattr(tumors.readout, head.reads)[rows])
            truth = np.array([head.classes.index(str(labels[i])) for i in rows.tolist()])
            thresholds[head.task] = conformal_threshold(told, truth)
            numbers[head.task] = len(rows)
    return ConformalSets(thresholds=thresholds, num_tumors=numbers)
