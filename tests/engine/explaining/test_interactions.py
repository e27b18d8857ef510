from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from engine.errors import ExplanationError
from engine.explaining.game import TumorGame
from engine.explaining.interactions import all_pairs, interaction_index, pair_effects
from engine.explaining.networks import Networks
from engine.explaining.shapley import shapley_values
from engine.explaining.targets import EMBEDDINGS, Target
from tests.engine.explaining.toys import Toy, exact_interaction, networks, tumor


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    return networks(tmp_path_factory.mktemp("weights"))


def planted() -> Toy:
    """Only units 2 and 5 together change the number; the others add a little each."""
    return Toy(num_units=8, formula=lambda g: 3 * g[:, 2] * g[:, 5] + 0.1 * g.sum(1))


@pytest.mark.parametrize("rest", ["empty", "full"])
def test_a_planted_pair_is_first_and_all_others_are_nothing(rest: str) -> None:
    told = pair_effects(planted(), rest="empty" if rest == "empty" else "full")
    assert told.strongest(1).tolist() == [[2, 5]]
    assert np.sort(np.abs(told.values))[-2] == pytest.approx(0, abs=1e-9)
    assert told.values.max() == pytest.approx(3)
    assert len(told.pairs) == 28


def test_xor_and_redundancy_have_negative_effects() -> None:
    xor = Toy(num_units=2, formula=lambda g: g[:, 0] + g[:, 1] - 2 * g[:, 0] * g[:, 1])
    same = Toy(num_units=2, formula=lambda g: g[:, 0] + g[:, 1] - g[:, 0] * g[:, 1])
    assert pair_effects(xor).values.tolist() == [-2.0]
    assert pair_effects(same).values.tolist() == [-1.0]


def test_a_sum_has_no_interaction() -> None:
    game = Toy(num_units=5, formula=lambda g: g @ torch.arange(5.0).to(g))
    assert pair_effects(game, rest="full").values == pytest.approx(np.zeros(10), abs=1e-9)
    index = interaction_index(game, all_pairs(game.units), num_contexts=4)
    assert index.values == pytest.approx(np.zeros(10), abs=1e-9)


def test_the_sampled_index_is_within_its_error_of_the_exact_one() -> None:
    weights = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    game = Toy(num_units=6, formula=lambda g: torch.tanh((g @ weights.to(g) * g).sum(1)))
    pairs = np.array(list(combinations(range(6), 2)))
    told = interaction_index(game, pairs, num_contexts=600, seed=1)
    exact = np.array([exact_interaction(game, *pair) for pair in pairs.tolist()])
    assert told.standard_error is not None
    assert (np.abs(told.values - exact) / told.standard_error.clip(1e-9)).max() <= 4
    again = interaction_index(game, pairs, num_contexts=600, seed=1)
    assert np.array_equal(told.values, again.values)


def test_a_subset_of_pairs_equals_the_same_pairs_of_all() -> None:
    some = pair_effects(planted(), pairs=np.array([[5, 2], [0, 1]]))
    assert some.values == pytest.approx([3, 0], abs=1e-9)


def test_a_tumor_tells_the_same_as_its_coalitions_one_by_one(nets: Networks) -> None:
    target = Target(
        name="axis", scale="cosine", reads=(EMBEDDINGS,), score=lambda told: told[EMBEDDINGS][:, 0]
    )
    game = TumorGame.of(nets, target, tumor())
    told = pair_effects(game, rest="full")
    first, second = told.pairs[3].tolist()
    corners = np.ones((4, len(game.units)), dtype=bool)
    corners[[2, 3], first] = False
    corners[[1, 3], second] = False
    both, one, other, neither = (float(game.values(row[None])[0]) for row in corners)
    assert told.values[3] == pytest.approx(both - one - other + neither, abs=1e-6)
    labels = {game.units[i].kind for i in told.pairs.ravel()}
    assert "covariate" not in labels


def test_two_units_split_evenly_what_they_do_together() -> None:
    told = shapley_values(planted())
    assert told.values[[2, 5]] == pytest.approx([1.6, 1.6])


def test_strange_requests_are_refused() -> None:
    with pytest.raises(ExplanationError, match="Choose empty or full"):
        pair_effects(planted(), rest="half")  # type: ignore[arg-type]
    with pytest.raises(ExplanationError, match="2 contexts were asked for"):
        interaction_index(planted(), np.array([[0, 1]]), num_contexts=2)


def test_no_pairs_have_no_effects() -> None:
    assert len(pair_effects(Toy(num_units=1, formula=lambda g: g[:, 0])).values) == 0
    none = interaction_index(planted(), np.zeros((0, 2), dtype=np.int64))
    assert len(none.values) == 0
