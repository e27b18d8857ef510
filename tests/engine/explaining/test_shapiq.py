"""Shapley values and interaction indices against shapiq, which computes them on its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.explaining.game import Game, TumorGame
from engine.explaining.interactions import interaction_index
from engine.explaining.shapley import shapley_values
from engine.explaining.targets import EMBEDDINGS, Target
from tests.engine.explaining.toys import Toy, exact_interaction, exact_shapley, networks, tumor

shapiq = pytest.importorskip("shapiq")

PERMUTATIONS, CONTEXTS = 400, 400
WEIGHTS = torch.tensor(
    [
        [0.3, -1.2, 0.4, 0.0, 0.7],
        [0.0, 0.9, -0.5, 1.1, 0.2],
        [0.6, 0.0, 0.1, -0.8, 0.0],
        [0.0, 0.3, 0.0, 0.5, -1.0],
        [1.0, 0.0, -0.6, 0.0, 0.4],
    ]
)


def toy() -> Toy:
    return Toy(num_units=5, formula=lambda g: torch.tanh((g @ WEIGHTS.to(g) * g).sum(1)))


def theirs(game: Game) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shapley values, (U,), and Shapley interaction indices, (U, U), by full enumeration."""
    computer = shapiq.ExactComputer(game.values, len(game.units))
    singles = computer(index="SV", order=1).get_n_order_values(1)
    pairs = computer(index="SII", order=2).get_n_order_values(2)
    return np.asarray(singles), np.asarray(pairs)


def test_the_exact_values_of_a_toy_are_those_of_shapiq() -> None:
    singles, pairs = theirs(toy())
    assert np.allclose(exact_shapley(toy()), singles, atol=1e-9)
    told = [exact_interaction(toy(), a, b) for a, b in ((0, 1), (2, 4))]
    assert np.allclose(told, [pairs[0, 1], pairs[2, 4]], atol=1e-9)


def test_sampled_values_of_a_toy_lie_within_their_error() -> None:
    singles, pairs = theirs(toy())
    assert_close(toy(), singles, pairs, np.array([[0, 1], [1, 3], [2, 4]]))


def test_sampled_values_of_a_tumor_lie_within_their_error(tmp_path: Path) -> None:
    nets = networks(tmp_path)
    target = Target(
        name="axis", scale="cosine", reads=(EMBEDDINGS,), score=lambda told: told[EMBEDDINGS][:, 0]
    )
    game = TumorGame.of(nets, target, tumor())
    assert 6 < len(game.units) < 16
    singles, pairs = theirs(game)
    assert singles.sum() == pytest.approx(
        float(np.diff(game.values(np.array([[False], [True]]).repeat(len(game.units), 1)))[0]),
        abs=1e-4,
    )
    assert_close(game, singles, pairs, np.array([[0, 1], [2, 5]]))


def assert_close(
    game: Game, singles: NDArray[np.float64], pairs: NDArray[np.float64], some: NDArray[np.int64]
) -> None:
    """Compare sampled values with exact ones: four standard errors, and what float32 leaves."""
    told = shapley_values(game, num_permutations=PERMUTATIONS)
    assert told.standard_error is not None
    assert (np.abs(told.values - singles) <= 4 * told.standard_error + 2e-5).all()
    index = interaction_index(game, some, num_contexts=CONTEXTS)
    assert index.standard_error is not None
    wanted = pairs[some[:, 0], some[:, 1]]
    assert (np.abs(index.values - wanted) <= 4 * index.standard_error + 2e-5).all()
