from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
from lifelines.statistics import proportional_hazard_test
from scipy.optimize import minimize

from engine.epidemiology.group_hazards import fit_cox, likelihood_ratio, wald
from engine.epidemiology.proportionality import check_proportionality
from engine.epidemiology.survival_curves import SurvivalError
from engine.training.treated import Times

COVARIATES = ["fin", "age", "wexp", "mar", "paro", "prio"]


def prisoners() -> tuple[pd.DataFrame, np.ndarray, Times]:
    frame = load_rossi()
    times = Times(
        months=frame["week"].to_numpy(dtype=np.float64), ended=frame["arrest"].to_numpy() == 1
    )
    return frame, frame[COVARIATES].to_numpy(dtype=np.float64), times


def test_hazard_ratios_of_released_prisoners() -> None:
    """Golden of R's survival 3.5: coxph(Surv(week, arrest) ~ fin + age + race + ...), Rossi.

    Published in Fox and Weisberg 2011, Cox proportional-hazards regression in R, table 1.
    """
    frame, design, times = prisoners()
    race = frame["race"].to_numpy(dtype=np.float64)[:, None]
    fit = fit_cox(np.hstack([design[:, :2], race, design[:, 2:]]), times, np.zeros(432, dtype=int))
    expected = [-0.3794, -0.0574, 0.3139, -0.1498, -0.4337, -0.0849, 0.0915]
    assert fit.log_ratios == pytest.approx(expected, abs=5e-5)
    errors = [0.1914, 0.0220, 0.3080, 0.2122, 0.3819, 0.1958, 0.0287]
    assert fit.standard_errors == pytest.approx(errors, abs=6e-5)
    assert fit.num_events == 114


@pytest.mark.parametrize("strata", [None, "race"])
def test_it_agrees_with_lifelines(strata: str | None) -> None:
    frame, design, times = prisoners()
    codes = np.zeros(432, dtype=np.int64) if strata is None else frame[strata].to_numpy()
    fit = fit_cox(design, times, codes)
    known = frame if strata else frame.drop(columns="race")
    expected = CoxPHFitter().fit(known, "week", "arrest", strata=strata and [strata])
    assert fit.log_ratios == pytest.approx(expected.params_[COVARIATES].to_numpy(), abs=1e-6)
    assert fit.standard_errors == pytest.approx(
        expected.standard_errors_[COVARIATES].to_numpy(), abs=1e-6
    )
    assert fit.log_likelihood == pytest.approx(expected.log_likelihood_, abs=1e-6)


def test_the_check_of_proportionality_agrees_with_lifelines() -> None:
    frame, design, times = prisoners()
    tests = check_proportionality(fit_cox(design, times, np.zeros(432, dtype=np.int64)))
    known = frame.drop(columns="race")
    expected = proportional_hazard_test(
        CoxPHFitter().fit(known, "week", "arrest"), known, time_transform="km"
    ).summary.loc[COVARIATES]
    found = [test.statistic for test in tests]
    assert found == pytest.approx(expected["test_statistic"].to_numpy(), rel=1e-5)
    assert [t.p_value for t in tests] == pytest.approx(expected["p"].to_numpy(), rel=1e-5)
    assert tests[1].p_value < 0.001 < tests[0].p_value


def test_a_hazard_ratio_that_changes_is_found_and_its_direction_told() -> None:
    rng = np.random.default_rng(0)
    carrier = rng.random(3000) < 0.5
    early = rng.exponential(np.where(carrier, 10, 20))
    late = 5 + rng.exponential(np.where(carrier, 40, 10))
    months = np.where(early < 5, early, late)
    times = Times(months=months, ended=np.ones(3000, dtype=bool))
    fit = fit_cox(carrier[:, None].astype(float), times, np.zeros(3000, dtype=np.int64))
    test = check_proportionality(fit)[0]
    assert test.p_value < 1e-10
    assert not test.rises


def test_a_confounder_vanishes_within_its_strata() -> None:
    """Patients of one study die sooner and carry more often; the carriage itself does nothing."""
    rng = np.random.default_rng(1)
    study = rng.random(6000) < 0.5
    carrier = rng.random(6000) < np.where(study, 0.7, 0.2)
    died = rng.exponential(np.where(study, 8, 40))
    seen = rng.uniform(1, 60, 6000)
    times = Times(months=np.minimum(died, seen), ended=died < seen)
    design = carrier[:, None].astype(float)
    crude = fit_cox(design, times, np.zeros(6000, dtype=np.int64))
    within = fit_cox(design, times, study.astype(np.int64))
    assert wald(crude.log_ratios[0], crude.standard_errors[0])[1] > 1.5
    _, lower, upper, p_value = wald(within.log_ratios[0], within.standard_errors[0])
    assert lower < 1 < upper
    assert p_value > 0.05


def test_p_values_of_unrelated_groups_are_uniform() -> None:
    frame, _, times = prisoners()
    rng = np.random.default_rng(2)
    strata = frame["race"].to_numpy()
    found = []
    for _ in range(300):
        fit = fit_cox((rng.random((432, 1)) < 0.4).astype(float), times, strata)
        found.append(wald(fit.log_ratios[0], fit.standard_errors[0])[3])
    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.09
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_what_others_determine_has_no_estimate() -> None:
    _, design, times = prisoners()
    twice = np.hstack([design, design[:, :1] * 2, np.ones((432, 1))])
    fit = fit_cox(twice, times, np.zeros(432, dtype=np.int64))
    assert fit.estimable.tolist() == [True] * 6 + [False, False]
    alone = fit_cox(design, times, np.zeros(432, dtype=np.int64))
    assert fit.log_ratios[:6] == pytest.approx(alone.log_ratios)
    within = fit_cox(design[:, :1], times, design[:, 0].astype(np.int64))
    assert not within.estimable.any()
    assert np.isnan(check_proportionality(within)[0].p_value)


def test_the_likelihood_ratio_is_that_of_r() -> None:
    """Golden of R: 33.27 on 7 degrees of freedom, p = 2e-05, Fox and Weisberg 2011, table 1."""
    frame, design, times = prisoners()
    race = frame["race"].to_numpy(dtype=np.float64)[:, None]
    strata = np.zeros(432, dtype=np.int64)
    full = fit_cox(np.hstack([design, race]), times, strata)
    none = fit_cox(np.ones((432, 1)), times, strata)
    assert 2 * (full.log_likelihood - full.null_log_likelihood) == pytest.approx(33.27, abs=0.01)
    assert likelihood_ratio(full, none) == pytest.approx(2.36e-5, rel=0.02)


def test_without_events_it_says_what_to_do() -> None:
    times = Times(months=np.arange(1.0, 5.0), ended=np.zeros(4, dtype=bool))
    with pytest.raises(SurvivalError, match="expected at least one event"):
        fit_cox(np.ones((4, 1)), times, np.zeros(4, dtype=np.int64))


@pytest.mark.parametrize("strata", [np.zeros(80, dtype=np.int64), np.arange(80) // 40])
def test_a_ratio_without_events_on_one_side_is_endless(strata: np.ndarray) -> None:
    rng = np.random.default_rng(9)
    carrier = np.arange(80) % 2 == 1
    times = Times(months=rng.permutation(80) + 1.0, ended=~carrier)
    design = np.stack([carrier, rng.normal(size=80)], axis=1).astype(float)
    fit = fit_cox(design, times, strata)
    ratio, lower, upper, p_value = wald(fit.log_ratios[0], fit.standard_errors[0])
    assert (ratio, lower, upper) == (0.0, 0.0, np.inf)
    assert np.isnan(p_value)
    assert np.isfinite(wald(fit.log_ratios[1], fit.standard_errors[1])).all()


def likelihood_of(ratios: np.ndarray, design: np.ndarray, times: Times) -> float:
    """Return Efron's partial log-likelihood, summed time by time."""
    linear = design @ ratios
    total = 0.0
    for month in np.unique(times.months[times.ended]):
        at_risk, dying = times.months >= month, (times.months == month) & times.ended
        top = linear[at_risk].max()
        risk, tied = np.exp(linear[at_risk] - top).sum(), np.exp(linear[dying] - top)
        gone = np.arange(len(tied)) / len(tied) * tied.sum()
        total += float((linear[dying] - top).sum() - np.log(risk - gone).sum())
    return total


# Ratios of these run to infinity together, or outliers make the steps of Newton far too long.
@pytest.mark.parametrize("seed", [30, 49, 185, 838, 944, 1436, 2050, 2134, 2208, 2654, 2978])
def test_separation_is_climbed_to_the_top_and_never_sure(seed: int) -> None:
    rng = np.random.default_rng(seed)
    number, width = int(rng.integers(5, 40)), int(rng.integers(1, 4))
    design = rng.normal(size=(number, width)) ** rng.choice([1, 3, 5, 7, 9])
    design = (design > 0.5).astype(float) if seed % 2 else design
    months, ended = np.ceil(rng.exponential(5, number)), rng.random(number) < 0.5
    times = Times(months=months, ended=ended)
    fit = fit_cox(design, times, np.zeros(number, dtype=np.int64))
    found = np.nan_to_num(fit.log_ratios)
    assert fit.log_likelihood >= fit.null_log_likelihood
    assert fit.log_likelihood == pytest.approx(likelihood_of(found, design, times), abs=1e-6)
    kept = np.flatnonzero(fit.estimable)
    higher = minimize(
        lambda ratios: -likelihood_of(ratios, design[:, kept], times),
        found[kept],
        method="Nelder-Mead",
    )
    assert -higher.fun - fit.log_likelihood < 1e-4
    variances = np.diag(fit.covariance)[kept]
    assert (variances > 0).all()
    told = [wald(*pair) for pair in zip(found[kept], np.sqrt(variances), strict=True)]
    assert all(lower <= ratio <= upper for ratio, lower, upper, _ in told)


def test_a_separated_covariate_leaves_the_others_as_they_are() -> None:
    rng = np.random.default_rng(1)
    months = np.arange(60) + 1.0
    outlier, other = np.zeros(60), rng.normal(size=60)
    outlier[0] = 1e6
    times = Times(months=months, ended=np.ones(60, dtype=bool))
    strata = np.zeros(60, dtype=np.int64)
    both = fit_cox(np.stack([outlier, other], axis=1), times, strata)
    rest = fit_cox(other[1:, None], Times(months=months[1:], ended=times.ended[1:]), strata[1:])
    assert both.log_ratios[1] == pytest.approx(rest.log_ratios[0], rel=1e-6)
    assert both.standard_errors[1] == pytest.approx(rest.standard_errors[0], rel=1e-6)
