from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.hazards import fit_hazards
from engine.training.treated import Times


def followed(num: int = 60) -> tuple[np.ndarray, Times, np.ndarray]:
    """Draw tumors with many tied months, three strata and three features."""
    generator = np.random.default_rng(3)
    has = generator.random((num, 3)) < 0.4
    strata = generator.integers(0, 3, num)
    months = np.ceil(generator.exponential(10, num) * np.where(has[:, 0], 0.5, 1))
    return has, Times(months=months, ended=generator.random(num) < 0.7), strata


def test_hazard_ratios_agree_with_lifelines_and_statsmodels() -> None:
    """Golden of lifelines 0.30.0 and statsmodels 0.15.0, which agree to 1e-6.

    For each feature x: `CoxPHFitter().fit(frame(m, d, x, s), "m", "d", strata=["s"])` and
    `PHReg(m, x, status=d, strata=s, ties="efron").fit()`: coefficients and standard errors.
    """
    has, times, strata = followed()
    found = fit_hazards(has, np.ones_like(has), times, strata)
    assert found.log_ratio == pytest.approx([0.12712473, 0.51087029, -0.24783252], abs=1e-7)
    assert found.standard_error == pytest.approx([0.41481702, 0.35273959, 0.38884468], abs=1e-7)
    assert np.sign(found.events - found.expected).tolist() == np.sign(found.z).tolist()


def test_a_feature_that_is_not_known_takes_the_tumor_out() -> None:
    has, times, strata = followed()
    known = np.random.default_rng(0).random(has.shape) < 0.7
    found = fit_hazards(has, known, times, strata)
    for column in range(3):
        rows = np.flatnonzero(known[:, column])
        alone = fit_hazards(
            has[rows][:, [column]],
            np.ones((len(rows), 1), dtype=bool),
            times.take(rows),
            strata[rows],
        )
        assert found.log_ratio[column] == pytest.approx(alone.log_ratio[0])
        assert found.standard_error[column] == pytest.approx(alone.standard_error[0])


def test_unknown_times_are_left_out() -> None:
    has, times, strata = followed()
    gone = np.arange(60) < 10
    without = Times(months=np.where(gone, np.nan, times.months), ended=times.ended)
    rows = np.flatnonzero(~gone)
    expected = fit_hazards(has[rows], np.ones((50, 3), dtype=bool), times.take(rows), strata[rows])
    found = fit_hazards(has, np.ones_like(has), without, strata)
    assert found.log_ratio == pytest.approx(expected.log_ratio)


def test_when_all_carriers_live_the_ratio_is_nothing() -> None:
    months, ended = np.arange(1.0, 21.0), np.arange(20) < 10
    has = (np.arange(20) >= 15)[:, None]
    found = fit_hazards(
        has, np.ones_like(has), Times(months=months, ended=ended), np.zeros(20, int)
    )
    assert found.log_ratio[0] == -np.inf
    assert found.standard_error[0] == np.inf
    assert found.z[0] < -1


def test_nobody_to_compare_with_is_not_known() -> None:
    times = Times(months=np.arange(1.0, 7.0), ended=np.ones(6, dtype=bool))
    everybody = np.ones((6, 1), dtype=bool)
    found = fit_hazards(everybody, everybody, times, np.zeros(6, dtype=np.int64))
    assert np.isnan(found.log_ratio[0])
    assert found.z[0] == 0
    apart = fit_hazards(
        (np.arange(6) < 3)[:, None], everybody, times, (np.arange(6) < 3).astype(np.int64)
    )
    assert np.isnan(apart.log_ratio[0])


def test_permuted_deaths_give_no_more_than_chance() -> None:
    generator = np.random.default_rng(0)
    has = generator.random((300, 1500)) < 0.3
    times = Times(months=generator.exponential(10, 300), ended=generator.random(300) < 0.6)
    found = fit_hazards(has, np.ones_like(has), times, generator.integers(0, 4, 300))
    assert 0.035 < (np.abs(found.z) > 1.96).mean() < 0.06
