from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.embed import Encoder
from engine.evaluation.baselines import BURDEN
from engine.evaluation.survival_rows import (
    AGE_SEX,
    CONCORDANCE,
    RAW,
    Ranked,
    measure_survival,
    survival_rows,
)
from engine.survival import RiskHead
from engine.training.concordance import within_strata
from engine.training.cox import Followed
from engine.training.outcomes import fit_outcomes
from engine.training.split import part_of
from tests.engine.training.outcome_cohorts import RESPONSES, RISKS, cohort, save_tiny_model
from tests.engine.training.outcome_tumors import followed_tumors, true_log_risk


def ranked(num: int = 400) -> Ranked:
    tumors = followed_tumors(num)
    noise = np.random.default_rng(1).normal(size=num)
    truth = true_log_risk(tumors.readout.frozen)
    return Ranked(tumors=tumors, scores={"ours": truth, "noise": noise, "near": truth + 2 * noise})


def test_each_study_has_a_row_beside_its_baselines() -> None:
    rows, slices = measure_survival(ranked(), "test")
    assert [row.part for row in rows] == ["test, one", "test, two"]
    assert {row.metric for row in rows + slices} == {CONCORDANCE}
    for row in rows:
        assert row.best_baseline == "near"
        assert row.ours.value > row.baselines["near"].value > row.baselines["noise"].value
        assert row.difference is not None
        assert row.difference.low is not None
        assert row.difference.low > 0
        assert 0.4 < row.baselines["noise"].value < 0.6


def test_the_figure_is_the_concordance_within_study_and_type() -> None:
    asked = ranked()
    rows, _ = measure_survival(asked, "test")
    one = np.array([name == "one" for name in asked.tumors.cohorts])
    tumors = asked.tumors.take(np.flatnonzero(one))
    followed = Followed(
        inputs=np.zeros((len(tumors.months), 1)),
        months=tumors.months,
        died=tumors.died,
        strata=tumors.strata,
    )
    expected = within_strata(followed, asked.scores["ours"][one])
    assert rows[0].ours.value == pytest.approx(expected)
    assert rows[0].ours.low is not None
    assert rows[0].ours.high is not None
    assert rows[0].ours.low < expected < rows[0].ours.high


def test_types_with_enough_deaths_have_rows_of_their_own() -> None:
    asked = ranked()
    _, slices = measure_survival(asked, "test")
    names = [row.note.split(";")[0] for row in slices]
    assert sorted(set(names)) == ["BRCA", "LUAD", "Melanoma"]
    spared = replace(asked, tumors=replace(asked.tumors, died=asked.tumors.months < 0.01))
    assert measure_survival(spared, "test")[1] == []


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Encoder, RiskHead]:
    directory = tmp_path_factory.mktemp("model")
    save_tiny_model(directory)
    treated = [cohort(80, "first", 1), cohort(80, "second", 2)]
    fit_outcomes(directory, cohort(500), treated, response=RESPONSES, risk=RISKS)
    encoder = Encoder.load(directory)
    risk = RiskHead.parse(encoder.contents)
    assert risk is not None
    return encoder, risk


def test_the_head_is_measured_on_patients_it_was_not_fitted_on(
    model: tuple[Encoder, RiskHead],
) -> None:
    asked = cohort(500)
    ((row,), _) = survival_rows(*model, asked)
    assert row.num_tumors == int((part_of(asked.patient_ids) == "test").sum())
    assert set(row.baselines) == {BURDEN, AGE_SEX, RAW}
    # KRAS tells who lives three times as long; neither age nor sex is known.
    assert row.ours.value > 0.55
    assert row.baselines[RAW].value > 0.55
    assert row.baselines[AGE_SEX].value == pytest.approx(0.5)


def test_age_and_sex_are_read_and_the_unknown_get_the_mean(
    model: tuple[Encoder, RiskHead],
) -> None:
    asked = cohort(500)
    months = asked.attributes["OS_MONTHS"]
    ages = [None if i % 50 == 0 else str(90 - float(str(m))) for i, m in enumerate(months)]
    sexes = ["Female", "Male"] * 250
    known = replace(asked, attributes={**asked.attributes, "AGE": ages, "SEX": sexes})
    ((row,), _) = survival_rows(*model, known)
    assert row.baselines[AGE_SEX].value > 0.9
    assert row.best_baseline == AGE_SEX
