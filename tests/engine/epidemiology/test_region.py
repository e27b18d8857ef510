from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.counts import CountingError, join
from engine.epidemiology.region import RegionConfig, contrast
from engine.epidemiology.strata import same_strata
from tests.engine.epidemiology.made import features_of, noise

N = 600
ONE = np.zeros(N, dtype=np.int64)
INSIDE = np.arange(N) < 80
OUTSIDE = ~INSIDE


def test_shares_are_of_the_tumors_that_were_profiled() -> None:
    has, known = noise(N, 3), noise(N, 3, share=0.6, seed=1)
    found = contrast(features_of(has, known), INSIDE, OUTSIDE, ONE)
    assert len(found.markers) == 3
    for marker in found.markers:
        column = int(marker.feature.name[1:])
        yes, asked = (has & known)[:, column], known[:, column]
        assert (marker.num_in, marker.known_in) == (yes[INSIDE].sum(), asked[INSIDE].sum())
        assert (marker.num_out, marker.known_out) == (yes[OUTSIDE].sum(), asked[OUTSIDE].sum())
        assert marker.share_in == marker.num_in / marker.known_in


def test_a_gene_that_is_profiled_on_one_side_only_is_not_compared() -> None:
    has = noise(N, 2)
    known = np.ones((N, 2), dtype=bool)
    known[INSIDE, 0] = False
    found = contrast(features_of(has, known), INSIDE, OUTSIDE, ONE)
    assert [marker.feature.name for marker in found.markers] == ["G1"]


def test_what_is_planted_comes_first() -> None:
    has = noise(N, 30)
    has[INSIDE, 4] |= noise(80, 1, 0.7)[:, 0]
    has[INSIDE, 9] = False
    found = contrast(features_of(has), INSIDE, OUTSIDE, ONE)
    first, second = found.markers[:2]
    assert (first.feature.name, second.feature.name) == ("G4", "G9")
    assert first.estimate.q_value < 1e-6
    assert first.estimate.lower > 1
    assert second.estimate.odds_ratio == 0
    assert 0 < second.estimate.upper < 0.3
    assert second.z < 0 < first.z
    assert (found.num_selected, found.num_against, found.num_compared) == (80, 520, 80)


def test_a_pair_stands_beside_what_its_parts_would_give() -> None:
    has = noise(N, 10, share=0.4)
    together = noise(80, 1, 0.5, seed=3)[:, 0]
    has[INSIDE, 2] = has[INSIDE, 6] = together
    found = contrast(features_of(has), INSIDE, OUTSIDE, ONE)
    pair = found.pairs[0]
    assert {pair.first.name, pair.second.name} == {"G2", "G6"}
    assert pair.share_in == together.mean()
    assert pair.independent_share == pytest.approx(together.mean() ** 2)
    assert pair.share_in > 1.5 * pair.independent_share


def test_a_type_alone_sets_nothing_apart() -> None:
    types = np.where(np.arange(N) % 10 < 3, 1, 0)
    generator = np.random.default_rng(0)
    inside = generator.random(N) < np.where(types == 1, 0.5, 0.05)
    has = generator.random((N, 40)) < np.where(types == 1, 0.6, 0.1)[:, None]
    crude = contrast(features_of(has), inside, ~inside, ONE)
    adjusted = contrast(features_of(has), inside, ~inside, types)
    assert max(marker.estimate.q_value for marker in crude.markers) < 0.01
    assert min(marker.estimate.q_value for marker in adjusted.markers) > 0.05
    shares = [(m.share_in, m.expected_share, m.share_out) for m in adjusted.markers]
    inside_share, expected, outside_share = np.mean(shares, axis=0)
    assert inside_share == pytest.approx(expected, abs=0.02)
    assert inside_share > 1.5 * outside_share


def test_a_stratum_on_one_side_only_is_not_compared() -> None:
    strata = np.where(np.arange(N) < 30, 1, 0)
    found = contrast(features_of(noise(N, 5)), INSIDE, OUTSIDE, strata)
    assert (found.num_selected, found.num_compared) == (80, 50)
    assert all(marker.known_in == 80 for marker in found.markers)
    nowhere = contrast(features_of(noise(N, 5)), INSIDE, OUTSIDE, INSIDE.astype(np.int64))
    assert (nowhere.num_compared, nowhere.markers, nowhere.pairs) == (0, (), ())


def test_permuted_selections_find_nothing() -> None:
    features = features_of(noise(N, 60, share=0.1))
    generator = np.random.default_rng(2)
    least, p_values = [], []
    for _ in range(20):
        inside = generator.permutation(INSIDE)
        found = contrast(features, inside, ~inside, ONE)
        least.append(min(marker.estimate.q_value for marker in found.markers))
        p_values += [marker.estimate.p_value for marker in found.markers]
    assert (np.array(p_values) < 0.05).mean() < 0.06
    assert (np.array(least) < 0.05).sum() <= 2


def test_a_second_region_or_the_same_types_can_be_compared_with() -> None:
    types, has = np.arange(N) % 3, noise(N, 4)
    region = INSIDE & (types == 1)
    like = contrast(features_of(has), region, same_strata(region, types), types)
    assert like.num_against == (types == 1).sum() - region.sum()
    second = contrast(features_of(has), INSIDE, np.arange(N) >= 500, ONE)
    assert second.num_against == 100


def test_rare_features_are_not_tested() -> None:
    has = noise(N, 3)
    has[:, 0] = np.arange(N) < 4
    names = [
        marker.feature.name for marker in contrast(features_of(has), INSIDE, OUTSIDE, ONE).markers
    ]
    assert "G0" not in names
    assert len(names) == 2


def test_copy_number_of_one_arm_is_no_pair() -> None:
    has = noise(N, 3, share=0.2)
    has[INSIDE] |= noise(80, 1, 0.6)
    counted = features_of(has, names=["CCND1", "FGF19", "MYC"], group="amplification")
    both = join([counted, features_of(has[:, :1], names=["TP53"])])
    arms = {"CCND1": "11q", "FGF19": "11q", "MYC": "8q", "TP53": "17p"}
    found = contrast(both, INSIDE, OUTSIDE, ONE, config=RegionConfig(arms=arms))
    pairs = {frozenset((pair.first.name, pair.second.name)) for pair in found.pairs}
    assert frozenset(("CCND1", "FGF19")) not in pairs
    assert len(pairs) == 5


@pytest.mark.parametrize(
    ("selected", "against"),
    [(INSIDE & False, OUTSIDE), (INSIDE, OUTSIDE & False), (INSIDE, INSIDE)],
)
def test_sides_that_cannot_be_compared_are_refused(
    selected: np.ndarray, against: np.ndarray
) -> None:
    with pytest.raises(CountingError, match="Select other tumors"):
        contrast(features_of(noise(N, 2)), selected, against, ONE)
