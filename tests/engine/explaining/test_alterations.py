from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ExplanationError
from engine.explaining.alterations import Background, TumorUnits, dissect, units_of
from engine.explaining.removal import without
from engine.kinds import Kind
from engine.tokens import tokenize
from engine.vocabulary import SUBSTITUTIONS
from tests.engine.cohorts import alteration, random_tables, tables, vocabulary
from tests.engine.explaining.toys import PANEL, tumor

WORDS = vocabulary()
BACKGROUND = Background(
    burden_per_mb=4.0,
    spectrum=np.full(len(SUBSTITUTIONS), 1 / len(SUBSTITUTIONS), dtype=np.float32),
    coding_mb=WORDS.coding_mb,
)


@pytest.fixture(scope="module")
def whole() -> TumorUnits:
    return dissect(tumor(), WORDS, BACKGROUND)


def test_units_are_what_a_user_would_name(whole: TumorUnits) -> None:
    assert {unit.label for unit in whole.units} == {
        "KRAS missense",
        "TP53 missense",
        "TP53 truncating",
        "STK11 truncating",
        "amplification of 17q",
        "MYC amplification",
        "deep deletion of 9p" if len(_on_arm("9p")) > 1 else "CDKN2A deep deletion",
        "gain of 8q",
        "loss in 19p (1 of 2 genes)",
        "mutation burden",
        "substitution spectrum",
    }


def _on_arm(arm: str) -> list[str]:
    return [gene for gene in PANEL if WORDS.arms[WORDS.index[gene]] == arm]


def test_two_mutations_of_a_gene_and_kind_are_one_unit(whole: TumorUnits) -> None:
    assert len(whole.units[whole.number("TP53|missense")].tokens) == 2


def test_every_token_and_every_copy_number_belongs_to_a_unit() -> None:
    tokens = tokenize(random_tables(40), WORDS)
    for row in range(len(tokens)):
        one = dissect(tokens.take(np.array([row])), WORDS, BACKGROUND)
        assert (one.unit_of_token >= 0).all()
        carried = (one.deep_unit >= 0) | (one.shallow_unit >= 0)
        assert carried[one.tokens.copy_level[0] != 0].all()


def test_a_wild_type_gene_between_two_amplified_ones_makes_two_events() -> None:
    panel = [WORDS.genes[i] for i in np.flatnonzero(WORDS.arm_of_gene == 0)[:5]]
    rows = [alteration("T", panel[i], Kind.AMPLIFICATION) for i in (0, 1, 3)]
    found = units_of(tokenize(tables(["T"], rows, panel=panel), WORDS), WORDS)
    assert sorted(u.genes for u in found if u.kind == "amplification") == sorted(
        [(panel[0], panel[1]), (panel[3],)]
    )


def test_several_tumors_are_refused() -> None:
    with pytest.raises(ExplanationError, match="20 tumors were found where one was expected"):
        units_of(tokenize(random_tables(), WORDS), WORDS)


def test_nothing_absent_is_the_tumor_itself(whole: TumorUnits) -> None:
    copies = without(whole, np.zeros((1, len(whole)), dtype=bool))
    for name in ("gene", "kind", "position", "copy_level", "outside_burden", "outside_spectrum"):
        assert np.array_equal(getattr(copies, name), getattr(whole.tokens, name)), name


def test_all_absent_leaves_the_panel_and_no_alteration(whole: TumorUnits) -> None:
    (copy,) = [without(whole, np.ones((1, len(whole)), dtype=bool))]
    assert copy.lengths.tolist() == [0]
    assert not copy.copy_level.any()
    assert np.array_equal(copy.panel, whole.tokens.panel)


def test_a_removed_mutation_keeps_the_burden_or_not(whole: TumorUnits) -> None:
    absent = np.zeros((1, len(whole)), dtype=bool)
    absent[0, whole.number("TP53|missense")] = True
    kept = without(whole, absent)
    assert kept.outside_burden.tolist() == [2.0]
    assert kept.outside_spectrum.sum() == whole.tokens.outside_spectrum.sum() + 2
    assert without(whole, absent, burden="recomputed").outside_burden.tolist() == [0.0]


def test_an_amplification_falls_back_to_the_gain_of_its_arm(whole: TumorUnits) -> None:
    gene = WORDS.index["MYC"]
    absent = np.zeros((3, len(whole)), dtype=bool)
    absent[[0, 2], whole.number("MYC|amplification")] = True
    absent[[1, 2], whole.number("8q|gain")] = True
    assert without(whole, absent).copy_level[:, gene].tolist() == [1, 2, 0]


def test_without_its_own_unit_the_burden_is_the_average(whole: TumorUnits) -> None:
    absent = np.zeros((1, len(whole)), dtype=bool)
    absent[0, whole.number("mutation burden")] = True
    copy = without(whole, absent)
    profiled = copy.panel_masks[copy.panel[0, 0]]
    average = 4.0 * (copy.outside_mb[0] + WORDS.coding_mb[profiled].sum())
    assert copy.outside_burden[0] + 5 == pytest.approx(average, rel=1e-5)


def test_digests_follow_what_is_absent(whole: TumorUnits) -> None:
    absent = np.zeros((3, len(whole)), dtype=bool)
    absent[1, 0] = True
    first, second, third = without(whole, absent).input_digests
    assert first == third
    assert first != second


def test_burden_cannot_be_kept_without_a_background() -> None:
    bare = TumorUnits(tokens=tumor(), units=units_of(tumor(), WORDS))
    with pytest.raises(ExplanationError, match="without a background"):
        without(bare, np.zeros((1, len(bare)), dtype=bool))
