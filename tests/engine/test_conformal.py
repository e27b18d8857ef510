from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.conformal import CONFORMAL, ConformalSets, conformal_threshold
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
    assert members[np.arange(len(truth)), truth].mean() == pytest.approx(0.95, abs=0.015)
    assert 1.0 < members.sum(axis=1).mean() < 4.0


def test_no_set_is_empty_and_few_tumors_promise_nothing() -> None:
    told, truth = draws(10, 0)
    assert conformal_threshold(told, truth) == 0.0
    strict = ConformalSets(thresholds={"task": 1.0}).sets("task", told)
    np.testing.assert_array_equal(strict.argmax(axis=1), told.argmax(axis=1))
    assert (strict.sum(axis=1) == 1).all()


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


def test_sets_of_fitted_heads_cover_new_patients() -> None:
    heads = fit_heads(cohort(), config=HeadsConfig(strengths=(0.1,), num_replicates=2))
    sets, new = fit_conformal(heads, cohort()), cohort(4000, seed=9)
    head = next(head for head in heads.heads if head.task == "cancer_type")
    members = sets.sets(head.task, head.probabilities(new.readout.embeddings))
    truth = [head.classes.index(str(label)) for label in new.labels[head.task]]
    covered = members[np.arange(len(truth)), truth].mean()
    # 225 validation tumors choose the threshold: the coverage of one draw spreads by 0.015.
    assert covered == pytest.approx(0.95, abs=0.045)
    assert sets.num_tumors[head.task] > 100


@pytest.mark.parametrize(("number", "rank"), [(18, None), (19, 0), (38, 0), (39, 1), (99, 4)])
def test_the_threshold_is_an_order_statistic(number: int, rank: int | None) -> None:
    """Place floor(0.05 (n + 1)) of the ascending probabilities; none below 19 tumors."""
    told = np.random.default_rng(0).permutation(np.linspace(0.5, 0.99, number))
    probabilities = np.column_stack([told, 1 - told])
    found = conformal_threshold(probabilities, np.zeros(number, dtype=np.int64))
    assert found == (0.0 if rank is None else pytest.approx(np.sort(told)[rank]))


def test_a_class_at_the_threshold_is_in_the_set() -> None:
    told = np.array([[0.75, 0.25], [0.76, 0.24]])
    members = ConformalSets(thresholds={"task": 0.25}).sets("task", told)
    assert members.tolist() == [[True, True], [True, False]]
