from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from engine.few_features import BURDEN, join_blocks
from engine.training.head_metrics import auroc
from engine.training.simple_models import BURDEN_ALONE, LOGISTIC, RAW, SIMPLE, STRENGTHS
from tests.engine.few import blocks, labels


@pytest.mark.parametrize("name", sorted(SIMPLE))
def test_simple_models_tell_probabilities(name: str) -> None:
    data, others = labels(40), np.arange(100) % 2
    told = SIMPLE[name](data.blocks, data.truth, blocks(others, seed=1))
    assert told.shape == (100, 2)
    assert np.allclose(told.sum(axis=1), 1, atol=1e-5)
    expected = 0.5 if name == BURDEN_ALONE else 0.85
    assert abs(auroc(told.astype(np.float32), others) - expected) < 0.15


def test_burden_alone_reads_the_burden_alone() -> None:
    data = labels(40)
    others = blocks(np.arange(10) % 2, seed=1)
    changed = {name: block if name == BURDEN else -block for name, block in others.items()}
    model = SIMPLE[BURDEN_ALONE]
    assert np.array_equal(
        model(data.blocks, data.truth, others), model(data.blocks, data.truth, changed)
    )


def test_the_penalty_is_one_of_those_that_are_tried_and_suits_the_labels() -> None:
    others = blocks(np.arange(30) % 2, seed=1)
    chosen = {}
    for signal in (0.0, 1.0):
        data = labels(80, signal=signal)
        told = SIMPLE[LOGISTIC](data.blocks, data.truth, others)
        inputs = join_blocks(data.blocks, RAW)
        gaps = [
            np.abs(
                LogisticRegression(C=strength, max_iter=500)
                .fit(inputs, data.truth)
                .predict_proba(join_blocks(others, RAW))
                - told
            ).max()
            for strength in STRENGTHS
        ]
        assert min(gaps) < 1e-6
        chosen[signal] = STRENGTHS[int(np.argmin(gaps))]
    assert chosen[0.0] < chosen[1.0]


def test_no_model_reads_what_the_encoder_tells() -> None:
    data = labels(40)
    others = blocks(np.arange(10) % 2, seed=1)
    changed = {name: block if name in RAW else -block for name, block in others.items()}
    for model in SIMPLE.values():
        told, again = (model(data.blocks, data.truth, asked) for asked in (others, changed))
        assert np.array_equal(told, again)
