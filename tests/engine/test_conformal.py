from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.conformal import (
    CONFORMAL,
    ConformalSets,
    conformal_threshold,
    coverage_of,
    set_names,
)
from engine.errors import WeightsError
from engine.training.fit_conformal import fit_conformal
from engine.training.fit_heads import fit_heads
from engine.training.logistic import HeadsConfig
from tests.engine.labeled import cohort


def draws(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of four classes, and truths drawn from them."""
    generator = np.random.default_rng(seed)
    told = generator.dirichlet([0.5] * 4, num)
    return told, np.array([generator.choice(4, p=row) for row in told])


def test_the_sets_cover_what_was_promised() -> None:
    threshold = conformal_threshold(*draws(3000, 0))
    told, truth = draws(3000, 1)
    members = ConformalSets(thresholds={"task": threshold}).sets("task", told)
    assert coverage_of(members, truth) == pytest.approx(0.95, abs=0.015)
    assert 1.0 < members.sum(axis=1).mean() < 4.0


def test_no_set_is_empty_and_few_tumors_promise_nothing() -> None:
    told, truth = draws(10, 0)
    assert conformal_threshold(told, truth) == 0.0
    strict = ConformalSets(thresholds={"task": 1.0}).sets("task", told)
    np.testing.assert_array_equal(strict.argmax(axis=1), told.argmax(axis=1))
    assert (strict.sum(axis=1) == 1).all()


def test_classes_are_named() -> None:
    members = np.array([[True, False], [True, True]])
    assert set_names(members, ["R", "NR"]) == [("R",), ("R", "NR")]


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    sets = ConformalSets(thresholds={"msi": 0.1}, num_tumors={"msi": 300})
    sets.save(tmp_path)
    assert ConformalSets.parse({CONFORMAL: (tmp_path / CONFORMAL).read_bytes()}) == sets
    assert ConformalSets.parse({}) is None
    with pytest.raises(WeightsError, match="conformal thresholds of the model cannot be read"):
        ConformalSets.parse({CONFORMAL: b"{}"})


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(WeightsError, match="no conformal threshold of the task pam50; found msi"):
        ConformalSets(thresholds={"msi": 0.1}).sets("pam50", np.ones((1, 2)))


def test_every_head_gets_a_threshold() -> None:
    tumors = cohort()
    heads = fit_heads(tumors, config=HeadsConfig(strengths=(0.1,), num_replicates=2))
    sets = fit_conformal(heads, tumors)
    assert set(sets.thresholds) == {head.task for head in heads.heads}
    assert all(0 <= value <= 1 for value in sets.thresholds.values())
