from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.few_features import BURDEN
from engine.training.few_labels import (
    FewLabelConfig,
    cross_validate,
    fit_few,
    folds,
    predict_few,
)
from engine.training.head_metrics import auroc
from engine.training.simple_models import BURDEN_ALONE, SIMPLE
from tests.engine.few import CLASSES, blocks, labels

QUICK = FewLabelConfig(num_replicates=8)


def test_a_patient_is_never_on_both_sides() -> None:
    data = labels(40)
    pairs = list(folds(data.truth, data.patients, QUICK))
    assert len(pairs) == 5
    for train, test in pairs:
        assert not set(data.patients[train]) & set(data.patients[test])
        assert set(data.truth[train]) == {0, 1}


def test_few_labels_are_enough_for_a_clear_answer() -> None:
    others = np.arange(400) % 2
    told = predict_few(labels(30), blocks(others, seed=1))
    assert auroc(told.astype(np.float32), others) > 0.9
    assert np.allclose(told.sum(axis=1), 1)


def test_the_head_tells_what_the_fit_told() -> None:
    asked = blocks(np.arange(50) % 2, seed=1)
    head = fit_few(labels(40), CLASSES, config=QUICK)
    told = head.probabilities(asked)
    assert np.allclose(told, predict_few(labels(40), asked, config=QUICK), atol=1e-5)


def test_the_interval_holds_the_probability_and_narrows_with_labels() -> None:
    asked = blocks(np.arange(50) % 2, seed=1)
    widths = []
    for number in (30, 600):
        head = fit_few(labels(number), CLASSES, config=QUICK)
        told = head.probabilities(asked)
        lower, upper = head.interval(asked, told)
        assert ((lower <= told) & (told <= upper)).all()
        widths.append(float((upper - lower).mean()))
    assert widths[1] < widths[0]


def test_cross_validation_finds_nothing_where_nothing_is() -> None:
    data = labels(200, signal=0.0)
    told = cross_validate(data, config=QUICK)
    assert auroc(told.astype(np.float32), data.truth) == pytest.approx(0.5, abs=0.12)
    assert np.abs(told[:, 1] - 0.5).mean() < 0.2


def test_three_classes_are_told_apart() -> None:
    data = labels(90)
    truth = np.arange(90) // 2 % 3
    shifted = data.blocks["embedding"].copy()
    shifted[np.arange(90), truth] += 3
    three = replace(data, truth=truth, blocks=data.blocks | {"embedding": shifted})
    told = cross_validate(three, config=QUICK)
    assert told.shape == (90, 3)
    assert auroc(told.astype(np.float32), truth) > 0.9


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
