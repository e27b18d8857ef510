from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.errors import TrainingError
from engine.heads import Head
from engine.training.response import (
    OVERALL,
    RESPONSE,
    Recipe,
    ResponseConfig,
    apply_recipe,
    fit_recipe,
    fit_response,
)
from engine.training.treated import TreatedTumors, join_treated
from tests.engine.training.outcome_tumors import WIDTH, readout, treated_tumors

QUICK = ResponseConfig(
    penalties=(0.1,), sources=((RESPONSE,), (RESPONSE, OVERALL)), num_rounds=1, num_replicates=20
)


@pytest.fixture(scope="module")
def fitted() -> tuple[Head, dict[str, Any]]:
    return fit_response(treated_tumors(), config=QUICK)


def test_the_head_tells_the_probability_of_response(fitted: tuple[Head, dict[str, Any]]) -> None:
    head, _ = fitted
    asked = readout(np.random.default_rng(7), 600).frozen
    told = head.probabilities(asked)
    truth = 1 / (1 + np.exp(-1.5 * asked[:, 0] - 0.8 * asked[:, -1]))
    assert (head.task, head.classes, head.reads) == ("icb_response", ("NR", "R"), "frozen")
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-5)
    assert np.abs(told[:, 1] - truth).mean() < 0.08
    lower, upper = head.interval(asked, told)
    assert ((lower[:, 1] <= truth) & (truth <= upper[:, 1])).mean() > 0.7


def test_the_best_recipe_is_taken_and_all_are_told(fitted: tuple[Head, dict[str, Any]]) -> None:
    _, card = fitted
    merits = [judged["merit"] for judged in card["judged"]]
    best = card["judged"][int(np.argmax(merits))]
    assert len(merits) == 1 + 1 * 2 * 2
    assert card["recipe"] == best["recipe"]
    assert best["by_patient"]["lower"] > 0
    assert sum(card["num_by_class"].values()) == card["num_labeled"]
    alone = [j for j in card["judged"] if j["recipe"]["is_burden_alone"]]
    assert [abs(j["by_cohort"]["mean"]) < 0.02 for j in alone] == [True]


def with_noise(tumors: TreatedTumors, width: int) -> TreatedTumors:
    noise = np.random.default_rng(9).normal(size=(len(tumors), width)).astype(np.float32)
    wide = np.column_stack([noise, tumors.readout.frozen])
    return replace(
        tumors,
        readout=replace(tumors.readout, frozen=wide),
        burden_column=tumors.burden_column + width,
    )


def test_burden_alone_wins_where_nothing_else_speaks() -> None:
    tumors = with_noise(treated_tumors(signal=0.0), 100)
    wide = ResponseConfig(penalties=(0.001,), sources=((RESPONSE,),), num_replicates=2)
    _, card = fit_response(tumors, config=wide)
    assert card["recipe"]["is_burden_alone"]


def test_burden_alone_reads_nothing_else() -> None:
    recipe = Recipe(
        reads="frozen",
        penalty=0.0,
        sources=(RESPONSE,),
        is_burden_free=True,
        is_burden_alone=True,
    )
    told = fit_recipe(treated_tumors(), recipe)
    assert np.flatnonzero(told[:-1]).tolist() == [WIDTH - 1]


def test_free_burden_is_not_shrunk() -> None:
    tumors = treated_tumors()
    told = [
        fit_recipe(
            tumors,
            Recipe(reads="frozen", penalty=1e6, sources=(RESPONSE,), is_burden_free=free),
        )
        for free in (False, True)
    ]
    assert np.abs(told[0][:-1]).max() < 1e-3
    assert told[1][WIDTH - 1] > 0.1
    assert np.abs(told[1][: WIDTH - 1]).max() < 1e-3


def test_survival_alone_finds_the_direction() -> None:
    tumors = treated_tumors()
    recipe = Recipe(reads="frozen", penalty=0.1, sources=(OVERALL,), is_burden_free=False)
    scores = apply_recipe(tumors, recipe, fit_recipe(tumors, recipe))
    assert np.corrcoef(scores, tumors.readout.frozen[:, 0])[0, 1] > 0.8
    assert abs(scores.mean()) < 1e-3


def test_one_cohort_is_not_enough() -> None:
    tumors = treated_tumors()
    one = tumors.take(np.arange(0, len(tumors), 2))
    with pytest.raises(TrainingError, match="Found 1 cohorts with 5 tumors"):
        fit_response(one, config=QUICK)


def test_joined_parts_are_the_whole() -> None:
    tumors = treated_tumors(40)
    parts: list[TreatedTumors] = [tumors.take(np.arange(25)), tumors.take(np.arange(25, 40))]
    again = join_treated(parts)
    assert again.patient_ids == tumors.patient_ids
    assert again.responses == tumors.responses
    np.testing.assert_array_equal(again.readout.frozen, tumors.readout.frozen)
    np.testing.assert_array_equal(again.overall.months, tumors.overall.months)
