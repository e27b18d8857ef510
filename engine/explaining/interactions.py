"""Pairs of alterations: what two do together beyond what each does alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExplanationError
from engine.explaining.alterations import COVARIATE, Unit
from engine.explaining.game import Bools, Floats, Game
from engine.explaining.shapley import require_samples
from engine.progress import Progress, no_progress

Rest = Literal["empty", "full"]
Pairs = NDArray[np.int64]

RESTS = {
    "empty": "with no other alteration, and the burden and spectrum of the tumor",
    "full": "with all other alterations of the tumor",
    "sampled": "averaged over which other alterations are there (Shapley interaction index)",
}
NUM_CONTEXTS = 16


@dataclass(frozen=True, kw_only=True)
class PairEffects:
    """What P pairs of units do together beyond what each does alone.

    Args:
        target: Name of the number.
        scale: What it is counted in.
        units: The units of the tumor, U.
        pairs: Units of each pair, (P, 2).
        values: f(both) - f(first only) - f(second only) + f(neither), (P,): above 0 they raise the
            number together more than their sum, below 0 they overlap or cancel.
        rest: What else is there, a key of `RESTS`.
        standard_error: Error by sampling, (P,); None where nothing was sampled.
    """

    target: str
    scale: str
    units: tuple[Unit, ...]
    pairs: Pairs
    values: Floats
    rest: str
    standard_error: Floats | None = None

    def strongest(self, number: int) -> Pairs:
        """Choose the pairs with the largest effects of either sign, (at most `number`, 2)."""
        order = np.argsort(-np.abs(self.values), kind="stable")[:number]
        return self.pairs[order]


def all_pairs(units: Sequence[Unit]) -> Pairs:
    """List the pairs of alterations, (P, 2); burden and spectrum are context, not alterations."""
    altered = [i for i, unit in enumerate(units) if unit.kind != COVARIATE]
    return np.array(list(combinations(altered, 2)), dtype=np.int64).reshape(-1, 2)


def pair_effects(
    game: Game,
    *,
    rest: Rest = "empty",
    pairs: Pairs | None = None,
    progress: Progress = no_progress,
) -> PairEffects:
    """Tell what pairs of alterations do together, in one context.

    Against the empty rest all 1,770 pairs of 60 alterations are short sequences; against the full
    rest each pair costs a whole tumor, about ten times as much.

    Args:
        game: The tumor and the number, U units.
        rest: What else is there: nothing (`empty`) or everything (`full`).
        pairs: Which pairs, (P, 2); all pairs of alterations when None.
        progress: Told the number of coalitions done; what it raises ends the work.

    Returns:
        Their effects, exact in this context.

    Raises:
        ExplanationError: If the context has no such name.
    """
    if rest not in ("empty", "full"):
        raise ExplanationError(f"The rest {rest!r} was asked for. Choose empty or full.")
    pairs = all_pairs(game.units) if pairs is None else pairs
    context = _context(game.units, full=rest == "full")
    contexts = np.repeat(context[None], len(pairs), axis=0)
    values = _differences(game, pairs, contexts, progress)
    return _effects(game, pairs, values, rest)


def interaction_index(
    game: Game,
    pairs: Pairs,
    *,
    num_contexts: int = NUM_CONTEXTS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairEffects:
    """Estimate the Shapley interaction index of pairs by sampling contexts.

    Contexts come in pairs, one and its complement. An error is given, not a test: it says how far
    the average would move with other contexts.

    Args:
        game: The tumor and the number, U units.
        pairs: Which pairs, (P, 2), for example `PairEffects.strongest`.
        num_contexts: Contexts per pair, at least 4; an odd number is raised by one.
        seed: Of the contexts; the same seed gives the same values.
        progress: Told the number of coalitions done; what it raises ends the work.

    Returns:
        The effects, averaged over contexts, with standard errors.

    Raises:
        ExplanationError: If fewer than 4 contexts were asked for.

    References:
        Grabisch and Roubens 1999, An axiomatic approach to the concept of interaction among players
        in cooperative games, 10.1007/s001820050125.
    """
    require_samples(num_contexts, "contexts")
    generator = np.random.default_rng(seed)
    num_twins = (num_contexts + 1) // 2
    contexts = np.concatenate(
        [_draw(generator, len(game.units), pair, num_twins) for pair in pairs.tolist()]
        or [np.zeros((0, len(game.units)), dtype=bool)]
    )
    told = _differences(game, np.repeat(pairs, 2 * num_twins, axis=0), contexts, progress)
    twins = told.reshape(len(pairs), num_twins, 2).mean(2)
    errors = twins.std(1, ddof=1) / np.sqrt(num_twins)
    return _effects(game, pairs, twins.mean(1), "sampled", errors)


def _context(units: Sequence[Unit], *, full: bool) -> Bools:
    return np.array([full or unit.kind == COVARIATE for unit in units], dtype=bool)


def _draw(generator: np.random.Generator, num_units: int, pair: list[int], num_twins: int) -> Bools:
    """Draw sets of the other units, each followed by its complement, (2 * num_twins, U).

    The size is drawn evenly and then the set evenly among those of its size: the weights of the
    index. The complement has the same distribution.
    """
    others = np.delete(np.arange(num_units), pair)
    contexts = np.zeros((num_twins, 2, num_units), dtype=bool)
    for both in contexts:
        chosen = generator.permutation(others)
        size = generator.integers(0, len(others) + 1)
        both[0, chosen[:size]] = True
        both[1, chosen[size:]] = True
    return contexts.reshape(2 * num_twins, num_units)


def _differences(game: Game, pairs: Pairs, contexts: Bools, progress: Progress) -> Floats:
    """Tell f(both) - f(first) - f(second) + f(neither) for each pair in its context, (P,)."""
    rows = np.arange(len(pairs))
    corners = []
    for first, second in ((True, True), (True, False), (False, True), (False, False)):
        corner = contexts.copy()
        corner[rows, pairs[:, 0]] = first
        corner[rows, pairs[:, 1]] = second
        corners.append(corner)
    both, one, other, neither = game.values(np.concatenate(corners), progress=progress).reshape(
        4, len(pairs)
    )
    differences: Floats = both - one - other + neither
    return differences


def _effects(
    game: Game, pairs: Pairs, values: Floats, rest: str, errors: Floats | None = None
) -> PairEffects:
    return PairEffects(
        target=game.name,
        scale=game.scale,
        units=game.units,
        pairs=pairs,
        values=values,
        rest=rest,
        standard_error=errors,
    )
