"""Odds ratios of many features at once, adjusted by strata, and exact where counts are small.

In each stratum tumors are drawn (selected, responding, altered in a second gene) or not, and carry
a feature or not. Strata in which nobody or everybody is drawn tell nothing and drop out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import chi2, false_discovery_control, norm

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

SMALL_VARIANCE = 10.0
"""Variance of the count, given the margins, below which the normal approximation is not used."""
EXACT_BELOW = 0.2
"""Approximate p-values above it stay: an exact one would not turn them into a finding."""
WIDEST_SUPPORT = 400
"""Possible counts beyond which no exact distribution is computed."""
FARTHEST = 25.0
"""Largest logarithm of an odds ratio that is told apart from infinity."""
NUM_HALVINGS = 30
"""Steps of the search for an odds ratio; its logarithm is then known to 5e-8."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """A 2x2 table for each of K strata and F features, by its margins; all (K, F), float64.

    Attributes:
        hits: Tumors drawn that have the feature.
        drawn: Tumors drawn of which the feature is known.
        positive: Tumors that have the feature.
        total: Tumors of which the feature is known.
    """

    hits: Floats
    drawn: Floats
    positive: Floats
    total: Floats

    def penalized(self) -> Tables:
        """Add half a tumor to each cell, spread over the informative strata by their size.

        Odds ratios are then finite. In one stratum the result is the estimate that Firth's
        penalized likelihood gives.

        References:
            Firth 1993, Bias reduction of maximum likelihood estimates,
            doi:10.1093/biomet/80.1.27.
        """
        informative = (self.drawn > 0) & (self.drawn < self.total)
        size = np.where(informative, self.total, 0.0)
        share = size / np.maximum(size.sum(axis=0), 1.0)
        return Tables(
            hits=self.hits + share / 2,
            drawn=self.drawn + share,
            positive=self.positive + share,
            total=self.total + 2 * share,
        )

    @classmethod
    def of_sides(cls, inside: tuple[Floats, Floats], outside: tuple[Floats, Floats]) -> Tables:
        """Make tables of (positive, known) counts of those drawn and of the others, (K, F)."""
        (hits, drawn), (others, rest) = inside, outside
        return cls(hits=hits, drawn=drawn, positive=hits + others, total=drawn + rest)


@dataclass(frozen=True, kw_only=True, eq=False)
class Associations:
    """How F features go with being drawn; all (F,).

    Attributes:
        odds_ratio: Common odds ratio over the strata; above 1 is more often with the feature. The
            conditional maximum likelihood where `is_exact`, else of Mantel and Haenszel; infinite
            or 0 where a cell of all strata is empty, NaN where nothing can be compared.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        p_value: Two-sided; 1 where nothing can be compared.
        z: Signed root of the matching chi-square, to rank by; positive above 1.
        expected: Hits if feature and drawing had nothing to do with each other within strata.
        is_exact: Whether interval and p-value are exact.
    """

    odds_ratio: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    z: Floats
    expected: Floats
    is_exact: Mask


def associate(tables: Tables, wanted: Mask | None = None) -> Associations:
    """Estimate and test the common odds ratio of each feature.

    Args:
        tables: Counts of K strata and F features.
        wanted: Features that an exact test may be spent on, (F,); all by default.

    Returns:
        The associations. Mantel-Haenszel with the variance of Robins, Breslow and Greenland and
        the continuity-corrected test; where counts are small or a cell is empty, and the
        test is not far from significant, the exact conditional test of the same hypothesis.

    References:
        Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719; Robins, Breslow and Greenland 1986,
        doi:10.2307/2531052; Agresti 1992, A survey of exact inference for contingency tables,
        doi:10.1214/ss/1177011454, section 3.
    """
    found = _mantel_haenszel(tables)
    variance = found.pop("variance")
    one_sided = (found["odds_ratio"] == 0) | np.isinf(found["odds_ratio"])
    small = (variance < SMALL_VARIANCE) | one_sided
    small &= (variance > 0) & (found["p_value"] < EXACT_BELOW)
    columns = np.flatnonzero(small if wanted is None else small & wanted)
    spans = _supports(tables, columns)
    columns = columns[spans < WIDEST_SUPPORT]
    is_exact = np.zeros(len(variance), dtype=bool)
    if len(columns):
        is_exact[columns] = True
        for name, values in _exact(tables, columns).items():
            found[name][columns] = values
    sign = np.sign(tables.hits.sum(axis=0) - found["informative_rest"] - found["expected"])
    size = norm.isf(np.maximum(found["p_value"], np.finfo(np.float64).tiny) / 2)
    del found["informative_rest"]
    return Associations(**found, z=sign * size, is_exact=is_exact)


def _mantel_haenszel(tables: Tables) -> dict[str, Floats]:
    """Estimate by Mantel and Haenszel; sums run over informative strata only."""
    total = np.maximum(tables.total, 1.0)
    informative = (tables.drawn > 0) & (tables.drawn < tables.total)
    a = np.where(informative, tables.hits, 0.0)
    b = np.where(informative, tables.drawn - tables.hits, 0.0)
    c = np.where(informative, tables.positive - tables.hits, 0.0)
    d = np.where(informative, tables.total - tables.drawn, 0.0) - c
    right, wrong = a * d / total, b * c / total
    agree, differ = (a + d) / total, (b + c) / total
    r, s = right.sum(axis=0), wrong.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = r / s
        spread = (
            (agree * right).sum(axis=0) / (2 * r * r)
            + (agree * wrong + differ * right).sum(axis=0) / (2 * r * s)
            + (differ * wrong).sum(axis=0) / (2 * s * s)
        )
    reach = norm.ppf(0.975) * np.sqrt(spread)
    expected = ((a + b) * (a + c) / total).sum(axis=0)
    variance = (a + b) * (c + d) * (a + c) * (b + d) / (total * total * np.maximum(total - 1, 1))
    spent = variance.sum(axis=0)
    away = np.abs(a.sum(axis=0) - expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (away - np.minimum(away, 0.5)) ** 2 / spent
        lower, upper = ratio * np.exp(-reach), ratio * np.exp(reach)
    return {
        "odds_ratio": ratio,
        "lower": np.where(np.isnan(lower), 0.0, lower),
        "upper": np.where(np.isnan(upper), np.inf, upper),
        "p_value": np.where(spent > 0, chi2.sf(np.nan_to_num(statistic), 1), 1.0),
        "expected": expected,
        "variance": spent,
        "informative_rest": np.where(informative, 0.0, tables.hits).sum(axis=0),
    }


def _bounds(tables: Tables, columns: Codes) -> tuple[Floats, Floats]:
    """Return the least and the most hits of each stratum given its margins, (K, f)."""
    drawn, positive = tables.drawn[:, columns], tables.positive[:, columns]
    least = np.maximum(0.0, drawn + positive - tables.total[:, columns])
    return least, np.minimum(drawn, positive)


def _supports(tables: Tables, columns: Codes) -> Floats:
    least, most = _bounds(tables, columns)
    width: Floats = (most - least).sum(axis=0)
    return width


def _exact(tables: Tables, columns: Codes) -> dict[str, Floats]:
    """Test and estimate given the margins of every stratum."""
    least, _ = _bounds(tables, columns)
    observed = (tables.hits[:, columns] - least).sum(axis=0).astype(np.int64)
    chances = _distributions(tables, columns)
    width = max(map(len, chances))
    chance = np.zeros((len(columns), width))
    for row, values in enumerate(chances):
        chance[row, : len(values)] = values
    at = np.take_along_axis(chance, observed[:, None], axis=1)
    p_value = np.where(chance <= at * (1 + 1e-7), chance, 0.0).sum(axis=1)
    highest = np.array([len(values) - 1 for values in chances])
    return {"p_value": np.minimum(p_value, 1.0)} | _tilt(chance, observed, highest)


def _distributions(tables: Tables, columns: Codes) -> list[Floats]:
    """Return, for each column, the chance of each number of hits above the least possible."""
    least, most = _bounds(tables, columns)
    owner, stratum = np.nonzero((most > least).T)
    drawn, positive, total, low, high = (
        field[stratum, owner].astype(np.int64)
        for field in (
            tables.drawn[:, columns],
            tables.positive[:, columns],
            tables.total[:, columns],
            least,
            most,
        )
    )
    width = high - low + 1
    starts = np.cumsum(width) - width
    hits = np.arange(width.sum()) + np.repeat(low - starts, width)
    drawn, positive, rest = (
        np.repeat(v, width) for v in (drawn, positive, total - drawn - positive)
    )
    factorial = gammaln(np.arange(int(total.max()) + 2) + 1.0)
    logs = -sum(factorial[part] for part in (hits, drawn - hits, positive - hits, rest + hits))
    parts = np.exp(logs - np.repeat(np.maximum.reduceat(logs, starts), width))
    parts /= np.repeat(np.add.reduceat(parts, starts), width)
    pieces = np.split(parts, starts[1:])
    bounds = np.searchsorted(owner, np.arange(len(columns) + 1))
    return [_convolve(pieces[bounds[i] : bounds[i + 1]]) for i in range(len(columns))]


def _convolve(pieces: Sequence[Floats]) -> Floats:
    """Return the distribution of a sum, the narrow parts first."""
    chance: Floats = reduce(np.convolve, sorted(pieces, key=len))
    return chance


def _tilt(chance: Floats, observed: Codes, highest: Codes) -> dict[str, Floats]:
    """Find the odds ratio of greatest likelihood, and those at which a tail has 2.5%."""
    with np.errstate(divide="ignore"):
        logs = np.log(chance)
    places = np.arange(chance.shape[1])
    below, above = places < observed[:, None], places > observed[:, None]

    def mean(tilted: Floats) -> Floats:
        sums: Floats = tilted @ places - observed
        return sums

    def upper_tail(tilted: Floats) -> Floats:
        excess: Floats = 0.975 - np.where(below, tilted, 0.0).sum(axis=1)
        return excess

    def lower_tail(tilted: Floats) -> Floats:
        excess: Floats = np.where(above, tilted, 0.0).sum(axis=1) - 0.975
        return excess

    none, every = observed == 0, observed == highest
    estimate = _solve(logs, places, mean)
    return {
        "odds_ratio": np.where(none, 0.0, np.where(every, np.inf, np.exp(estimate))),
        "lower": np.where(none, 0.0, np.exp(_solve(logs, places, upper_tail))),
        "upper": np.where(every, np.inf, np.exp(_solve(logs, places, lower_tail))),
    }


def _solve(logs: Floats, places: Codes, function: Callable[[Floats], Floats]) -> Floats:
    """Bisect for the log odds ratio at which a rising function of the tilted chances is 0."""
    low, high = np.full(len(logs), -FARTHEST), np.full(len(logs), FARTHEST)
    for _ in range(NUM_HALVINGS):
        middle = (low + high) / 2
        tilted = logs + middle[:, None] * places
        tilted = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        tilted /= tilted.sum(axis=1, keepdims=True)
        too_high = function(tilted) > 0
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    found: Floats = (low + high) / 2
    return found


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One of `Associations`, with its place among the tests that were made beside it.

    Attributes:
        odds_ratio: As in `Associations`; so are the next three.
        lower: Lower end of the 95% interval.
        upper: Upper end.
        p_value: Two-sided.
        q_value: Least false discovery rate at which it is a finding; NaN where not tested.
        is_exact: Whether interval and p-value are exact.
    """

    odds_ratio: float
    lower: float
    upper: float
    p_value: float
    q_value: float
    is_exact: bool


def estimate_of(found: Associations, q_values: Floats, column: int) -> Estimate:
    """Pick one association with its q-value."""
    return Estimate(
        odds_ratio=float(found.odds_ratio[column]),
        lower=float(found.lower[column]),
        upper=float(found.upper[column]),
        p_value=float(found.p_value[column]),
        q_value=float(q_values[column]),
        is_exact=bool(found.is_exact[column]),
    )


def find_q_values(p_values: Floats, tested: Mask | None = None) -> Floats:
    """Correct p-values for their number by Benjamini and Hochberg.

    Args:
        p_values: P-values, (F,).
        tested: Which of them count as tests, (F,); all by default.

    Returns:
        Least false discovery rate at which each is a finding, (F,); NaN where not tested.

    References:
        Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    chosen = np.ones(len(p_values), dtype=bool) if tested is None else tested
    q_values = np.full(len(p_values), np.nan)
    if chosen.any():
        q_values[chosen] = false_discovery_control(p_values[chosen])
    return q_values
