from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kruskal, mannwhitneyu

from engine.epidemiology.group_comparison import (
    compare_label,
    compare_number,
    cramers_v,
    find_shift,
)

HAIR_AND_EYES = np.array([[68, 20, 15, 5], [119, 84, 54, 29], [26, 17, 14, 14], [7, 94, 10, 16]])


def laid_out(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return group and label of each tumor of a table."""
    groups, values = np.indices(table.shape)
    codes = np.repeat(groups.ravel(), table.ravel())
    texts = np.repeat(values.ravel().astype(str), table.ravel()).astype(object)
    return codes, texts


def test_cramers_v_of_hair_and_eyes() -> None:
    """Golden of R: chisq.test(margin.table(HairEyeColor, c(1, 2))): 138.29 on 9, p < 2.2e-16.

    Bias-corrected by the formula of Bergsma 2013 from that chi-square: 0.2704; without, 0.2790.
    """
    found = compare_label("eyes", laid_out(HAIR_AND_EYES)[1], laid_out(HAIR_AND_EYES)[0], 4)
    assert found is not None
    n, chi_square = 592, 138.29
    spare, width = 9 / 591, 3 - 9 / 591
    assert found.strength == pytest.approx(np.sqrt((chi_square / n - spare) / width), abs=1e-4)
    assert found.strength == pytest.approx(0.2704, abs=2e-4)
    assert found.lower < found.strength < found.upper
    assert found.p_value == pytest.approx(2.33e-25, rel=0.01)
    assert not found.is_exact
    assert found.known == (108, 286, 71, 127)
    assert found.counts.sum() == n


def test_small_counts_are_tested_exactly() -> None:
    """Golden of R: fisher.test on the tea tasting, p = 0.4857; Agresti, job satisfaction, 0.78."""
    codes, texts = laid_out(np.array([[3, 1], [1, 3]]))
    tea = compare_label("tea", texts, codes, 2)
    assert tea is not None
    assert (tea.is_exact, tea.p_value) == (True, pytest.approx(0.4857, abs=1e-4))
    jobs = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
    codes, texts = laid_out(jobs)
    satisfaction = compare_label("job", texts, codes, 4)
    assert satisfaction is not None
    assert satisfaction.is_exact
    assert satisfaction.p_value == pytest.approx(0.78, abs=0.03)


def test_unrelated_labels_have_no_strength_and_uniform_p_values() -> None:
    rng = np.random.default_rng(0)
    found = [
        compare_label(
            "x", rng.choice(list("abc"), 300).astype(object), rng.integers(0, 3, 300), 3, seed=i
        )
        for i in range(200)
    ]
    p_values = [label.p_value for label in found if label is not None]
    assert len(p_values) == 200
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.09
    assert np.median([label.strength for label in found if label is not None]) < 0.03


def test_the_strength_is_whole_when_labels_tell_groups_apart() -> None:
    table = np.diag([50, 60, 70])
    assert cramers_v(table[None])[0] == pytest.approx(1.0)
    assert cramers_v(np.array([[[5, 0], [0, 0]]]))[0] == 0


def test_unknown_labels_and_tumors_of_no_group_do_not_count() -> None:
    codes = np.array([0, 0, 1, 1, -1, 1, 0])
    texts = np.array(["a", "b", "a", None, "b", "c", None], dtype=object)
    found = compare_label("x", texts, codes, 2)
    assert found is not None
    assert found.known == (2, 2)
    assert set(found.values) == {"a", "b", "c"}
    assert compare_label("x", texts, np.zeros(7, dtype=int), 2) is None
    assert compare_label("x", np.array(["a"] * 7, dtype=object), codes, 2) is None
    assert compare_label("x", np.array([None] * 7, dtype=object), codes, 2) is None


def test_cliffs_delta_counts_the_pairs() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 9, 40).astype(float), rng.integers(2, 12, 30).astype(float)
    found = find_shift(first, second)
    pairs = np.sign(first[:, None] - second[None, :])
    assert found.delta == pytest.approx(pairs.mean())
    statistic = mannwhitneyu(first, second).statistic
    assert found.delta == pytest.approx(2 * statistic / 1200 - 1)
    assert -1 < found.lower < found.delta < found.upper < 1


def test_the_interval_of_cliffs_delta_covers_what_is_true() -> None:
    rng = np.random.default_rng(2)
    true = 2 * 0.7602499 - 1  # chance that N(1, 1) is above N(0, 1), twice, less one
    inside = 0
    for _ in range(300):
        found = find_shift(rng.normal(1, 1, 40), rng.normal(0, 1, 25))
        inside += found.lower <= true <= found.upper
    assert 0.91 < inside / 300 < 0.99


def test_the_interval_of_a_whole_difference_shrinks_with_the_number() -> None:
    few, many = (find_shift(np.arange(n) + 1000.0, np.arange(n) * 1.0) for n in (5, 500))
    assert few.delta == many.delta == few.upper == 1
    assert few.lower < 0.2 < 0.98 < many.lower


def test_numbers_of_several_groups() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(-1, 3, 400)
    values = rng.normal(size=400) + 0.5 * (codes == 2)
    values[:20] = np.nan
    found = compare_number("x", values, codes, 3)
    assert found is not None
    parts = [values[(codes == g) & ~np.isnan(values)] for g in range(3)]
    assert found.p_value == pytest.approx(kruskal(*parts).pvalue)
    assert found.known == tuple(map(len, parts))
    assert found.quartiles[1][1] == pytest.approx(np.median(parts[1]))
    assert found.shifts[0] is None
    assert found.shifts[2] is not None
    assert found.shifts[2].delta > 0.1
    assert 0 < found.spread < 1


def test_a_number_that_only_one_group_knows_is_not_compared() -> None:
    codes = np.array([0, 0, 1, 1])
    assert compare_number("x", np.array([1.0, 2.0, np.nan, np.nan]), codes, 2) is None
    same = compare_number("x", np.ones(4), codes, 2)
    assert same is not None
    assert np.isnan(same.p_value)
    assert same.shifts[1] is not None
    assert same.shifts[1].delta == 0
