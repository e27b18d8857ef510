from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import fisher_exact
from scipy.stats.contingency import odds_ratio

from engine.epidemiology.associations import (
    Tables,
    associate,
    estimate_of,
    find_q_values,
)

ADMISSIONS = [
    [[512, 313], [89, 19]],
    [[353, 207], [17, 8]],
    [[120, 205], [202, 391]],
    [[138, 279], [131, 244]],
    [[53, 138], [94, 299]],
    [[22, 351], [24, 317]],
]
RABBITS = [
    [[0, 6], [0, 5]],
    [[3, 3], [0, 6]],
    [[6, 0], [2, 4]],
    [[5, 1], [6, 0]],
    [[2, 0], [5, 0]],
]


def tables_of(*features: list[list[list[int]]]) -> Tables:
    """Make tables of one or more features, each K tables [[a, b], [c, d]]."""
    cells = np.array(features, dtype=np.float64)  # (F, K, 2, 2)
    return Tables(
        hits=cells[:, :, 0, 0].T,
        drawn=cells[:, :, 0].sum(axis=2).T,
        positive=cells[:, :, :, 0].sum(axis=2).T,
        total=cells.sum(axis=(2, 3)).T,
    )


def test_the_common_odds_ratio_agrees_with_statsmodels() -> None:
    """Golden of statsmodels 0.15.0.

    `s = StratifiedTable(ADMISSIONS)`: s.oddsratio_pooled, s.oddsratio_pooled_confint(),
    s.test_null_odds(correction=True); Berkeley admissions, R datasets UCBAdmissions.
    """
    found = associate(tables_of(ADMISSIONS))
    assert found.odds_ratio[0] == pytest.approx(0.9046968282586231)
    assert found.lower[0] == pytest.approx(0.7719073617593505)
    assert found.upper[0] == pytest.approx(1.0603297644366558)
    assert found.p_value[0] == pytest.approx(0.23226346281704802)
    assert found.z[0] == pytest.approx(-np.sqrt(1.4269462285866883))
    assert not found.is_exact[0]


def test_small_counts_agree_with_r() -> None:
    """Golden of the R documentation: mantelhaen.test(Rabbits, exact = TRUE)."""
    found = associate(tables_of(RABBITS))
    assert found.is_exact[0]
    assert found.p_value[0] == pytest.approx(0.03994, abs=5e-6)
    assert found.odds_ratio[0] == pytest.approx(10.36102, rel=1e-5)


@pytest.mark.parametrize(
    "table", [[[3, 1], [1, 9]], [[7, 2], [3, 12]], [[1, 24], [9, 21]], [[8, 2], [1, 5]]]
)
def test_one_stratum_agrees_with_scipy(table: list[list[int]]) -> None:
    found, expected = associate(tables_of([table])), odds_ratio(table, kind="conditional")
    interval = expected.confidence_interval(0.95)
    assert found.is_exact[0]
    assert found.p_value[0] == pytest.approx(fisher_exact(table).pvalue)
    assert found.odds_ratio[0] == pytest.approx(expected.statistic, rel=1e-6)
    assert found.lower[0] == pytest.approx(interval.low, rel=1e-6)
    assert found.upper[0] == pytest.approx(interval.high, rel=1e-6)


def chances_of_hits(tables: list[list[list[int]]]) -> NDArray[np.float64]:
    """Count the ways to every number of hits by going through all of them."""
    ways = np.zeros(1 + sum(sum(row) for table in tables for row in table))
    margins = [(sum(t[0]), t[0][0] + t[1][0], sum(map(sum, t))) for t in tables]
    for hits in product(*(range(min(drawn, positive) + 1) for drawn, positive, _ in margins)):
        count = 1
        for number, (drawn, positive, total) in zip(hits, margins, strict=True):
            count *= comb(positive, number) * comb(total - positive, drawn - number)
        ways[sum(hits)] += count
    return ways / ways.sum()


def test_the_exact_test_goes_through_all_ways() -> None:
    tables = [[[3, 1], [1, 6]], [[2, 2], [0, 5]], [[1, 0], [1, 3]]]
    chances, observed = chances_of_hits(tables), 6
    expected = chances[chances <= chances[observed] * (1 + 1e-7)].sum()
    assert associate(tables_of(tables)).p_value[0] == pytest.approx(expected)


def test_an_empty_cell_leaves_one_side_open() -> None:
    always, never = [[[4, 0], [3, 30]]], [[[0, 4], [30, 3]]]
    found = associate(tables_of(always, never))
    assert (found.odds_ratio[0], found.upper[0]) == (np.inf, np.inf)
    assert (found.odds_ratio[1], found.lower[1]) == (0.0, 0.0)
    assert 1 < found.lower[0] < np.inf
    assert found.lower[0] == pytest.approx(1 / found.upper[1], rel=1e-5)
    assert found.p_value[0] == pytest.approx(fisher_exact(always[0]).pvalue)
    assert (found.z[0] > 0, found.z[1] < 0) == (True, True)


def test_strata_with_one_side_only_tell_nothing() -> None:
    one_sided = [[[30, 5], [0, 0]], [[0, 0], [2, 80]]]
    with_some, alone = (
        associate(tables_of(ADMISSIONS + one_sided)),
        associate(tables_of(ADMISSIONS)),
    )
    assert with_some.odds_ratio[0] == pytest.approx(alone.odds_ratio[0])
    assert with_some.p_value[0] == pytest.approx(alone.p_value[0])
    assert with_some.z[0] == pytest.approx(alone.z[0])
    nothing = associate(tables_of(one_sided))
    assert np.isnan(nothing.odds_ratio[0])
    assert (nothing.p_value[0], nothing.z[0]) == (1.0, 0.0)


def test_a_confounder_disappears_within_strata() -> None:
    """Nine tenths of one type and one tenth of the other are altered and are drawn, apart."""
    frequent, rare = [[81, 9], [9, 1]], [[1, 9], [9, 81]]
    pooled = [np.add(frequent, rare).tolist()]
    assert associate(tables_of(pooled)).p_value[0] < 1e-15
    within = associate(tables_of([frequent, rare]))
    assert within.odds_ratio[0] == pytest.approx(1.0)
    assert within.p_value[0] == pytest.approx(1.0)


def test_an_exact_test_is_spent_only_where_it_is_wanted() -> None:
    both = tables_of([[[3, 1], [1, 9]]], [[[3, 1], [1, 9]]])
    found = associate(both, np.array([True, False]))
    assert found.is_exact.tolist() == [True, False]


def test_many_features_are_tested_like_one() -> None:
    generator = np.random.default_rng(0)
    features = generator.integers(0, 9, (12, 5, 2, 2)).tolist()
    together = associate(tables_of(*features))
    for i, feature in enumerate(features):
        alone = associate(tables_of(feature))
        for name in ("odds_ratio", "lower", "upper", "p_value", "z", "expected", "is_exact"):
            assert getattr(together, name)[i] == pytest.approx(getattr(alone, name)[0], nan_ok=True)


def test_p_values_are_uniform_where_nothing_is_there() -> None:
    generator = np.random.default_rng(1)
    hits = generator.hypergeometric(60, 240, 30, (4, 4000)).astype(np.float64)
    margins = (np.full_like(hits, n) for n in (30, 60, 300))
    drawn, positive, total = margins
    found = associate(Tables(hits=hits, drawn=drawn, positive=positive, total=total))
    assert (found.p_value < 0.05).mean() <= 0.05
    assert (found.p_value < 0.01).mean() <= 0.01


def firth(table: list[list[int]]) -> float:
    """Maximize the penalized likelihood of a logistic regression with intercept and slope."""
    (a, b), (c, d) = table
    design, counts = np.array([[1.0, 1], [1, 0]]), np.array([a + b, c + d])
    hits = np.array([a, c])

    def loss(coefficients: NDArray[np.float64]) -> float:
        score = design @ coefficients
        chance = 1 / (1 + np.exp(-score))
        information = design.T @ (design * (counts * chance * (1 - chance))[:, None])
        return float(
            np.logaddexp(0, score) @ counts - hits @ score - np.linalg.slogdet(information)[1] / 2
        )

    return float(minimize(loss, np.zeros(2), tol=1e-12).x[1])


@pytest.mark.parametrize("table", [[[3, 1], [1, 9]], [[5, 0], [3, 12]]])
def test_a_penalized_odds_ratio_of_one_stratum_is_that_of_firth(table: list[list[int]]) -> None:
    found = associate(tables_of([table]).penalized(), np.zeros(1, dtype=bool))
    assert np.log(found.odds_ratio[0]) == pytest.approx(firth(table), rel=1e-4)


def test_q_values_agree_with_statsmodels() -> None:
    """Golden of statsmodels 0.15.0: multipletests(p, method="fdr_bh")[1]."""
    p_values = np.array([0.001, 0.3, 0.02, 0.04, 0.9])
    expected = [0.005, 0.375, 0.05, 0.06666666666666667, 0.9]
    assert find_q_values(p_values) == pytest.approx(expected)


def test_what_is_not_tested_costs_the_others_nothing() -> None:
    found = find_q_values(np.array([0.01, 0.5, 0.02]), np.array([True, False, True]))
    assert found == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)
    assert np.isnan(find_q_values(np.array([0.5]), np.array([False]))).all()


def test_one_association_is_picked_with_its_q_value() -> None:
    found = associate(tables_of(ADMISSIONS[:5], RABBITS))
    picked = estimate_of(found, np.array([0.3, 0.1]), 1)
    assert picked.odds_ratio == found.odds_ratio[1]
    assert (picked.q_value, picked.is_exact) == (0.1, True)
