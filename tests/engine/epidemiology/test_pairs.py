from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology import pairs as pairs_module
from engine.epidemiology.counts import Features, join
from engine.epidemiology.pairs import (
    PairStatistics,
    burden_bins,
    burden_of,
    cross_count,
    pair_statistics,
)
from tests.engine.epidemiology.made import features_of, noise

ONE = np.zeros(400, dtype=np.int64)


def uneven(num_tumors: int, num_genes: int, seed: int = 0) -> np.ndarray:
    """Draw genes that are altered independently, in tumors of which some are altered far more."""
    generator = np.random.default_rng(seed)
    rate = generator.gamma(1.0, 1.0, num_tumors)[:, None]
    frequency = generator.uniform(0.01, 0.05, num_genes)
    return generator.random((num_tumors, num_genes)) < 1 - np.exp(-rate * frequency)


def test_a_pair_is_counted_among_tumors_profiled_for_both() -> None:
    first = [True, True, False, False, True, False]
    second = [True, False, True, False, True, True]
    known = np.array([[True, True]] * 4 + [[True, False], [False, True]])
    found = pair_statistics(
        features_of(np.array([first, second]).T, known, ["KRAS", "STK11"]), ONE[:6]
    )
    record = found.record(0)
    counts = (record.both, record.first_only, record.second_only, record.neither)
    assert counts == (1, 1, 1, 1)
    assert record.num_profiled == 4
    assert (record.first.name, record.second.name) == ("KRAS", "STK11")


def test_a_planted_pair_comes_first_and_an_exclusive_one_second() -> None:
    has = noise(400, 12)
    has[:, 3] = np.where(noise(400, 1, 0.8, seed=1)[:, 0], has[:, 7], has[:, 3])
    has[:, 5] &= ~has[:, 9] | noise(400, 1, 0.1, seed=2)[:, 0]
    found = pair_statistics(features_of(has), ONE)
    first, second = (found.record(int(pair)) for pair in found.ranked()[:2])
    assert {first.first.name, first.second.name} == {"G3", "G7"}
    assert first.within_burden.lower > 1
    assert first.within_burden.q_value < 1e-10
    assert {second.first.name, second.second.name} == {"G5", "G9"}
    assert second.within_burden.upper < 1


def test_burden_alone_makes_no_pair() -> None:
    has = uneven(2000, 300)
    burden = burden_of(features_of(has), "mutation")
    frequent = features_of(has[:, np.argsort(-has.sum(axis=0))[:30]])
    found = pair_statistics(frequent, np.zeros(2000, dtype=np.int64), burden=burden)
    tested = found.is_tested
    assert np.median(found.crude.z[tested]) > 1.5
    assert abs(np.median(found.within_burden.z[tested])) < 0.15
    assert (found.within_burden.p_value[tested] < 0.05).mean() < 0.06
    assert min(found.record(int(pair)).within_burden.q_value for pair in found.ranked()[:5]) > 0.05


def test_a_bin_by_all_genes_would_hold_a_pair_apart() -> None:
    """Why the two are left out of the burden: what one adds to it the other must not."""
    has = noise(3000, 10, share=0.2)
    features, burden = features_of(has), has.sum(axis=1)
    naive = pair_statistics(features, burden_bins(burden))
    apart = pair_statistics(features, np.zeros(3000, dtype=np.int64), burden=burden)
    assert np.median(naive.within_strata.z) < -1.5
    assert abs(np.median(apart.within_burden.z)) < 0.3


def test_a_type_alone_makes_no_pair() -> None:
    types = np.repeat([0, 1], 200)
    has = np.random.default_rng(0).random((400, 2)) < np.where(types == 0, 0.8, 0.05)[:, None]
    record = pair_statistics(features_of(has), types).record(0)
    assert record.crude.p_value < 1e-20
    assert record.within_strata.p_value > 0.05
    assert record.within_strata.lower < 1 < record.within_strata.upper


def test_permuted_genes_give_no_more_than_chance() -> None:
    found = pair_statistics(features_of(noise(400, 40, seed=5)), ONE)
    assert (found.within_strata.p_value < 0.05).mean() < 0.06
    q_values = [found.record(int(pair)).within_strata.q_value for pair in found.ranked()[:3]]
    assert min(q_values) > 0.05


def fields(found: PairStatistics) -> np.ndarray:
    return np.stack([found.first, found.second, found.within_strata.z, *found.counts.T])


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    features, strata = features_of(noise(300, 9), noise(300, 9, 0.9, seed=1)), np.arange(300) % 4
    whole = pair_statistics(features, strata)
    monkeypatch.setattr(pairs_module, "MOST_CELLS", 1)
    np.testing.assert_allclose(fields(pair_statistics(features, strata)), fields(whole))


def test_pairs_that_are_named_are_those_of_the_scan() -> None:
    features = features_of(noise(300, 6))
    scanned = pair_statistics(features, ONE[:300])
    named = pair_statistics(features, ONE[:300], pairs=[(4, 1), (2, 5)])
    place = np.flatnonzero((scanned.first == 2) & (scanned.second == 5))[0]
    assert named.crude.odds_ratio[1] == pytest.approx(scanned.crude.odds_ratio[place])
    assert named.record(0).first.name == "G4"


def test_rare_features_are_told_and_not_tested() -> None:
    has = noise(400, 3)
    has[:, 0] = np.arange(400) < 4
    found = pair_statistics(features_of(has), ONE)
    assert found.is_tested.tolist() == [False, False, True]
    assert np.isnan(found.record(0).crude.q_value)
    assert found.ranked().tolist() == [2]


def test_burden_counts_the_genes_of_one_group() -> None:
    both: Features = join(
        [features_of(noise(20, 4)), features_of(noise(20, 3, seed=1), group="amplification")]
    )
    assert burden_of(both, "mutation").tolist() == noise(20, 4).sum(axis=1).tolist()


def test_few_genes_are_told_apart_and_many_by_their_ratio() -> None:
    bins = burden_bins(np.array([0, 1, 2, 3, 4, 5, 100, 105, 200, 10**9]))
    assert len(set(bins[:6].tolist())) == 6
    assert bins[6] == bins[7] < bins[8] < bins[9]


def test_counts_of_groups_are_those_of_a_product() -> None:
    left, right, groups = noise(50, 3), noise(50, 4, seed=1), np.arange(50) % 4 - 1
    counts = cross_count(left, right, groups, 3)
    for group in range(3):
        rows = groups == group
        np.testing.assert_array_equal(
            counts[group], left[rows].T.astype(int) @ right[rows].astype(int)
        )


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    pair_statistics(features_of(noise(50, 3)), ONE[:50], progress=lambda *step: told.append(step))
    assert told[-1] == ("Counting pairs", 2, 2)
