from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard import compare_words as words
from dashboard.compare_facts import Facts, as_fractions
from dashboard.compare_groups import Formed
from dashboard.compare_survival import Comparison, find_means, hazard_table
from dashboard.compare_warnings import find_cautions
from dashboard.outcome_facts import Endpoint, Survival
from engine.epidemiology.group_members import form_groups
from engine.epidemiology.group_survival import Adjustment, GroupHazards, compare_hazards
from engine.epidemiology.survival_curves import Curve, compare_curves, fit_curve
from engine.training.treated import Times

NUM = 400
RNG = np.random.default_rng(0)
SIDE = np.arange(NUM) % 2
STUDY = np.where(RNG.random(NUM) < np.where(SIDE == 1, 0.9, 0.2), "one", "two").astype(object)


def map_data(studies: np.ndarray) -> _Shown:
    samples = pd.DataFrame(
        {"study_id": studies, "mutation_panel": ["P"] * NUM, "cancer_type": ["Lung"] * NUM}
    )
    return _Shown(samples)


class _Shown:
    """The part of a map that the warnings read."""

    def __init__(self, samples: pd.DataFrame) -> None:
        self.samples = samples


def formed(small: int = 0, **facts: bool) -> Formed:
    masks = [SIDE == 0, (SIDE == 1) & (np.arange(NUM) < (small or NUM))]
    groups = form_groups(["a", "b"], masks, [str(i) for i in range(NUM)], np.zeros(NUM, dtype=bool))
    return Formed(
        groups=groups,
        defining=frozenset(),
        num_unknown=0,
        unknown_reason="",
        by_treatment=facts.get("by_treatment", False),
        by_outcome=facts.get("by_outcome", False),
    )


def survival() -> Survival:
    months = np.random.default_rng(1).exponential(20, NUM)
    return Survival(
        endpoint=Endpoint.OVERALL,
        months=months,
        died=np.ones(NUM, dtype=bool),
        patients=tuple(map(str, range(NUM))),
    )


def facts(**given: object) -> Facts:
    unknown = np.full(NUM, np.nan)
    nobody = np.full(NUM, None, dtype=object)
    return Facts(
        **{
            "survival": {Endpoint.OVERALL: survival()},
            "age_decades": unknown,
            "burden_doublings": unknown,
            "sex": nobody,
            "purity": unknown,
            "is_metastasis": nobody,
            "delays": {},
            **given,
        }
    )


def told(found: Formed, known: Facts, studies: np.ndarray | None = None) -> str:
    same = np.full(NUM, "one", dtype=object)
    data = map_data(same if studies is None else studies)
    return "\n".join(c.text for c in find_cautions(found, known, data, survival()))


def test_alike_groups_raise_no_warning() -> None:
    assert told(formed(), facts()) == ""


def test_small_groups_are_warned_of() -> None:
    text = told(formed(small=20), facts())
    assert "Few patients: b (10)" in text


def test_groups_of_different_studies_are_warned_of_with_the_size_of_the_effect() -> None:
    text = told(formed(), facts(), STUDY)
    assert "Groups differ by study: Cramer's V 0." in text
    assert "hold the study fixed" in text


def test_groups_of_different_purity_are_warned_of() -> None:
    purity = np.random.default_rng(2).normal(0.5, 0.1, NUM) + 0.15 * SIDE
    text = told(formed(), facts(purity=purity))
    assert "Groups differ by tumor purity" in text
    assert "Cliff's delta +0." in text


def test_immortal_time_is_warned_of() -> None:
    sampled = np.where(RNG.random(NUM) < 0.15 + 0.7 * SIDE, "Metastasis", "Primary").astype(object)
    delay = np.random.default_rng(3).exponential(10, NUM) * (1 + 3 * SIDE)
    text = told(formed(), facts(is_metastasis=sampled, delays={"Months to sequencing": delay}))
    assert "share of metastases (a: " in text
    assert "differ in “Months to sequencing”" in text
    assert "known only after treatment began" in told(formed(by_treatment=True), facts())
    assert "made of the outcome itself" in told(formed(by_outcome=True), facts())


def test_purity_in_percent_becomes_a_fraction_study_by_study() -> None:
    values = np.array([20.0, 90.0, 0.3, np.nan])
    studies = np.array(["one", "one", "two", "two"], dtype=object)
    assert as_fractions(values, studies)[:3].tolist() == [0.2, 0.9, 0.3]


def compared(late: float) -> tuple[GroupHazards, Comparison]:
    """Compare two groups of which the second dies sooner at first, and later `late` times."""
    rng = np.random.default_rng(4)
    side = np.arange(1200) % 2
    early = rng.exponential(np.where(side, 8, 20))
    months = np.where(early < 8, early, 8 + rng.exponential(np.where(side, 20 / late, 20)))
    times = Times(months=months, ended=np.ones(1200, dtype=bool))
    nothing = Adjustment(numbers={}, labels={}, strata=np.zeros(1200, dtype=np.int64))
    hazards = compare_hazards(("a", "b"), side, times, nothing)
    assert hazards is not None
    curves: tuple[Curve, ...] = tuple(
        fit_curve(months[side == g], times.ended[side == g], "ab"[g]) for g in (0, 1)
    )
    return hazards, Comparison(
        endpoint=Endpoint.OVERALL,
        reference=0,
        curves=curves,
        slots=(0, 1),
        log_rank=compare_curves(curves),
        means=find_means(curves),
        crude=hazards,
        adjusted=None,
    )


def test_a_ratio_that_changes_is_said_with_what_follows() -> None:
    hazards, found = compared(late=0.4)
    text = words.say_proportionality(hazards, found)
    assert "Hazard ratios change over time (b falls" in text
    assert "mean time without the event within the first" in text
    assert found.means[0].months > found.means[1].months
    assert hazard_table(found)["Model"].tolist() == ["Crude"]


def test_a_ratio_that_stays_is_said_with_its_limits() -> None:
    hazards, found = compared(late=2.5)
    assert words.say_proportionality(hazards, found).startswith("No sign that a hazard ratio")
    assert "differs between the groups beyond chance" in words.say_difference(found)
    line = words.say_hazard(hazards.groups[0], "a", "deaths")
    assert line.startswith("b against a: hazard ratio 2.")
    assert words.say_model(hazards, ("a", "b"))[0].startswith("1,200 patients and 1,200 events")
    endless = replace(hazards.groups[0], ratio=np.inf)
    assert "only one side has deaths" in words.say_hazard(endless, "a", "deaths")
    unknown = replace(hazards, num_variables=0)
    assert words.say_model(unknown, ("a", "b"))[0].endswith("in the model.")


@pytest.mark.parametrize(
    ("fixed", "covariates", "expected"),
    [
        (["Study"], [], "compared within study"),
        (
            ["Tumor type", "Study"],
            ["Age"],
            "compared within tumor type and study; adjusted for age",
        ),
    ],
)
def test_what_is_held_fixed_is_said(fixed: list[str], covariates: list[str], expected: str) -> None:
    assert words.say_held(fixed, covariates) == expected


def test_follow_up_of_no_time_is_not_known() -> None:
    found = Survival(
        endpoint=Endpoint.OVERALL,
        months=np.array([np.nan, 5.0, 3.0, 0.0]),
        died=np.zeros(4, dtype=bool),
        patients=("x", "x", "y", "z"),
    )
    assert found.known.tolist() == [False, True, True, False]
