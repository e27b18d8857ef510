"""The strongest pairs of alterations of one tumor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashboard.explanations import COVARIATE, PairsTold, PairTold
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.explaining.attribute import Attribution
    from engine.explaining.game import TumorGame
    from engine.explaining.interactions import PairEffects

NUM_PAIRS = 8
MOST_PAIRED = 60
"""Alterations that enter pairs: the strongest by Shapley value. 60 make 1,770 pairs."""


def told_pairs(game: TumorGame, shapley: Attribution, progress: Progress) -> PairsTold:
    """Look at all pairs with no other alteration, then closer at the strongest.

    Args:
        game: The tumor and the number.
        shapley: Its Shapley values: the strongest alterations enter pairs.
        progress: Told how far the work is.
    """
    from engine.explaining.interactions import all_pairs, interaction_index, pair_effects

    altered = [i for i, unit in enumerate(game.units) if unit.kind != COVARIATE]
    ranked = sorted(altered, key=lambda i: -abs(float(shapley.values[i])))
    entering = sorted(ranked[:MOST_PAIRED])
    pairs = all_pairs(game.units)
    pairs = pairs[np.isin(pairs, entering).all(axis=1)]
    alone = pair_effects(game, pairs=pairs, progress=progress)
    strongest = alone.strongest(NUM_PAIRS)
    told = interaction_index(game, strongest, progress=progress) if len(strongest) else None
    return PairsTold(
        scale=game.scale,
        num_pairs=len(pairs),
        num_left_out=len(altered) - len(entering),
        pairs=_ranked(told, alone) if told else (),
    )


def _ranked(told: PairEffects, alone: PairEffects) -> tuple[PairTold, ...]:
    by_pair = {tuple(pair): v for pair, v in zip(alone.pairs.tolist(), alone.values, strict=True)}
    errors = told.standard_error
    assert errors is not None  # sampled
    found = [
        PairTold(
            first=told.units[a].label,
            second=told.units[b].label,
            value=float(told.values[i]),
            error=float(errors[i]),
            alone=float(by_pair[(a, b)]),
        )
        for i, (a, b) in enumerate(told.pairs.tolist())
    ]
    return tuple(sorted(found, key=lambda pair: -abs(pair.value)))
