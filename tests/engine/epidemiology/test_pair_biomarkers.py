from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.biomarkers import find_biomarkers
from engine.epidemiology.effects import Response, Survival
from engine.epidemiology.pair_biomarkers import find_pair_biomarkers
from engine.training.treated import Times
from tests.engine.epidemiology.made import features_of, noise

N = 1_200
ONE = np.zeros(N, dtype=np.int64)
COHORTS = np.repeat(["a", "b"], N // 2)
EVERYBODY = np.ones(N, dtype=bool)


def response(chance: np.ndarray, seed: int = 0) -> Response:
    happened = np.random.default_rng(100 + seed).random(N) < chance
    return Response(name="response", happened=happened, known=EVERYBODY)


def survival(hazard: np.ndarray, seed: int = 0) -> Survival:
    generator = np.random.default_rng(100 + seed)
    months = generator.exponential(12 / hazard)
    return Survival(name="survival", times=Times(months=months, ended=months < 24))


@pytest.mark.parametrize("kind", ["response", "survival"])
def test_a_pair_that_acts_together_comes_first_and_its_parts_do_nothing(kind: str) -> None:
    has = noise(N, 12)
    both = has[:, 3] & has[:, 8]
    outcome: Response | Survival
    if kind == "response":
        outcome = response(np.where(both, 0.8, 0.2))
    else:
        outcome = survival(np.where(both, 4.0, 1.0))
    found = find_pair_biomarkers(features_of(has), outcome, COHORTS, ONE)
    first = found[0]
    assert len(found) == 66
    assert {first.first.name, first.second.name} == {"G3", "G8"}
    assert first.interaction.q_value < 1e-6
    assert first.interaction.lower > 2
    assert first.both.lower > 2
    for alone in (first.first_only, first.second_only):
        assert 0.6 < alone.ratio < 1.6
        assert alone.p_value > 0.01
    assert found[1].interaction.q_value > 0.05
    assert [name for name, _ in first.by_cohort] == ["a", "b"]
    assert first.pooled.lower > 1


def test_either_but_not_both_is_seen_though_no_gene_shows_it() -> None:
    has = noise(N, 8, share=0.5)
    outcome = response(np.where(has[:, 1] ^ has[:, 6], 0.7, 0.3))
    singles = find_biomarkers(features_of(has), outcome, COHORTS, ONE)
    assert singles.markers[0].q_value > 0.05
    first = find_pair_biomarkers(features_of(has), outcome, COHORTS, ONE)[0]
    assert {first.first.name, first.second.name} == {"G1", "G6"}
    assert first.interaction.upper < 0.2
    assert min(first.first_only.lower, first.second_only.lower) > 1
    assert first.both.lower < 1 < first.both.upper


def test_two_that_act_independently_have_no_interaction() -> None:
    has = noise(N, 6)
    odds = 0.3 * np.where(has[:, 0], 3, 1) * np.where(has[:, 1], 3, 1)
    found = find_pair_biomarkers(
        features_of(has), response(odds / (1 + odds)), COHORTS, ONE, pairs=[(0, 1)]
    )
    assert found[0].interaction.lower < 1 < found[0].interaction.upper
    assert found[0].both.lower > 3


def test_one_that_makes_the_other_redundant_is_a_negative_interaction() -> None:
    has = noise(N, 4, share=0.4)
    outcome = response(np.where(has[:, 0] | has[:, 1], 0.7, 0.2))
    (found,) = find_pair_biomarkers(features_of(has), outcome, COHORTS, ONE, pairs=[(0, 1)])
    assert found.interaction.upper < 1
    assert min(found.both.lower, found.first_only.lower, found.second_only.lower) > 1


def test_permuted_outcomes_give_no_more_than_chance() -> None:
    features, p_values, found = features_of(noise(N, 14)), [], 0
    for seed in range(6):
        pairs = find_pair_biomarkers(features, response(np.full(N, 0.3), seed), COHORTS, ONE)
        p_values += [pair.interaction.p_value for pair in pairs]
        found += min(pair.interaction.q_value for pair in pairs) < 0.05
    assert (np.array(p_values) < 0.05).mean() < 0.065
    assert found <= 1


def test_a_type_alone_is_no_pair() -> None:
    types = np.arange(N) % 2
    rate = np.where(types == 1, 0.6, 0.15)
    has = np.random.default_rng(0).random((N, 8)) < rate[:, None]
    adjusted = find_pair_biomarkers(features_of(has), response(rate), COHORTS, types)
    assert min(pair.both.p_value for pair in adjusted) > 1e-3
    assert min(pair.interaction.q_value for pair in adjusted) > 0.05


def test_a_patient_counts_where_both_genes_were_profiled() -> None:
    has, known = noise(N, 2), noise(N, 2, 0.6, seed=1)
    (found,) = find_pair_biomarkers(
        features_of(has, known), response(np.full(N, 0.3)), COHORTS, ONE, pairs=[(1, 0)]
    )
    profiled = known.all(axis=1)
    assert (found.first.name, found.second.name) == ("G1", "G0")
    assert found.both.carriers == (has.all(axis=1) & profiled).sum()
    assert found.first_only.carriers == (has[:, 1] & ~has[:, 0] & profiled).sum()
    neither = (~has.any(axis=1) & profiled).sum()
    assert found.both.known == found.both.carriers + neither


def test_rare_pairs_are_told_only_when_asked_for() -> None:
    has = noise(N, 2)
    has[:, 1] = (np.arange(N) < 20) & ~has[:, 0]
    features, outcome = features_of(has), response(np.full(N, 0.3))
    assert find_pair_biomarkers(features, outcome, COHORTS, ONE) == ()
    (found,) = find_pair_biomarkers(features, outcome, COHORTS, ONE, pairs=[(0, 1)])
    assert found.both.carriers == 0
    assert np.isnan(found.interaction.ratio)
    assert np.isnan(found.interaction.q_value)
