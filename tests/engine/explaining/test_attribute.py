from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValueSampling

from engine.errors import ExplanationError
from engine.explaining.alterations import Unit
from engine.explaining.attribute import (
    Attribution,
    agreement,
    integrated_gradients,
    leave_one_out,
    roll_up,
)
from engine.explaining.game import TumorGame
from engine.explaining.networks import Networks
from engine.explaining.shapley import shapley_values
from engine.explaining.targets import EMBEDDINGS, Target
from engine.heads import FROZEN
from tests.engine.explaining.toys import Toy, exact_shapley, networks, tumor

LINEAR = torch.tensor([2.0, -1.0, 0.5, 0.0])


def linear() -> Toy:
    return Toy(num_units=4, formula=lambda g: g @ LINEAR.to(g) + 3)


def product() -> Toy:
    return Toy(num_units=3, formula=lambda g: 4 * g[:, 0] * g[:, 1] + 0 * g[:, 2])


def xor() -> Toy:
    return Toy(num_units=2, formula=lambda g: g[:, 0] + g[:, 1] - 2 * g[:, 0] * g[:, 1])


def redundant() -> Toy:
    return Toy(num_units=2, formula=lambda g: g[:, 0] + g[:, 1] - g[:, 0] * g[:, 1])


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    return networks(tmp_path_factory.mktemp("weights"))


def axis(number: int = 0) -> Target:
    return Target(
        name="axis",
        scale="cosine",
        reads=(EMBEDDINGS,),
        score=lambda told: told[EMBEDDINGS][:, number] * 10,
    )


def test_on_a_sum_all_methods_tell_the_weights() -> None:
    methods = (integrated_gradients, leave_one_out, shapley_values)
    for told in (method(linear()) for method in methods):
        assert told.values == pytest.approx(LINEAR.numpy(), abs=1e-5), told.method
        assert told.convergence_delta == pytest.approx(0, abs=1e-5)
        assert (told.value, told.baseline_value) == (4.5, 3.0)


def test_on_a_product_the_effect_is_shared_and_a_dummy_gets_nothing() -> None:
    assert shapley_values(product()).values == pytest.approx([2, 2, 0], abs=1e-9)
    assert integrated_gradients(product()).values == pytest.approx([2, 2, 0], abs=1e-4)
    assert leave_one_out(product()).values == pytest.approx([4, 4, 0])


def test_of_two_that_say_the_same_each_gets_half_and_leave_one_out_sees_none() -> None:
    assert shapley_values(redundant()).values == pytest.approx([0.5, 0.5])
    told = leave_one_out(redundant())
    assert told.values == pytest.approx([0, 0])
    assert told.convergence_delta == pytest.approx(-1)
    assert told.completeness_gap == pytest.approx(1)


def test_on_xor_the_two_cancel() -> None:
    assert shapley_values(xor()).values == pytest.approx([0, 0], abs=1e-9)


def test_shapley_values_are_within_their_errors_of_the_exact_ones() -> None:
    weights = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    game = Toy(num_units=6, formula=lambda g: torch.tanh((g @ weights.to(g) * g).sum(1)))
    told = shapley_values(game, num_permutations=400)
    assert told.standard_error is not None
    away = np.abs(told.values - exact_shapley(game)) / told.standard_error.clip(1e-9)
    assert away.max() <= 4
    assert told.convergence_delta == pytest.approx(0, abs=1e-9)


def test_shapley_values_repeat_by_seed_and_shrink_their_errors() -> None:
    weights = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    game = Toy(num_units=6, formula=lambda g: torch.tanh((g @ weights.to(g) * g).sum(1)))
    few, again = (shapley_values(game, num_permutations=20, seed=5) for _ in range(2))
    assert np.array_equal(few.values, again.values)
    many = shapley_values(game, num_permutations=500, seed=5)
    assert few.standard_error is not None
    assert many.standard_error is not None
    assert many.standard_error.mean() < few.standard_error.mean() / 2


def test_too_few_permutations_are_refused() -> None:
    with pytest.raises(ExplanationError, match="3 permutations were asked for"):
        shapley_values(linear(), num_permutations=3)


def test_a_tumor_adds_up_and_the_gap_shrinks_with_steps(nets: Networks) -> None:
    game = TumorGame.of(nets, axis(), tumor())
    gaps = [integrated_gradients(game, num_steps=n).completeness_gap for n in (4, 16, 64)]
    assert gaps[2] <= 1e-4
    assert gaps[1] <= 0.01
    assert gaps[2] <= gaps[0]
    assert abs(shapley_values(game, num_permutations=8).convergence_delta) <= 1e-9


@pytest.mark.parametrize("field", [EMBEDDINGS, FROZEN])
def test_gradients_can_follow_coalitions(nets: Networks, field: str) -> None:
    target = Target(
        name="axis", scale="number", reads=(field,), score=lambda told: told[field][:, 0]
    )
    game = TumorGame.of(nets, target, tumor())
    shapley_values(game, num_permutations=4)
    again = integrated_gradients(game)
    alone = integrated_gradients(TumorGame.of(nets, target, tumor()))
    assert np.array_equal(again.values, alone.values)


def test_captum_and_ours_agree_on_a_tumor(nets: Networks) -> None:
    game = TumorGame.of(nets, axis(), tumor())
    number = len(game.units)
    ours = shapley_values(game, num_permutations=200)

    def ask(gates: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(game.values(gates.numpy() > 0.5))

    torch.manual_seed(0)
    told = ShapleyValueSampling(ask).attribute(
        torch.ones(1, number), baselines=torch.zeros(1, number), n_samples=200
    )
    assert ours.standard_error is not None
    away = np.abs(told[0].numpy() - ours.values) / ours.standard_error.clip(1e-4)
    assert away.max() <= 8


def test_other_weights_destroy_the_attribution(nets: Networks, tmp_path: Path) -> None:
    own = integrated_gradients(TumorGame.of(nets, axis(), tumor()))
    told = []
    for seed in range(1, 6):
        (tmp_path / str(seed)).mkdir()
        other = networks(tmp_path / str(seed), seed=seed)
        told.append(integrated_gradients(TumorGame.of(other, axis(), tumor())))
    assert abs(np.mean([agreement(own, other).spearman for other in told])) <= 0.35


def test_agreement_is_said_in_words() -> None:
    same = agreement(leave_one_out(linear()), shapley_values(linear()))
    assert "agree on the order" in same.sentence
    first, second = (_told([1.0, 2.0, 3.0]), _told([3.0, 2.0, 1.0]))
    assert "do not agree" in agreement(first, second).sentence
    assert "Too few" in agreement(_told([1.0]), _told([1.0])).sentence


def _told(values: list[float]) -> Attribution:
    units = [
        Unit(key="KRAS|missense", label="KRAS missense", gene="KRAS", kind="missense"),
        Unit(key="TP53|missense", label="TP53 missense", gene="TP53", kind="missense"),
        Unit(key="8q|gain", label="gain of 8q", gene=None, kind="gain"),
    ]
    return Attribution(
        method="toy",
        target="toy",
        scale="number",
        units=tuple(units[: len(values)]),
        values=np.array(values),
        baseline="nothing",
        baseline_value=0.0,
        value=float(sum(values)),
    )


def test_roll_ups_keep_the_sum() -> None:
    told = _told([1.0, 4.0, -2.0])
    pathways = {"RTK RAS": ("KRAS",), "TP53": ("TP53",), "Cell Cycle": ("TP53",)}
    assert roll_up(told, "gene") == {"TP53": 4.0, "gain of 8q": -2.0, "KRAS": 1.0}
    assert roll_up(told, "kind") == {"missense": 5.0, "gain": -2.0}
    by_pathway = roll_up(told, "pathway", pathways)
    assert by_pathway == {"TP53": 2.0, "Cell Cycle": 2.0, "no pathway": -2.0, "RTK RAS": 1.0}
    with pytest.raises(ExplanationError, match="gene, kind or pathway"):
        roll_up(told, "color")
