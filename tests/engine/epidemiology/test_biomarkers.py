from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.biomarkers import BiomarkerConfig, Biomarkers, find_biomarkers
from engine.epidemiology.effects import HAZARD, ODDS, Response, Survival, find_effects
from engine.training.treated import Times
from tests.engine.epidemiology.made import features_of, noise

N = 600
ONE = np.zeros(N, dtype=np.int64)
COHORTS = np.repeat(["a", "b", "c"], 200)
EVERYBODY = np.ones(N, dtype=bool)


def response(chance: np.ndarray, seed: int = 0, known: np.ndarray = EVERYBODY) -> Response:
    happened = np.random.default_rng(100 + seed).random(N) < chance
    return Response(name="response", happened=happened, known=known)


def survival(hazard: np.ndarray, seed: int = 0) -> Survival:
    generator = np.random.default_rng(100 + seed)
    months = generator.exponential(12 / hazard)
    ends = generator.exponential(20, N)
    times = Times(months=np.minimum(months, ends), ended=months < ends)
    return Survival(name="overall survival", times=times)


def test_what_is_planted_comes_first_for_a_response() -> None:
    has = noise(N, 40)
    found = find_biomarkers(
        features_of(has), response(np.where(has[:, 7], 0.6, 0.25)), COHORTS, ONE
    )
    first, second = found.markers[:2]
    assert (found.kind, found.num_patients) == (ODDS, N)
    assert first.feature.name == "G7"
    assert first.q_value < 1e-6
    assert first.overall.lower > 2
    assert second.q_value > 0.05
    assert [name for name, _ in first.by_cohort] == ["a", "b", "c"]
    assert first.pooled.num_cohorts == 3
    assert first.pooled.lower < first.overall.ratio < first.pooled.upper


def test_what_is_planted_comes_first_for_survival() -> None:
    has = noise(N, 40)
    found = find_biomarkers(features_of(has), survival(np.where(has[:, 7], 2.0, 1)), COHORTS, ONE)
    first = found.markers[0]
    assert (found.kind, first.feature.name) == (HAZARD, "G7")
    assert first.q_value < 1e-6
    assert first.overall.lower < 2 < first.overall.upper
    assert found.markers[1].q_value > 0.05


def test_the_effects_of_one_stratum_are_those_of_a_table() -> None:
    has, known = noise(N, 1), noise(N, 1, 0.8, seed=1)
    outcome = response(np.full(N, 0.3))
    found = find_effects(has, known, outcome, ONE)
    rows = known[:, 0]
    yes, happened = has[rows, 0], outcome.happened[rows]
    a, b = (yes & happened).sum(), (~yes & happened).sum()
    c, d = (yes & ~happened).sum(), (~yes & ~happened).sum()
    assert found.ratio[0] == pytest.approx(a * d / (b * c))
    assert found.log_ratio[0] == pytest.approx(
        np.log((a + 0.5) * (d + 0.5) / (b + 0.5) / (c + 0.5))
    )
    assert found.standard_error[0] == pytest.approx(
        np.sqrt(sum(1 / (n + 0.5) for n in (a, b, c, d)))
    )
    assert (found.carriers[0], found.known[0], found.events[0]) == (yes.sum(), rows.sum(), a)


def test_a_type_or_a_cohort_alone_is_no_effect() -> None:
    types = np.arange(N) % 2
    rate = np.where(types == 1, 0.6, 0.1)
    has = np.random.default_rng(0).random((N, 30)) < rate[:, None]
    outcome = response(rate)
    crude = find_biomarkers(features_of(has), outcome, ["all"] * N, ONE)
    adjusted = find_biomarkers(features_of(has), outcome, ["all"] * N, types)
    as_cohorts = find_biomarkers(features_of(has), outcome, types.astype(str), ONE)
    assert crude.markers[0].q_value < 1e-10
    assert adjusted.markers[0].q_value > 0.05
    assert as_cohorts.markers[0].q_value > 0.05


@pytest.mark.parametrize("outcome", ["response", "survival"])
def test_permuted_outcomes_give_no_more_than_chance(outcome: str) -> None:
    features, p_values, found = features_of(noise(N, 60, share=0.1)), [], 0
    for seed in range(10):
        flat = np.full(N, 0.3)
        drawn = response(flat, seed) if outcome == "response" else survival(flat, seed)
        markers = find_biomarkers(features, drawn, COHORTS, ONE).markers
        p_values += [marker.overall.p_value for marker in markers]
        found += min(marker.q_value for marker in markers) < 0.05
    assert (np.array(p_values) < 0.05).mean() < 0.065
    assert found <= 1


def three_cohorts(effects: tuple[float, float, float]) -> Biomarkers:
    has = noise(N, 20)
    chance = np.where(has[:, 4], np.repeat(effects, 200), 0.3)
    return find_biomarkers(features_of(has), response(chance), COHORTS, ONE)


def test_a_finding_that_is_seen_again_is_replicated() -> None:
    replication = three_cohorts((0.8, 0.75, 0.3)).markers[0].replication
    assert set(replication.found_in) | set(replication.seen_in) == {"a", "b"}
    assert replication.unclear_in == ("c",)
    assert replication.is_replicated


def test_a_finding_that_turns_around_is_not_replicated() -> None:
    found = three_cohorts((0.8, 0.02, 0.3))
    (marker,) = [marker for marker in found.markers if marker.feature.name == "G4"]
    signs = {name: effect.log_ratio > 0 for name, effect in marker.by_cohort[:2]}
    assert signs == {"a": True, "b": False}
    assert not marker.replication.is_replicated
    assert marker.pooled.inconsistency > 0.8


def test_patients_of_unknown_outcome_or_gene_are_left_out() -> None:
    has, known = noise(N, 3), noise(N, 3, 0.7, seed=1)
    told = np.arange(N) % 3 > 0
    outcome = response(np.full(N, 0.3), known=told)
    found = find_biomarkers(features_of(has, known), outcome, COHORTS, ONE)
    assert found.num_patients == told.sum()
    for marker in found.markers:
        column = int(marker.feature.name[1:])
        assert marker.overall.known == (known[:, column] & told).sum()
        assert marker.overall.carriers == ((has & known)[:, column] & told).sum()


def test_a_cohort_without_carriers_is_not_pooled() -> None:
    has = noise(N, 1)
    has[:200] = False
    found = find_biomarkers(features_of(has), response(np.full(N, 0.4)), COHORTS, ONE)
    assert [name for name, _ in found.markers[0].by_cohort] == ["b", "c"]
    assert found.markers[0].pooled.num_cohorts == 2


def test_rare_features_are_not_tested() -> None:
    has = noise(N, 2)
    has[:, 1] = np.arange(N) < 9
    config = BiomarkerConfig(least_carriers=10)
    found = find_biomarkers(
        features_of(has), response(np.full(N, 0.4)), COHORTS, ONE, config=config
    )
    assert [marker.feature.name for marker in found.markers] == ["G0"]
    nothing = find_biomarkers(
        features_of(has[:, 1:]), response(np.full(N, 0.4)), COHORTS, ONE, config=config
    )
    assert nothing.markers == ()
