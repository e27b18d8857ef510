"""How much each alteration of one tumor moves a prediction, by several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.errors import ExplanationError
from engine.explaining.alterations import COVARIATE, Unit
from engine.explaining.game import BASELINE, Floats, Game
from engine.progress import Progress, no_progress

NUM_STEPS = 16
"""Of the path of integrated gradients."""

PATH_POWER = 3
"""Gates open as the cube of the way, so that many steps lie where few alterations are there."""

LOW_AGREEMENT = 0.7
NO_PATHWAY = "no pathway"
ROLL_UPS = ("gene", "kind", "pathway")


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """What each of U units adds to a number of a tumor.

    Args:
        method: Name of the method.
        target: Name of the number.
        scale: What it is counted in.
        units: The units, U.
        values: What each adds, (U,); positive raises the number.
        standard_error: Error of each by sampling, (U,); None where nothing was sampled.
        baseline: What the tumor is compared with.
        baseline_value: The number there.
        value: The number of the tumor.
    """

    method: str
    target: str
    scale: str
    units: tuple[Unit, ...]
    values: Floats
    standard_error: Floats | None = None
    baseline: str
    baseline_value: float
    value: float

    @property
    def convergence_delta(self) -> float:
        """Sum of the values less what they should add up to, f(tumor) - f(baseline)."""
        return float(self.values.sum() - (self.value - self.baseline_value))

    @property
    def completeness_gap(self) -> float:
        """`convergence_delta` as a share of what moves: the sum of the absolute values, 0..1."""
        moved = max(abs(self.value - self.baseline_value), float(np.abs(self.values).sum()))
        return abs(self.convergence_delta) / moved if moved else 0.0


def integrated_gradients(game: Game, *, num_steps: int = NUM_STEPS) -> Attribution:
    """Integrate the gradient along the way from no alteration to all of them (Captum).

    The way opens a gate per unit: a token with gate g gets g times its attention and g times its
    weight in the mean, a copy number g times its level. At both ends, and wherever gates are 0 or
    1, this is the encoder on a tumor that exists, so "absent" means the tumor without the
    alteration, not a token of zeros.

    Args:
        game: The tumor and the number, U units.
        num_steps: Gauss-Legendre steps; the gap shrinks as they grow.

    Returns:
        Values that add up to f(tumor) - f(baseline) within `convergence_delta`.

    References:
        Sundararajan et al. 2017, Axiomatic attribution for deep networks, arXiv:1703.01365.
    """
    from captum.attr import IntegratedGradients

    ways = torch.ones(1, len(game.units))

    def along(way: Tensor) -> Tensor:
        return game.smooth(way**PATH_POWER)

    told = IntegratedGradients(along, multiply_by_inputs=True).attribute(
        ways, baselines=torch.zeros_like(ways), n_steps=num_steps, method="gausslegendre"
    )
    return _complete(game, "integrated gradients", told[0].double().numpy())


def leave_one_out(game: Game, *, progress: Progress = no_progress) -> Attribution:
    """Take every unit away, one at a time.

    The values need not add up: two alterations that say the same take nothing away alone. Their
    `convergence_delta` tells by how much.

    Args:
        game: The tumor and the number, U units.
        progress: Told the number of coalitions done; what it raises ends the work.

    Returns:
        f(tumor) - f(tumor without the unit).
    """
    number = len(game.units)
    lacking = ~np.eye(number, dtype=bool)
    rows = np.concatenate([np.ones((1, number), bool), np.zeros((1, number), bool), lacking])
    told = game.values(rows, progress=progress)
    return Attribution(
        method="leave one out",
        target=game.name,
        scale=game.scale,
        units=game.units,
        values=told[0] - told[2:],
        baseline=BASELINE,
        baseline_value=float(told[1]),
        value=float(told[0]),
    )


def _complete(game: Game, method: str, values: Floats) -> Attribution:
    ends = np.stack([np.zeros(len(game.units), bool), np.ones(len(game.units), bool)])
    baseline_value, value = game.values(ends).tolist()
    return Attribution(
        method=method,
        target=game.name,
        scale=game.scale,
        units=game.units,
        values=values,
        baseline=BASELINE,
        baseline_value=baseline_value,
        value=value,
    )


def roll_up(
    attribution: Attribution, by: str, pathways: Mapping[str, Sequence[str]] | None = None
) -> dict[str, float]:
    """Add values up by gene, kind or pathway.

    A run of amplified or deleted genes counts for its likeliest driver, an arm and a covariate for
    itself. A gene of several pathways is shared between them evenly, so that sums stay sums.

    Args:
        attribution: Values of U units.
        by: `gene`, `kind` or `pathway`.
        pathways: Genes of each pathway, as `GeneTable.pathways`; needed for `pathway`.

    Returns:
        Summed values by name, largest in absolute value first.

    Raises:
        ExplanationError: If they cannot be added up by that.
    """
    if by not in ROLL_UPS:
        raise ExplanationError(f"A roll-up by {by!r} was asked for. Choose gene, kind or pathway.")
    sums: dict[str, float] = {}
    for unit, value in zip(attribution.units, attribution.values.tolist(), strict=True):
        names = _names(unit, by, pathways or {})
        for name in names:
            sums[name] = sums.get(name, 0.0) + value / len(names)
    return dict(sorted(sums.items(), key=lambda item: -abs(item[1])))


def _names(unit: Unit, by: str, pathways: Mapping[str, Sequence[str]]) -> list[str]:
    if by == "kind":
        return [unit.label if unit.kind == COVARIATE else unit.kind]
    if by == "gene" or unit.kind == COVARIATE:
        return [unit.gene or unit.label]
    return [name for name, genes in pathways.items() if unit.gene in genes] or [NO_PATHWAY]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two methods agree on the order of the units.

    Args:
        methods: Their names.
        spearman: Rank correlation of their values over the units, -1..1; nan for fewer than 3.
    """

    methods: tuple[str, str]
    spearman: float

    @property
    def sentence(self) -> str:
        """What to make of it, for a page."""
        first, second = self.methods
        if np.isnan(self.spearman):
            return f"Too few alterations to compare {first} and {second}."
        verdict = "do not agree" if self.spearman < LOW_AGREEMENT else "agree"
        advice = " Trust only what both show." if self.spearman < LOW_AGREEMENT else ""
        return (
            f"{first} and {second} {verdict} on the order of the alterations "
            f"(Spearman {self.spearman:.2f}).{advice}"
        )


def agreement(first: Attribution, second: Attribution) -> Agreement:
    """Compare two attributions of the same units.

    Args:
        first: Values of U units.
        second: Values of the same units.

    Returns:
        Their rank correlation.
    """
    from scipy.stats import spearmanr  # takes longer to load than a tumor to explain

    methods = (first.method, second.method)
    varied = all(np.ptp(a.values) > 0 for a in (first, second)) if len(first.units) > 2 else False
    told = spearmanr(first.values, second.values).statistic if varied else np.nan
    return Agreement(methods=methods, spearman=float(told))
