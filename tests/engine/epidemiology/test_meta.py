from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.meta import pool_effects

VARIANCES = np.array([[0.01], [0.02], [0.005], [0.03]])


@pytest.mark.parametrize(
    ("estimates", "mean", "interval", "between", "inconsistency"),
    [
        ([0.1, 0.3, -0.05, 0.25], 0.107641, (-0.148911, 0.364192), 0.0128023, 0.549755),
        ([0.1, 0.9, -0.5, 0.25], 0.1785072, (-0.740900, 1.097915), 0.3178758, 0.966695),
    ],
)
def test_pooling_agrees_with_statsmodels(
    estimates: list[float],
    mean: float,
    interval: tuple[float, float],
    between: float,
    inconsistency: float,
) -> None:
    """Golden of statsmodels 0.15.0.

    combine_effects(e, v, method_re="iterated", use_t=True): "random effect wls", tau2, i2.
    """
    found = pool_effects(np.array(estimates)[:, None], VARIANCES)
    assert found.mean[0] == pytest.approx(mean, rel=1e-5)
    assert (found.lower[0], found.upper[0]) == pytest.approx(interval, abs=1e-5)
    assert found.between_variance[0] == pytest.approx(between, rel=1e-5)
    assert found.inconsistency[0] == pytest.approx(inconsistency, rel=1e-5)
    assert found.num_cohorts[0] == 4


def test_cohorts_that_agree_are_not_more_certain_than_chance_allows() -> None:
    found = pool_effects(np.full((4, 1), 0.2), np.full((4, 1), 0.04))
    assert found.mean[0] == pytest.approx(0.2)
    assert (found.between_variance[0], found.inconsistency[0]) == (0.0, 0.0)
    assert found.upper[0] - 0.2 == pytest.approx(3.182446 * 0.1, rel=1e-5)


def test_a_cohort_without_an_estimate_is_left_out() -> None:
    estimates = np.array([[0.1, 0.1], [np.nan, np.inf], [0.3, 0.3], [0.2, 0.2]])
    variances = np.array([[0.01] * 2, [0.01] * 2, [0.02] * 2, [0.04] * 2])
    found = pool_effects(estimates, variances)
    without = pool_effects(estimates[[0, 2, 3]], variances[[0, 2, 3]])
    assert found.num_cohorts.tolist() == [3, 3]
    assert found.mean == pytest.approx(without.mean)
    assert found.lower == pytest.approx(without.lower)


def test_one_cohort_is_its_own_mean_and_none_is_none() -> None:
    found = pool_effects(np.array([[0.2, np.nan]]), np.array([[0.04, np.nan]]))
    assert found.mean[0] == pytest.approx(0.2)
    assert found.upper[0] - 0.2 == pytest.approx(1.959964 * 0.2, rel=1e-5)
    assert np.isnan(found.mean[1])
    assert found.num_cohorts.tolist() == [1, 0]


def test_many_effects_are_pooled_like_one() -> None:
    generator = np.random.default_rng(0)
    estimates = generator.normal(size=(6, 30))
    variances = generator.uniform(0.01, 0.5, (6, 30))
    together = pool_effects(estimates, variances)
    for i in range(30):
        alone = pool_effects(estimates[:, [i]], variances[:, [i]])
        assert together.mean[i] == pytest.approx(alone.mean[0])
        assert together.p_value[i] == pytest.approx(alone.p_value[0])
