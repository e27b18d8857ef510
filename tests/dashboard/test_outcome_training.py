from __future__ import annotations

import pyarrow as pa

from dashboard.outcome_training import outcome_cohort
from dashboard.training import TrainingStudy
from engine.cohort import CLINICAL
from tests.engine.cohorts import alteration, tables, vocabulary


def study(samples: list[str], **attributes: str) -> TrainingStudy:
    rows = [
        {"sample_id": samples[0], "attribute": name, "value": value}
        for name, value in attributes.items()
    ]
    return TrainingStudy(
        tables=tables(samples, [alteration(samples[0], "TP53")]),
        clinical=pa.Table.from_pylist(rows, schema=CLINICAL),
    )


def test_all_tumors_keep_their_study_and_what_is_known_of_them() -> None:
    studies = {
        "one": study(["A", "B"], RESPONSE="R", OS_MONTHS="3", SMOKER="yes"),
        "two": study(["A"], RESPONSE="NR"),
    }
    cohort = outcome_cohort(studies, vocabulary())
    assert list(cohort.tokens.sample_ids) == ["A", "B", "A"]
    assert list(cohort.study_ids) == ["one", "one", "two"]
    assert cohort.attributes["RESPONSE"] == ["R", None, "NR"]
    assert cohort.attributes["OS_MONTHS"] == ["3", None, None]
    assert cohort.attributes["AGE"] == [None, None, None]
    assert "SMOKER" not in cohort.attributes


def test_a_single_small_cohort_is_enough() -> None:
    cohort = outcome_cohort({"one": study(["A"])}, vocabulary())
    assert (len(cohort.tokens), list(cohort.patient_ids)) == (1, ["patient of A"])
