from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import EncoderConfig
from engine.embed import Encoder
from engine.heads import Head, Heads
from engine.model import TumorEncoder
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
from engine.training.response import OVERALL, RESPONSE, ResponseConfig
from engine.training.survival import RiskConfig
from engine.weights import save_model, seal
from tests.engine.cohorts import GENES, alteration, tables, vocabulary

TINY = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)
RESPONSES = ResponseConfig(
    penalties=(1.0,), sources=((RESPONSE, OVERALL),), num_rounds=1, num_replicates=3
)
RISKS = RiskConfig(shared_precisions=(10.0,), own_precisions=(100.0,), num_replicates=3)


def cohort(num: int = 200, name: str = "one", seed: int = 0) -> OutcomeCohort:
    """KRAS mutated tumors respond and live long; every tumor has one mutation or two."""
    generator = np.random.default_rng(seed)
    samples = [f"{name}-{i:03d}" for i in range(num)]
    responds = generator.random(num) < 0.4
    rows = [alteration(sample, "TP53") for sample in samples]
    rows += [alteration(s, "KRAS") for s, good in zip(samples, responds, strict=True) if good]
    words = vocabulary()
    panel = dict.fromkeys([*GENES, *words.genes[:60]])
    study = tables(samples, rows, panel=list(panel))
    months = generator.exponential(size=num) * np.where(responds, 30, 10)
    return OutcomeCohort(
        tokens=tokenize(study, words),
        study_ids=[name] * num,
        patient_ids=samples,
        cancer_types=["Melanoma"] * num,
        attributes={
            "RESPONSE": ["R" if good else "NR" for good in responds],
            "ICB_DRUG": ["anti-PD-1"] * num,
            "OS_MONTHS": [f"{m:.2f}" for m in months],
            "OS_STATUS": ["1:DECEASED" if i % 3 else "0:LIVING" for i in range(num)],
        },
    )


def with_attribute(tumors: OutcomeCohort, name: str, values: list[str | None]) -> OutcomeCohort:
    return replace(tumors, attributes={**tumors.attributes, name: values})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    words = vocabulary()
    save_model(directory, TumorEncoder(TINY, words), words, {"name": "random"})
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
