from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from engine.study_effects import (
    EXPLAINED_BELOW,
    SourceShares,
    StudyEffect,
    common_type,
    count_distribution,
)

TYPES = ["LUAD"] * 100 + ["BRCA"] * 100
STUDIES = ["first"] * 50 + ["second"] * 50 + ["first"] * 90 + ["second"] * 10


@pytest.fixture(scope="module")
def shares() -> SourceShares:
    return SourceShares.count("study", TYPES, STUDIES)


def explained(shares: SourceShares, types: list[str], studies: list[str]) -> StudyEffect:
    effect = shares.explain(types, studies)
    assert effect is not None
    return effect


def test_one_study_among_neighbors_of_a_mixed_type_is_an_effect(shares: SourceShares) -> None:
    effect = explained(shares, ["LUAD"] * 15, ["second"] * 15)
    assert effect.expected == pytest.approx(7.5)
    assert effect.p_value == pytest.approx(2 * 0.5**15)
    assert effect.is_explaining


def test_what_the_type_explains_is_no_effect(shares: SourceShares) -> None:
    effect = explained(shares, ["BRCA"] * 15, ["first"] * 15)
    assert not effect.is_explaining


def test_a_sure_effect_must_also_be_large() -> None:
    sure = {"kind": "study", "source": "a", "num_neighbors": 500, "p_value": 1e-6}
    assert not StudyEffect(**sure, num_near=407, expected=378.0).is_explaining
    assert StudyEffect(**sure, num_near=407, expected=325.0).is_explaining


def test_a_type_that_one_source_has_alone_tells_nothing() -> None:
    alone = SourceShares.count("panel", ["UVM"] * 5 + TYPES, ["first"] * 5 + STUDIES)
    assert explained(alone, ["UVM"] * 15, ["first"] * 15).p_value == 1.0


def test_shuffled_studies_explain_no_more_than_promised() -> None:
    generator = np.random.default_rng(0)
    types = np.array(["LUAD"] * 300 + ["BRCA"] * 300)
    studies = generator.choice(["a", "b", "c"], 600, p=[0.6, 0.3, 0.1])
    shares = SourceShares.count("study", types.tolist(), studies.tolist())
    explaining = []
    for _ in range(1500):
        near = generator.choice(600, 15, replace=False)
        found = explained(shares, types[near].tolist(), studies[near].tolist())
        explaining.append(found.is_explaining)
    assert np.mean(explaining) <= EXPLAINED_BELOW


def test_nothing_can_be_surprising_without_neighbors_or_with_one_source(
    shares: SourceShares,
) -> None:
    assert shares.explain([], []) is None
    single = SourceShares.count("study", ["LUAD"] * 3, ["first"] * 3)
    assert single.explain(["LUAD"], ["first"]) is None


def test_the_distribution_of_equal_chances_is_binomial() -> None:
    np.testing.assert_allclose(
        count_distribution([0.3] * 12), binom.pmf(np.arange(13), 12, 0.3), atol=1e-12
    )
    assert count_distribution([]).tolist() == [1.0]


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("SKCM", "melanoma"),
        ("MEL", "melanoma"),
        ("Melanoma", "melanoma"),
        ("Breast Invasive Ductal Carcinoma", "breast cancer"),
        ("Breast Cancer", "breast cancer"),
        ("COAD", "colorectal cancer"),
        ("Colorectal Cancer", "colorectal cancer"),
        ("CCRCC", "renal cell carcinoma"),
        ("KIRC", "renal cell carcinoma"),
        ("Anaplastic Astrocytoma", "glioma"),
        ("LGG", "glioma"),
        ("TGCT", "germ cell tumor"),
        ("Somebody's tumor", "somebody's tumor"),
        (None, "not stated"),
        (" ", "not stated"),
    ],
)
def test_studies_share_names(stated: str | None, name: str) -> None:
    assert common_type(stated) == name
