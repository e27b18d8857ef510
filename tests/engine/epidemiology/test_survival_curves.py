from __future__ import annotations

import numpy as np
import pytest
from lifelines.datasets import load_leukemia, load_lung

from engine.epidemiology.survival_curves import (
    Curve,
    SurvivalError,
    compare_curves,
    fit_curve,
    restricted_mean,
)


def remissions() -> list[Curve]:
    """Freireich's 42 children: weeks in remission with 6-mercaptopurine (0) and placebo (1)."""
    frame = load_leukemia()
    return [
        fit_curve(part["t"].to_numpy(dtype=float), part["status"].to_numpy() == 1, str(arm))
        for arm, part in frame.groupby("Rx")
    ]


def test_the_product_limit_of_freireich() -> None:
    """Golden of Kleinbaum and Klein 2012, Survival analysis, table 2.2, and of R's survfit.

    R: survfit(Surv(t, status) ~ Rx, conf.type = "log-log").
    """
    drug, placebo = remissions()
    shares, lower, upper = drug.at(np.array([6.0, 10.0, 23.0]))
    assert shares == pytest.approx([0.857, 0.753, 0.448], abs=5e-4)
    assert lower == pytest.approx([0.620, 0.503, 0.188], abs=5e-4)
    assert upper == pytest.approx([0.952, 0.889, 0.680], abs=5e-4)
    assert (drug.n, drug.num_events, drug.median) == (21, 9, 23.0)
    assert drug.median_interval == (13.0, np.inf)
    assert (placebo.median, placebo.median_interval) == (8.0, (4.0, 11.0))
    assert drug.at_risk(np.array([0.0, 10.0, 10.5, 22.0])).tolist() == [21, 15, 13, 7]
    assert drug.censored.tolist() == [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def test_the_log_rank_test_of_freireich() -> None:
    """Golden of Kleinbaum and Klein 2012: 16.793 with one degree of freedom."""
    found = compare_curves(remissions())
    assert found is not None
    assert found.statistic == pytest.approx(16.793, abs=5e-4)
    assert found.freedom == 1
    assert found.p_value == pytest.approx(4.169e-5, rel=1e-3)


def test_the_log_rank_test_of_several_groups() -> None:
    """Golden of R: survdiff(Surv(time, status) ~ ph.ecog, lung): chisq 22 on 3, p = 7e-05."""
    frame = load_lung().dropna(subset=["ph.ecog"])
    curves = [
        fit_curve(part["time"].to_numpy(dtype=float), part["status"].to_numpy() == 1, str(score))
        for score, part in frame.groupby("ph.ecog")
    ]
    found = compare_curves(curves)
    assert found is not None
    assert found.statistic == pytest.approx(22.0, abs=0.05)
    assert found.freedom == 3
    assert found.p_value == pytest.approx(6.6e-5, rel=0.02)


def test_the_restricted_mean_is_the_area_and_its_interval_that_of_fresh_draws() -> None:
    frame = load_lung()
    curve = fit_curve(frame["time"].to_numpy(dtype=float), frame["status"].to_numpy() == 1, "all")
    found = restricted_mean(curve, 365.0)
    grid = np.arange(0, 365, 0.01)
    assert found.months == pytest.approx(float(curve.at(grid)[0].mean() * 365), abs=0.1)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, curve.n, curve.n)
        drawn.append(restricted_mean(fit_curve(curve.months[rows], curve.died[rows], ""), 365.0))
    spread = np.std([mean.months for mean in drawn])
    assert (found.upper - found.lower) / 3.92 == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("horizon", [12.0, 30.5])
def test_the_spread_of_the_mean_counts_no_death_beyond_the_horizon(horizon: float) -> None:
    """Against equation 4.5.2 of Klein and Moeschberger 2003, summed death by death."""
    rng = np.random.default_rng(0)
    months, died = np.round(rng.exponential(30, 60)) + 1, rng.random(60) < 0.6
    curve = fit_curve(months, died, "drawn")
    found = restricted_mean(curve, horizon)
    variance = 0.0
    for moment in np.unique(months[died & (months < horizon)]):
        risk, deaths = (months >= moment).sum(), ((months == moment) & died).sum()
        ends = np.append(np.unique(months[(months > moment) & (months < horizon)]), horizon)
        starts = np.append(moment, ends[:-1])
        area = float((curve.at(starts)[0] * (ends - starts)).sum())
        variance += area**2 * deaths / (risk * (risk - deaths))
    reach = 1.959963984540054 * np.sqrt(variance)
    assert found.months - found.lower == pytest.approx(reach, rel=1e-9)


@pytest.mark.parametrize("number", [6, 8, 14, 18, 20])
def test_a_curve_that_reaches_one_half_has_its_median_there(number: int) -> None:
    """Where the product of shares is one half but for rounding; R's survfit agrees."""
    months = np.arange(1.0, number + 1)
    curve = fit_curve(months, np.ones(number, dtype=bool), "all die")
    assert curve.median == number / 2


def test_the_interval_covers_what_is_true() -> None:
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(200):
        died, seen = rng.exponential(10, 60), rng.uniform(2, 40, 60)
        curve = fit_curve(np.minimum(died, seen), died < seen, "drawn")
        _, lower, upper = curve.at(np.array([8.0]))
        inside += bool(lower[0] <= np.exp(-0.8) <= upper[0])
    assert 0.9 < inside / 200 < 0.99


def test_the_interval_is_whole_where_all_or_none_are_left() -> None:
    curve = fit_curve(np.array([2.0, 3.0, 5.0]), np.array([True, True, True]), "few")
    assert (curve.lower[0], curve.upper[0]) == (1.0, 1.0)
    assert curve.survival[-1] == 0.0
    assert (curve.lower[-1], curve.upper[-1]) == (0.0, pytest.approx(0.774, abs=5e-4))
    assert np.isfinite(curve.lower).all()


def test_one_group_and_groups_without_events_are_not_tested() -> None:
    drug, _ = remissions()
    assert compare_curves([drug]) is None
    alive = fit_curve(np.array([3.0, 4.0]), np.array([False, False]), "alive")
    assert compare_curves([alive, alive]) is None
    assert alive.median == np.inf


@pytest.mark.parametrize("months", [[], [1.0, np.nan], [-1.0]])
def test_follow_up_that_cannot_be_used_is_refused(months: list[float]) -> None:
    with pytest.raises(SurvivalError, match="Leave the others out"):
        fit_curve(np.array(months), np.zeros(len(months), dtype=bool), "odd")


def test_a_mean_is_not_taken_beyond_the_follow_up() -> None:
    with pytest.raises(SurvivalError, match="Choose a shorter horizon"):
        restricted_mean(remissions()[0], 100.0)
