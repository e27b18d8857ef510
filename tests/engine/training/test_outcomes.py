from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.embed import Encoder
from engine.heads import Head, Heads
from engine.survival import RiskHead
from engine.tokens import tokenize
from engine.training.outcomes import (
    OutcomeCohort,
    choose_followed,
    choose_treated,
    fit_outcomes,
    read_followed,
    read_treated,
)
from engine.weights import seal
from tests.engine.cohorts import tables, vocabulary
from tests.engine.training.outcome_cohorts import RESPONSES, RISKS, cohort, save_tiny_model


def with_attribute(tumors: OutcomeCohort, name: str, values: list[str | None]) -> OutcomeCohort:
    return replace(tumors, attributes={**tumors.attributes, name: values})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    save_tiny_model(directory)
    return directory


def test_each_treated_patient_counts_once() -> None:
    tumors = cohort(6)
    twice = replace(tumors, patient_ids=["a", "a", "b", "c", "d", "e"])
    assert choose_treated(twice).tolist() == [0, 2, 3, 4, 5]
    drugs: list[str | None] = ["none (everolimus)", "Nivolumab", None, "x", "x", "x"]
    assert choose_treated(with_attribute(twice, "ICB_DRUG", drugs)).tolist() == [1, 2, 3, 4, 5]


def test_the_same_name_in_two_treated_studies_is_two_patients() -> None:
    tumors = replace(cohort(2), patient_ids=["Pt1", "Pt1"], study_ids=["one", "two"])
    assert choose_treated(tumors).tolist() == [0, 1]
    assert choose_followed(tumors).tolist() == [0]


def test_tumors_hardly_sequenced_are_left_out() -> None:
    tumors = cohort(4)
    narrow = tokenize(tables(list(tumors.patient_ids), []), vocabulary())
    assert choose_treated(replace(tumors, tokens=narrow)).tolist() == []


def test_survival_needs_months_and_status() -> None:
    tumors = cohort(5)
    months = ["3", "0", None, "x", "7"]
    status = ["1:DECEASED", "1:DECEASED", "0:LIVING", "0:LIVING", ""]
    told = with_attribute(with_attribute(tumors, "OS_MONTHS", months), "OS_STATUS", status)
    assert choose_followed(told).tolist() == [0]


def test_responses_and_durable_benefit_are_read(folder: Path) -> None:
    tumors = cohort(4)
    told = with_attribute(tumors, "RESPONSE", [None, "R", "NE", None])
    told = with_attribute(told, "DURABLE_CLINICAL_BENEFIT", ["NO", "NO", None, "YES"])
    read = read_treated(Encoder.load(folder), told)
    assert list(read.responses) == ["NR", "R", None, "R"]
    assert read.overall.ended.tolist() == [False, True, True, False]
    assert np.isnan(read.progression.months).all()


def test_burden_is_found_among_the_features(folder: Path) -> None:
    read = read_treated(Encoder.load(folder), cohort(50))
    responds = read.responded
    assert read.log_burden[responds].min() > read.log_burden[~responds].max()


def test_the_finest_type_makes_the_strata(folder: Path) -> None:
    tumors = with_attribute(cohort(4), "TCGA_STUDY", ["SKCM", "UVM", None, "SKCM"])
    read = read_followed(Encoder.load(folder), tumors)
    assert list(read.type_codes) == ["SKCM", "UVM", "Melanoma", "SKCM"]
    assert read.strata[0] == read.strata[3]
    assert len(set(read.strata.tolist())) == 3


def test_both_heads_join_the_model(folder: Path) -> None:
    other = Head(
        task="msi",
        classes=("high", "stable"),
        reads="frozen",
        weights=np.zeros((2, 5), dtype=np.float32),
        replicates=np.zeros((1, 2, 5), dtype=np.float16),
    )
    card = {"tasks": {"msi": {"classes": list(other.classes), "reads": "frozen"}}}
    Heads(heads=(other,), card=card).save(folder)
    before = seal(folder)
    treated = [cohort(80, "first", 1), cohort(80, "second", 2)]
    for _ in range(2):
        fit_outcomes(folder, cohort(400), treated, response=RESPONSES, risk=RISKS)
    encoder = Encoder.load(folder)
    heads, risk = Heads.parse(encoder.contents), RiskHead.parse(encoder.contents)
    assert heads is not None
    assert risk is not None
    assert [head.task for head in heads.heads] == ["msi", "icb_response"]
    assert heads.card["tasks"]["icb_response"]["num_by_cohort"] == {"first": 80, "second": 80}
    assert risk.types == ("MEL", "Melanoma")
    assert encoder.digest != before
