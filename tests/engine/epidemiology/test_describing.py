from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, mannwhitneyu

from engine.epidemiology.describing import contrast_labels, contrast_numbers

N = 200
ONE = np.zeros(N, dtype=np.int64)
INSIDE = np.arange(N) < 60


def numbers(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=N).round(1)


def test_one_stratum_agrees_with_scipy() -> None:
    values = numbers() + 0.4 * INSIDE
    (found,) = contrast_numbers({"burden": values}, INSIDE, ~INSIDE, ONE)
    expected = mannwhitneyu(
        values[INSIDE], values[~INSIDE], use_continuity=False, method="asymptotic"
    )
    assert found.p_value == pytest.approx(expected.pvalue)
    shift = values[INSIDE].mean() - values[~INSIDE].mean()
    assert found.difference == pytest.approx(shift / values.std())
    assert (found.median_in, found.known_in) == (np.median(values[INSIDE]), 60)


def test_a_type_alone_is_no_difference() -> None:
    types = (np.arange(N) % 60 < 45).astype(np.int64)
    inside = np.random.default_rng(1).random(N) < np.where(types == 1, 0.6, 0.1)
    values = numbers() + 3 * types
    (crude,) = contrast_numbers({"burden": values}, inside, ~inside, ONE)
    (adjusted,) = contrast_numbers({"burden": values}, inside, ~inside, types)
    assert crude.p_value < 1e-4
    assert adjusted.p_value > 0.05
    assert abs(adjusted.difference) < 0.3 < crude.difference


def test_what_is_not_known_is_left_out() -> None:
    values = np.where(np.arange(N) % 4 == 0, np.nan, numbers())
    rows = ~np.isnan(values)
    (found,) = contrast_numbers({"age": values}, INSIDE, ~INSIDE, ONE)
    (without,) = contrast_numbers({"age": values[rows]}, INSIDE[rows], ~INSIDE[rows], ONE[rows])
    assert found.p_value == pytest.approx(without.p_value)
    assert (found.known_in, found.known_out) == (45, 105)


def test_numbers_that_cannot_be_compared_come_last() -> None:
    found = contrast_numbers(
        {"none": np.full(N, np.nan), "same": np.ones(N), "age": numbers()}, INSIDE, ~INSIDE, ONE
    )
    assert found[0].name == "age"
    assert found[0].q_value == found[0].p_value
    assert all(np.isnan(number.q_value) for number in found[1:])


def test_labels_are_compared_category_by_category() -> None:
    label = np.where(INSIDE, np.where(np.arange(N) % 3, "Basal", "LumA"), "LumA").astype(object)
    label[100:120] = None
    (found,) = contrast_labels({"PAM50": label}, INSIDE, ~INSIDE)
    table = np.array([[40, 20], [0, 120]])
    expected = chi2_contingency(table, correction=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.strength == pytest.approx(np.sqrt(expected.statistic / 180))
    basal, luminal = found.categories
    assert (basal.value, basal.num_in, basal.share_in, basal.share_out) == ("Basal", 40, 2 / 3, 0)
    assert basal.estimate.odds_ratio == np.inf
    assert luminal.estimate.upper < 1
    assert (found.known_in, found.known_out) == (60, 120)


def test_labels_known_on_one_side_only_say_nothing() -> None:
    label = np.where(INSIDE, "a", None).astype(object)
    assert contrast_labels({"x": label, "y": ["same"] * N}, INSIDE, ~INSIDE) == ()


def test_the_strongest_label_comes_first() -> None:
    weak = np.where(np.random.default_rng(0).random(N) < 0.5, "a", "b")
    strong = np.where(INSIDE, "a", "b")
    found = contrast_labels({"weak": weak, "strong": strong}, INSIDE, ~INSIDE)
    assert [label.name for label in found] == ["strong", "weak"]
    assert found[0].strength == pytest.approx(1.0)
