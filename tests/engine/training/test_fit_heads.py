from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from engine.errors import TrainingError
from engine.heads import Heads
from engine.training.fit_heads import fit_heads
from engine.training.logistic import HeadsConfig, Labeled, fit_calibrated
from tests.engine.labeled import CODES, cohort, true_probabilities, vectors

QUICK = HeadsConfig(strengths=(0.001, 0.1), num_replicates=20)


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fit_heads(cohort(), config=QUICK)


def test_the_fit_finds_the_true_probabilities(heads: Heads) -> None:
    asked = vectors(1000, seed=3)
    told = heads.heads[0].probabilities(asked)
    assert heads.heads[0].classes == CODES
    assert np.abs(told - true_probabilities(asked)).mean() < 0.03


def test_intervals_hold_the_truth_of_an_unpenalized_fit() -> None:
    weak = HeadsConfig(strengths=(10.0,), num_replicates=50)
    tumors = replace(cohort(), labels={"msi": cohort().labels["msi"]})
    head = fit_heads(tumors, config=weak).heads[0]
    asked = vectors(500, seed=3)
    lower, upper = head.interval(asked, head.probabilities(asked))
    truth = 1 / (1 + np.exp(-6 * asked[:, 3]))
    held = (lower[:, 0] <= truth) & (truth <= upper[:, 0])
    assert 0.8 <= held.mean() <= 1


def test_the_card_says_what_is_behind_each_head(heads: Heads) -> None:
    facts = heads.card["tasks"]["cancer_type"]
    assert facts["classes"] == list(CODES)
    assert sum(facts["num_tumors"].values()) == 1500
    assert set(facts["num_tumors"]) == {"train", "validation", "test"}
    assert facts["num_patients"] == 750
    assert sum(facts["num_by_class"].values()) == 1500
    measured = facts["test"]["validation"]
    assert measured["num_tumors"] == facts["num_tumors"]["validation"]
    assert measured["accuracy"]["value"] > measured["majority_accuracy"]
    assert measured["auroc"]["value"] > 0.8
    assert measured["ece"]["value"] < 0.1
    breast = heads.card["tasks"]["pam50"]
    assert set(breast["num_by_cohort"]) == {"BRCA"}
    assert breast["concerns"] == ["BRCA"]
    assert breast["reads"] == "frozen"
    assert 0.5 < facts["temperature"] < 2
    assert facts["strength"] in QUICK.strengths


def test_the_same_input_gives_the_same_heads(heads: Heads) -> None:
    again = fit_heads(cohort(), config=QUICK)
    for one, other in zip(heads.heads, again.heads, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
        np.testing.assert_array_equal(one.replicates, other.replicates)


def test_test_patients_take_no_part_in_the_fit(heads: Heads) -> None:
    from engine.training.split import part_of

    tumors = cohort()
    is_test = part_of(tumors.patient_ids) == "test"
    wrong = ["BLCA" if t else name for t, name in zip(is_test, tumors.cohorts, strict=True)]
    misled = fit_heads(replace(tumors, labels={"cancer_type": wrong}), config=QUICK)
    np.testing.assert_array_equal(misled.heads[0].weights, heads.heads[0].weights)


def test_temperature_cools_an_overconfident_fit() -> None:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(120, 40))
    truth = (inputs[:, 0] + 2 * generator.normal(size=120) > 0).astype(np.int64)
    patients = np.arange(120).astype(str)
    train = Labeled(inputs[:60], truth[:60], patients[:60])
    rest = Labeled(inputs[60:], truth[60:], patients[60:])
    fitted = fit_calibrated(train, rest, HeadsConfig(strengths=(1.0,), num_replicates=1))
    assert fitted.temperature > 1.5
    logits = np.column_stack([inputs[60:], np.ones(60)]) @ fitted.weights.T
    sure = softmax(logits * fitted.temperature, axis=1)
    calm = softmax(logits, axis=1)

    def loss(told: np.ndarray) -> float:
        return float(-np.log(told[np.arange(60), truth[60:]]).mean())

    assert loss(calm) < loss(sure)


def test_too_few_of_a_class_is_refused() -> None:
    tumors = cohort(200)
    rare: list[str | None] = ["stable"] * 195 + ["high"] * 5
    with pytest.raises(TrainingError, match=r"task msi has these .*high \d, stable \d+; expected"):
        fit_heads(replace(tumors, labels={"msi": rare}))
    with pytest.raises(TrainingError, match="training tumors: none; expected"):
        fit_heads(replace(tumors, labels={"msi": [None] * 200}))


def test_no_patient_to_test_on_is_refused() -> None:
    tumors = replace(cohort(100), patient_ids=["P-1"] * 100)
    with pytest.raises(TrainingError, match=r"no labeled (validation|test) patient"):
        fit_heads(replace(tumors, labels={"msi": ["high", "stable"] * 50}))


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(TrainingError, match="501 values of msi for 500 tumors"):
        replace(cohort(500), labels={"msi": ["high"] * 501})
