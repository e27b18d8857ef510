"""Shapley values: what each unit adds, averaged over the orders in which units may come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExplanationError
from engine.explaining.attribute import Attribution
from engine.explaining.game import BASELINE, Bools, Game
from engine.progress import Progress, no_progress

NUM_PERMUTATIONS = 26


def shapley_values(
    game: Game,
    *,
    num_permutations: int = NUM_PERMUTATIONS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Attribution:
    """Estimate the Shapley value of every unit.

    Orders are drawn in pairs, one and its reverse: what a unit adds early in one it adds late in
    the other, so their mean varies less. All coalitions of all orders run together.

    Args:
        game: The tumor and the number, U units.
        num_permutations: Orders, at least 4; an odd number is raised by one.
        seed: Of the orders; the same seed gives the same values.
        progress: Told the number of coalitions done; what it raises ends the work.

    Returns:
        Values whose sum is exactly f(tumor) - f(baseline), and the standard error of each, from the
        spread between pairs.

    Raises:
        ExplanationError: If fewer than 4 orders were asked for.

    References:
        Castro et al. 2009, Polynomial calculation of the Shapley value based on sampling,
        10.1016/j.cor.2008.04.004; Mitchell et al. 2022, Sampling permutations for Shapley value
        estimation, JMLR 23 (antithetic orders).
    """
    require_samples(num_permutations, "permutations")
    units = game.units
    orders = _orders(len(units), (num_permutations + 1) // 2, seed)
    told = game.values(np.concatenate([_prefixes(order) for order in orders]), progress=progress)
    steps = np.diff(told.reshape(len(orders), len(units) + 1), axis=1)
    added = np.empty((len(orders), len(units)))
    np.put_along_axis(added, orders, steps, axis=1)
    pairs = added.reshape(-1, 2, len(units)).mean(1)
    return Attribution(
        method="Shapley values",
        target=game.name,
        scale=game.scale,
        units=units,
        values=pairs.mean(0),
        standard_error=pairs.std(0, ddof=1) / np.sqrt(len(pairs)),
        baseline=BASELINE,
        baseline_value=float(told[0]),
        value=float(told[len(units)]),
    )


def require_samples(number: int, what: str) -> None:
    """Refuse too few samples for a standard error.

    Raises:
        ExplanationError: If there are fewer than 4.
    """
    if number < 4:
        raise ExplanationError(
            f"{number} {what} were asked for. Ask for at least 4: with fewer there is no standard "
            "error."
        )


def _orders(num_units: int, num_pairs: int, seed: int) -> NDArray[np.int64]:
    """Draw orders of the units, each followed by its reverse, (2 * num_pairs, U)."""
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(num_units) for _ in range(num_pairs)]
    return np.array([order for one in drawn for order in (one, one[::-1])], dtype=np.int64).reshape(
        2 * num_pairs, num_units
    )


def _prefixes(order: NDArray[np.int64]) -> Bools:
    """Build the coalitions of an order, (U + 1, U): nobody, the first, the first two, ..., all."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    prefixes: Bools = place[None, :] < np.arange(len(order) + 1)[:, None]
    return prefixes
