from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from engine.random_effects import compare_areas, pool


def test_pooling_agrees_with_statsmodels() -> None:
    """Golden of statsmodels 0.15.0: combine_effects(..., method_re="dl")."""
    found = pool([0.1, 0.3, -0.05, 0.25], [0.01, 0.02, 0.005, 0.03])
    assert found.mean == pytest.approx(0.111055, abs=1e-6)
    assert (found.lower, found.upper) == pytest.approx((-0.054267, 0.276376), abs=1e-6)
    assert found.between_variance == pytest.approx(0.01504464285714286)
    assert found.num_cohorts == 4


def test_cohorts_that_agree_do_not_differ() -> None:
    found = pool([0.1, 0.1], [0.01, 0.02])
    assert (found.mean, found.between_variance) == pytest.approx((0.1, 0.0))


def test_two_cohorts_that_differ_are_weighed_alike() -> None:
    # Equal variances v: the excess of (1 - 0)^2 / 2 over v is the variance between the cohorts.
    found = pool([0.0, 1.0], [0.1, 0.1])
    assert (found.mean, found.between_variance) == pytest.approx((0.5, 0.4))
    assert found.upper - found.mean == pytest.approx(1.959964 * np.sqrt(0.5 / 2))


def test_one_cohort_is_its_own_mean() -> None:
    found = pool([0.2], [0.04])
    assert (found.mean, found.between_variance) == (0.2, 0.0)
    assert found.upper - found.mean == pytest.approx(1.96 * 0.2, rel=1e-3)


@pytest.mark.parametrize(("estimates", "variances"), [([], []), ([0.1], [])])
def test_nothing_to_pool_is_refused(estimates: list[float], variances: list[float]) -> None:
    with pytest.raises(ValueError, match="expected one variance for each"):
        pool(estimates, variances)


def scores(num: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    is_positive = generator.random(num) < 0.4
    ours = generator.normal(size=num) + is_positive
    return is_positive, ours, generator.normal(size=num) + 0.5 * is_positive


def test_areas_agree_with_scikit_learn() -> None:
    is_positive, ours, theirs = scores()
    found = compare_areas(is_positive, ours, theirs)
    assert found.ours == pytest.approx(roc_auc_score(is_positive, ours))
    assert found.theirs == pytest.approx(roc_auc_score(is_positive, theirs))


def test_variances_agree_with_a_bootstrap() -> None:
    is_positive, ours, theirs = scores()
    generator = np.random.default_rng(1)
    drawn = []
    for _ in range(2000):
        rows = generator.integers(0, len(ours), len(ours))
        areas = compare_areas(is_positive[rows], ours[rows], theirs[rows])
        drawn.append((areas.ours, areas.ours - areas.theirs))
    spread = np.var(drawn, axis=0)
    found = compare_areas(is_positive, ours, theirs)
    assert found.our_variance == pytest.approx(spread[0], rel=0.2)
    assert found.difference_variance == pytest.approx(spread[1], rel=0.2)


def test_a_score_beside_itself_has_no_difference() -> None:
    is_positive, ours, _ = scores()
    found = compare_areas(is_positive, ours, ours)
    assert (found.ours - found.theirs, found.difference_variance) == (0.0, 0.0)


def test_a_class_of_one_is_refused() -> None:
    is_positive = np.array([True, False, False])
    with pytest.raises(ValueError, match="Found 1 positive tumors of 3"):
        compare_areas(is_positive, np.arange(3.0), np.arange(3.0))
