from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from dashboard.nearest import Space
from dashboard.neighbor_facts import say_outcome
from dashboard.neighborhood import FEWEST, NEAR, Center, surround
from dashboard.neighborhood_survival import compare_neighborhood, nice_ticks, tell_survival
from dashboard.outcome_facts import Endpoint, Survival
from dashboard.queries import MapData, StudyInfo

LUNG, OTHER = "Non-Small Cell Lung Cancer", "Melanoma"


def a_map(types: list[str | None], studies: list[str] | None = None) -> MapData:
    num = len(types)
    named = studies or ["s"] * num
    samples = pd.DataFrame(
        {
            "study_id": named,
            "sample_id": [f"T{row}" for row in range(num)],
            "patient_id": [f"P{row}" for row in range(num)],
            "cancer_type": types,
        }
    )
    places = pd.DataFrame({"x": np.zeros(num), "y": np.zeros(num), "placed": False})
    return MapData(
        snapshot=1,
        layout_id=1,
        name="main",
        model_digest="ab" * 32,
        created_at=datetime(2026, 7, 24, tzinfo=UTC),
        quality={},
        ood={},
        studies={
            name: StudyInfo(study_id=name, name=name, genome="GRCh37", synthetic=False)
            for name in dict.fromkeys(named)
        },
        samples=samples,
        coordinates=places,
    )


def a_space(num: int) -> Space:
    """Tumors on a line: row 0 is nearest to the origin."""
    vectors = np.zeros((num, 2), np.float32)
    vectors[:, 0] = np.arange(num)
    return Space(vectors=vectors, points=vectors, fitted=np.ones(num, bool))


def a_follow_up(num: int, patients: list[str] | None = None) -> Survival:
    return Survival(
        endpoint=Endpoint.OVERALL,
        months=np.linspace(1, 60, num),
        died=np.arange(num) % 2 == 0,
        patients=tuple(patients or [f"P{row}" for row in range(num)]),
    )


ORIGIN = np.zeros(2, np.float32)


def test_the_neighborhood_is_of_one_type_and_of_75() -> None:
    data = a_map([LUNG, OTHER] * 300)
    found = surround(data, a_space(600), Center(vector=ORIGIN, cancer_type=LUNG), a_follow_up(600))
    assert found is not None
    assert found.near.tolist() == list(range(0, 2 * NEAR, 2))
    assert len(found.rest) == 300 - NEAR
    assert not set(found.near) & set(found.rest)
    assert found.cancer_type == LUNG


def test_types_are_the_same_whatever_a_study_calls_them() -> None:
    data = a_map(["LUAD", LUNG, OTHER] * 100)
    center = Center(vector=ORIGIN, cancer_type="LUSC")
    found = surround(data, a_space(300), center, a_follow_up(300))
    assert found is not None
    assert set(data.samples["cancer_type"].iloc[[*found.near, *found.rest]]) == {"LUAD", LUNG}


def test_a_neighborhood_takes_at_most_a_third() -> None:
    data = a_map([LUNG] * 90)
    found = surround(data, a_space(90), Center(vector=ORIGIN, cancer_type=LUNG), a_follow_up(90))
    assert found is not None
    assert (len(found.near), len(found.rest)) == (30, 60)


@pytest.mark.parametrize("cancer_type", [None, "Sarcoma"])
def test_without_enough_of_its_type_all_types_are_compared_and_told(
    cancer_type: str | None,
) -> None:
    data = a_map([LUNG, OTHER] * 100)
    center = Center(vector=ORIGIN, cancer_type=cancer_type)
    told = compare_neighborhood(data, a_space(200), center, a_follow_up(200))
    assert told is not None
    assert told.cancer_type is None
    assert "all types are compared" in told.caveats[0]


def test_too_few_outcomes_are_no_comparison() -> None:
    num = 3 * FEWEST - 1
    data = a_map([LUNG] * num)
    center = Center(vector=ORIGIN, cancer_type=LUNG)
    assert surround(data, a_space(num), center, a_follow_up(num)) is None


def test_each_patient_counts_once_and_the_own_patient_never() -> None:
    num = 200
    patients = [f"P{row // 2}" for row in range(num)]
    data = a_map([LUNG] * num)
    center = Center(vector=ORIGIN, cancer_type=LUNG, row=0)
    found = surround(data, a_space(num), center, a_follow_up(num, patients))
    assert found is not None
    together = [patients[row] for row in (*found.near, *found.rest)]
    assert len(together) == len(set(together)) == 99
    assert "P0" not in together


def test_a_difference_between_studies_is_told() -> None:
    studies = ["near"] * 60 + ["far"] * 240
    data = a_map([LUNG] * 300, studies)
    center = Center(vector=ORIGIN, cancer_type=LUNG)
    told = compare_neighborhood(data, a_space(300), center, a_follow_up(300))
    assert told is not None
    assert "80% of the neighborhood come from one study, against 0%" in told.caveats[0]
    assert "near" not in told.caveats[0].split()


def test_the_report_holds_both_curves_with_numbers_at_risk() -> None:
    data = a_map([LUNG] * 300)
    center = Center(vector=ORIGIN, cancer_type=LUNG)
    found = compare_neighborhood(data, a_space(300), center, a_follow_up(300))
    assert found is not None
    told = tell_survival(found)
    near, rest = told.curves
    assert (near.num_tumors, rest.num_tumors) == (75, 225)
    assert near.at_risk[0] == 75
    assert near.ticks == rest.ticks
    assert near.last_month < rest.last_month
    assert told.p_value is not None
    assert 0 <= told.p_value <= 1


def test_ticks_are_round_and_within_the_follow_up() -> None:
    assert nice_ticks(61.0) == [0.0, 12.0, 24.0, 36.0, 48.0, 60.0]
    assert nice_ticks(5.2) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_an_outcome_is_a_phrase() -> None:
    assert say_outcome(12.2, died=True) == "died after 12 months"
    assert say_outcome(31.0, died=False) == "alive at 31 months"
    assert say_outcome(float("nan"), died=False) is None
