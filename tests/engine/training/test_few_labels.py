from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.few_features import MUTATED
from engine.training.few_labels import (
    FewLabelConfig,
    FewLabels,
    cross_validate,
    fit_few,
    folds,
    predict_few,
)
from engine.training.fit_directions import EMBEDDING
from engine.training.head_metrics import auroc
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


def fingerprints(num_patients: int = 80, per_patient: int = 3) -> FewLabels:
    """Tumors of a patient are nearly twins, and the label is a coin of the patient's."""
    generator = np.random.default_rng(0)
    owner = np.repeat(np.arange(num_patients), per_patient)
    truth = generator.permutation(np.arange(num_patients) % 2)[owner]
    marks = generator.normal(size=(num_patients, 40))[owner]
    noise = 0.05 * generator.normal(size=marks.shape)
    known = blocks(truth, seed=0, signal=0.0)
    told = {MUTATED: (marks > 0).astype(np.float32), EMBEDDING: (marks + noise).astype(np.float32)}
    return FewLabels(
        blocks=known | told,
        truth=truth,
        patients=np.array([f"P{i}" for i in owner]),
    )


def test_knowing_the_patient_does_not_help() -> None:
    data = fingerprints()
    told = cross_validate(data, config=QUICK)
    assert auroc(told.astype(np.float32), data.truth) == pytest.approx(0.5, abs=0.13)
    # Without the patients, twins would stand on both sides: this is what must not happen.
    alone = replace(data, patients=np.array([str(i) for i in range(len(data.truth))]))
    leaked = cross_validate(alone, config=QUICK)
    assert auroc(leaked.astype(np.float32), data.truth) > 0.8
