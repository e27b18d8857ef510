from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from engine.evaluation.paired import METRICS, average_precision, compare, top_accuracy
from engine.evaluation.rows import LOWER, Estimate, Row

EMPTY = Row(
    task="t",
    view="v",
    part="test",
    metric="accuracy",
    ours=Estimate(value=0.0),
    num_tumors=0,
)


def truth_and_guesses(num: int = 400) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Ours is right in 80 of 100, one baseline in 60, the other in 50."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, num)
    told = {}
    for name, share in (("ours", 0.8), ("good", 0.6), ("poor", 0.5)):
        guess = np.where(np.arange(num) % 100 < share * 100, truth, 1 - truth)
        told[name] = np.eye(2)[guess] * 0.8 + 0.1
    return truth, told


def test_the_difference_is_to_the_best_baseline_and_its_interval_holds_it() -> None:
    truth, told = truth_and_guesses()
    row = compare(EMPTY, METRICS["accuracy"], told, truth, [str(i) for i in range(400)])
    assert row.best_baseline == "good"
    assert row.ours.value == pytest.approx(0.8)
    assert row.difference is not None
    assert row.difference.value == pytest.approx(0.2)
    assert row.difference.low is not None
    assert row.difference.high is not None
    assert 0.1 < row.difference.low < 0.2 < row.difference.high < 0.3
    assert row.num_tumors == 400


def test_pairing_makes_the_interval_of_a_difference_narrow() -> None:
    truth, told = truth_and_guesses()
    told["good"] = told["ours"]
    row = compare(EMPTY, METRICS["accuracy"], told, truth, [str(i) for i in range(400)])
    assert row.difference == Estimate(value=0.0, low=0.0, high=0.0)


def test_where_lower_is_better_the_lowest_baseline_is_the_best() -> None:
    truth, told = truth_and_guesses()
    worse = Row(**vars(EMPTY) | {"better": LOWER})
    row = compare(worse, METRICS["accuracy"], told, truth, ["one"] * 200 + ["other"] * 200)
    assert row.best_baseline == "poor"


def test_tumors_of_one_patient_are_drawn_together() -> None:
    truth, told = truth_and_guesses()
    alone = compare(EMPTY, METRICS["accuracy"], told, truth, [str(i) for i in range(400)])
    # Patients of 100 tumors each have exactly the same accuracy, so nothing varies.
    grouped = compare(EMPTY, METRICS["accuracy"], told, truth, [str(i // 100) for i in range(400)])
    assert grouped.ours.low == grouped.ours.high == pytest.approx(0.8)
    assert alone.ours.low is not None
    assert alone.ours.low < 0.8


def test_top_accuracy_counts_the_three_likeliest() -> None:
    told = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
    assert top_accuracy(told, np.arange(4)) == 0.75


def test_average_precision_leaves_the_most_frequent_class_out() -> None:
    generator = np.random.default_rng(1)
    truth = (generator.random(200) < 0.2).astype(np.int64)
    score = generator.random(200) + truth
    told = np.column_stack([2 - score, score])
    expected = average_precision_score(truth, score)
    assert average_precision(told, truth) == pytest.approx(expected)
