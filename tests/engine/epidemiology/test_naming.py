from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.clusters import name_of
from engine.epidemiology.naming import say, top_markers, top_pair
from engine.epidemiology.region import Contrast, contrast
from tests.engine.epidemiology.made import features_of, noise

N = 2_000
INSIDE = np.arange(N) < 200
ONE = np.zeros(N, dtype=np.int64)


@pytest.fixture(scope="module")
def region() -> Contrast:
    """Return a region in which STK11 is frequent, and KRAS where STK11 is."""
    has = noise(N, 4, share=0.1)
    has[INSIDE, 0] = np.arange(200) < 142
    has[INSIDE, 1] = np.arange(200) < 76
    return contrast(features_of(has, names=["STK11", "KRAS", "TP53", "RB1"]), INSIDE, ~INSIDE, ONE)


def test_a_region_is_one_sentence(region: Contrast) -> None:
    types = ["LUAD"] * 128 + ["LUSC"] * 40 + [None] * 32
    stk11, kras = (
        next(m for m in region.markers if m.feature.name == g) for g in ("STK11", "KRAS")
    )
    both = region.pairs[0]
    assert say(region, types) == (
        f"200 tumors, 64% LUAD; STK11 mutated in 71% (against {stk11.share_out:.0%}, q < 1e-30); "
        f"KRAS mutated in 38% (against {kras.share_out:.0%}, q < 1e-30); "
        f"STK11 and KRAS together in 38% (against {both.share_out:.0%})"
    )


def test_only_what_was_found_names_a_region(region: Contrast) -> None:
    assert [marker.feature.name for marker in top_markers(region)] == ["STK11", "KRAS"]
    pair = top_pair(region)
    assert pair is not None
    assert {pair.first.name, pair.second.name} == {"STK11", "KRAS"}


def test_a_region_like_all_others_is_said_to_be_so() -> None:
    found = contrast(features_of(noise(N, 4)), INSIDE, ~INSIDE, ONE)
    assert top_pair(found) is None
    assert say(found, [None] * 200) == (
        "200 tumors; no alteration sets them apart from comparable tumors"
    )


def test_what_is_missing_is_said_where_nothing_is_frequent() -> None:
    has = noise(N, 3, share=0.4)
    has[INSIDE, 1] = False
    found = contrast(features_of(has, names=["KRAS", "TP53", "RB1"]), INSIDE, ~INSIDE, ONE)
    assert say(found, [None] * 200).startswith(
        "200 tumors; no alteration is more frequent than in comparable tumors; "
        "TP53 mutated in 0% (against 4"
    )
    assert name_of(found) == "TP53 mutation rare"


def test_a_gene_known_of_a_few_tumors_does_not_speak_for_all() -> None:
    has, known = noise(N, 2, share=0.1), np.ones((N, 2), dtype=bool)
    has[INSIDE] = True
    known[20:200, 0] = False
    found = contrast(features_of(has, known, names=["H3P6", "KRAS"]), INSIDE, ~INSIDE, ONE)
    assert [marker.feature.name for marker in found.markers] == ["KRAS", "H3P6"]
    assert [marker.feature.name for marker in top_markers(found)] == ["KRAS"]
    assert found.pairs == ()


def test_copy_number_is_named_as_what_it_is() -> None:
    has = noise(N, 2, share=0.1)
    has[INSIDE] |= noise(200, 1, 0.6)
    features = features_of(has, names=["MYC", "ERBB2"], group="amplification")
    sentence = say(contrast(features, INSIDE, ~INSIDE, ONE), ["BRCA"] * 200)
    assert "; ERBB2 amplification in 58% (against 9%, q < 1e-30); MYC amplification" in sentence
    assert "ERBB2 amplification and MYC amplification together in" in sentence
