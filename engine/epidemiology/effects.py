"""The effect of many features on one outcome: odds ratios of a response, hazard ratios of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from engine.epidemiology.associations import Tables, associate
from engine.epidemiology.hazards import fit_hazards
from engine.epidemiology.strata import combine
from engine.training.treated import Times

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

ODDS, HAZARD = "odds ratio", "hazard ratio"


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """An outcome that happened or not.

    Attributes:
        name: What it is called.
        happened: Whether it happened, (N,), bool.
        known: Of whom it is known, (N,), bool.
    """

    name: str
    happened: Mask
    known: Mask
    kind: ClassVar[str] = ODDS

    def take(self, rows: Codes) -> Response:
        """Select tumors."""
        return Response(name=self.name, happened=self.happened[rows], known=self.known[rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class Survival:
    """Time until an event.

    Attributes:
        name: What it is called.
        times: Follow-up of N tumors.
    """

    name: str
    times: Times
    kind: ClassVar[str] = HAZARD

    @property
    def known(self) -> Mask:
        """Whose follow-up is known and longer than no time, (N,), bool."""
        followed: Mask = self.times.months > 0
        return followed

    def take(self, rows: Codes) -> Survival:
        """Select tumors."""
        return Survival(name=self.name, times=self.times.take(rows))


Outcome = Response | Survival


@dataclass(frozen=True, kw_only=True, eq=False)
class Effects:
    """Effects of F features; all (F,).

    Attributes:
        log_ratio: Logarithm of the odds or hazard ratio, for pooling. Of odds it is finite,
            penalized as `Tables.penalized` says; NaN where nothing can be compared.
        standard_error: Of the logarithm.
        ratio: What is shown; above 1 is more often, or earlier, with the feature.
        lower: Lower end of the 95% interval of the ratio; exact where counts are small.
        upper: Upper end.
        p_value: Two-sided; 1 where nothing can be compared.
        z: Signed, to rank by.
        carriers: Tumors with the feature and a known outcome.
        known: Tumors of which feature and outcome are known.
        events: Carriers whose outcome happened.
    """

    log_ratio: Floats
    standard_error: Floats
    ratio: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    z: Floats
    carriers: Codes
    known: Codes
    events: Codes


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One of `Effects`."""

    log_ratio: float
    standard_error: float
    ratio: float
    lower: float
    upper: float
    p_value: float
    carriers: int
    known: int
    events: int


def effect_of(found: Effects, column: int) -> Effect:
    """Pick one effect."""
    numbers = {
        name: float(getattr(found, name)[column])
        for name in ("log_ratio", "standard_error", "ratio", "lower", "upper", "p_value")
    }
    counts = {name: int(getattr(found, name)[column]) for name in ("carriers", "known", "events")}
    return Effect(**numbers, **counts)  # type: ignore[arg-type]


def find_effects(has: Mask, known: Mask, outcome: Outcome, strata: Codes) -> Effects:
    """Estimate the effect of each feature within strata.

    Args:
        has: Who has each feature, (N, F), bool.
        known: Of whom it is known, (N, F), bool.
        outcome: What happened to the N patients.
        strata: Stratum of each, (N,); only patients of one stratum are compared.

    Returns:
        The effects: Mantel-Haenszel or exact for a response, proportional hazards for survival.
    """
    rows = np.flatnonzero(outcome.known)
    has, known, outcome = has[rows] & known[rows], known[rows], outcome.take(rows)
    strata = combine(strata[rows]) if len(rows) else strata[:0]
    if isinstance(outcome, Survival):
        return _hazards(has, known, outcome, strata)
    return _odds(has, known, outcome, strata)


def _hazards(has: Mask, known: Mask, outcome: Survival, strata: Codes) -> Effects:
    found = fit_hazards(has, known, outcome.times, strata)
    reach = norm.ppf(0.975) * found.standard_error
    with np.errstate(over="ignore", invalid="ignore"):
        lower, upper = np.exp(found.log_ratio - reach), np.exp(found.log_ratio + reach)
    return Effects(
        log_ratio=found.log_ratio,
        standard_error=found.standard_error,
        ratio=np.exp(found.log_ratio),
        lower=np.where(np.isinf(reach), 0.0, lower),
        upper=np.where(np.isinf(reach), np.inf, upper),
        p_value=2 * norm.sf(np.abs(found.z)),
        z=found.z,
        **_counts(has, known, outcome.times.ended),
    )


def _odds(has: Mask, known: Mask, outcome: Response, strata: Codes) -> Effects:
    num_strata = int(strata.max(initial=-1)) + 1
    sides = (outcome.happened, ~outcome.happened)
    inside, outside = (
        tuple(_sum_by(part & side[:, None], strata, num_strata) for part in (has, known))
        for side in sides
    )
    tables = Tables.of_sides((inside[0], inside[1]), (outside[0], outside[1]))
    found, penalized = associate(tables), associate(tables.penalized(), np.zeros(1, dtype=bool))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(np.isnan(found.odds_ratio), np.nan, np.log(penalized.odds_ratio))
        error = (np.log(penalized.upper) - np.log(penalized.lower)) / (2 * norm.ppf(0.975))
    return Effects(
        log_ratio=log_ratio,
        standard_error=error,
        ratio=found.odds_ratio,
        lower=found.lower,
        upper=found.upper,
        p_value=found.p_value,
        z=found.z,
        **_counts(has, known, outcome.happened),
    )


def _sum_by(flags: Mask, strata: Codes, num_strata: int) -> Floats:
    """Count by stratum, (K, F); every stratum has a tumor."""
    if not num_strata:
        return np.zeros((0, flags.shape[1]))
    order = np.argsort(strata, kind="stable")
    starts = np.searchsorted(strata[order], np.arange(num_strata))
    counts: Floats = np.add.reduceat(flags[order], starts, axis=0, dtype=np.float64)
    return counts


def _counts(has: Mask, known: Mask, happened: Mask) -> dict[str, Codes]:
    return {
        "carriers": has.sum(axis=0),
        "known": known.sum(axis=0),
        "events": has[happened].sum(axis=0),
    }


def concatenate(parts: Sequence[Effects]) -> Effects:
    """Join the effects of features one after another."""
    return Effects(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in Effects.__dataclass_fields__
        }
    )
