from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import TrainingError, WeightsError
from engine.heads import NOT_APPLICABLE, OK, OUT_OF_DISTRIBUTION, PANEL_TOO_SMALL, UNCERTAIN
from engine.survival import OS_RISK, RISK, RISK_CARD, RiskHead
from engine.training.survival import RiskConfig, fit_risk
from tests.engine.labeled import circumstances
from tests.engine.training.outcome_tumors import TYPES, followed_tumors, readout, true_log_risk

QUICK = RiskConfig(shared_precisions=(1.0,), own_precisions=(10.0, 100.0), num_replicates=20)


@pytest.fixture(scope="module")
def risk() -> RiskHead:
    return fit_risk(followed_tumors(), config=QUICK)


def rows_of(risk: RiskHead, name: str, number: int) -> np.ndarray:
    row = risk.type_of(name)
    assert row is not None
    return np.full(number, row)


def test_the_fit_finds_the_true_hazards(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 500)
    for name in TYPES:
        told = risk.log_hazard_ratios(asked, rows_of(risk, name, 500))
        slope, shift = np.polyfit(true_log_risk(asked.frozen), told, 1)
        assert np.corrcoef(told, true_log_risk(asked.frozen))[0, 1] > 0.95
        assert 0.7 < slope < 1.3
        assert abs(shift) < 0.25


def test_the_median_tumor_of_a_type_has_ratio_one(risk: RiskHead) -> None:
    for row, name in enumerate(risk.types):
        assert risk.levels[row, 50] == pytest.approx(0.0, abs=1e-3)
        assert risk.levels[risk.types.index(name), 50] == pytest.approx(0.0, abs=1e-3)
    assert (np.diff(risk.levels, axis=1) >= 0).all()


def test_percentile_and_ratio_say_the_same(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 50)
    told = risk.risks(asked, rows_of(risk, "LUAD", 50))
    percentile, ratio = told.percentile[:, 0], told.hazard_ratio[:, 0]
    inside = (percentile > 0) & (percentile < 1)
    levels = risk.levels[risk.types.index("LUAD")]
    back = np.exp(np.interp(percentile[inside], np.linspace(0, 1, len(levels)), levels))
    np.testing.assert_allclose(back, ratio[inside], rtol=1e-3)


def test_intervals_hold_the_truth(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(6), 400)
    ratio = np.log(risk.risks(asked, rows_of(risk, "BRCA", 400)).hazard_ratio)
    truth = true_log_risk(asked.frozen)
    held = (ratio[:, 1] - 0.15 <= truth) & (truth <= ratio[:, 2] + 0.15)
    assert (ratio[:, 1] <= ratio[:, 0]).all()
    assert (ratio[:, 0] <= ratio[:, 2]).all()
    assert held.mean() > 0.8


def test_a_type_is_found_by_name_code_or_main_type(risk: RiskHead) -> None:
    names = [risk.types[row] for row in map(risk.type_of, ("luad", "LUSC", "IDC", "SKCM")) if row]
    assert names == ["LUAD", "Non-Small Cell Lung Cancer", "Breast Cancer", "Melanoma"]
    assert (risk.type_of(None), risk.type_of("Glioma"), risk.type_of("")) == (None, None, None)


def test_each_tumor_gets_one_row(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 4)
    known = circumstances(["LUAD", "Glioma", None, "BRCA"], strange=[False, False, False, True])
    likely = np.tile(np.array([[0.2, 0.8]], dtype=np.float32), (4, 1))
    told = risk.predict(asked, known, ("LUAD", "BRCA"), likely).to_pylist()
    assert [row["row"] for row in told] == [0, 1, 2, 3]
    assert {row["task"] for row in told} == {OS_RISK}
    assert [row["class"] for row in told] == ["LUAD", "", "BRCA", "BRCA"]
    assert told[0]["flag"] in (OK, UNCERTAIN)
    assert (told[1]["flag"], told[1]["probability"]) == (NOT_APPLICABLE, None)
    assert told[3]["flag"] == OUT_OF_DISTRIBUTION
    for row in (told[0], told[2], told[3]):
        assert 0 <= row["lower"] <= row["probability"] <= row["upper"] <= 1


def test_without_a_type_nothing_is_told_and_small_panels_are_flagged(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 2)
    unsure = np.full((2, 3), 1 / 3, dtype=np.float32)
    told = risk.predict(asked, circumstances([None, ""]), ("LUAD", "BRCA", "X"), unsure)
    assert set(told["flag"].to_pylist()) == {NOT_APPLICABLE}
    few = risk.predict(asked, circumstances(["LUAD", "LUAD"], num_genes=10))
    assert set(few["flag"].to_pylist()) == {PANEL_TOO_SMALL}


def test_a_tumor_at_the_median_is_uncertain(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 300)
    told = risk.predict(asked, circumstances(["LUAD"] * 300)).to_pandas()
    ratios = risk.risks(asked, rows_of(risk, "LUAD", 300)).hazard_ratio
    holds_one = (ratios[:, 1] <= 1) & (ratios[:, 2] >= 1)
    assert (told["flag"] == np.where(holds_one, UNCERTAIN, OK)).all()
    assert 0 < holds_one.mean() < 1


def test_what_is_written_is_read(risk: RiskHead, tmp_path: Path) -> None:
    risk.save(tmp_path)
    contents = {name: (tmp_path / name).read_bytes() for name in (RISK, RISK_CARD)}
    again = RiskHead.parse(contents)
    assert again is not None
    asked = readout(np.random.default_rng(5), 20)
    known = circumstances(["LUAD"] * 20)
    assert again.predict(asked, known).equals(risk.predict(asked, known))
    assert again.card["behind"]["LUAD"]["num_deaths"] > 0
    assert RiskHead.parse({}) is None


def test_a_damaged_head_is_refused(risk: RiskHead, tmp_path: Path) -> None:
    risk.save(tmp_path)
    contents = {RISK: (tmp_path / RISK).read_bytes(), RISK_CARD: json.dumps({}).encode()}
    with pytest.raises(WeightsError, match="survival head of the model cannot be read"):
        RiskHead.parse(contents)


def test_features_of_another_encoder_are_refused(risk: RiskHead) -> None:
    asked = readout(np.random.default_rng(5), 3)
    narrow = replace(asked, frozen=asked.frozen[:, :4])
    with pytest.raises(WeightsError, match="found 4 features"):
        risk.predict(narrow, circumstances(["LUAD"] * 3))


def test_too_few_tumors_are_refused() -> None:
    few = followed_tumors(60)
    with pytest.raises(TrainingError, match="Found no tumor type with 40 training tumors"):
        fit_risk(few, config=QUICK)


def test_the_same_input_gives_the_same_head(risk: RiskHead) -> None:
    again = fit_risk(followed_tumors(), config=QUICK)
    np.testing.assert_array_equal(again.weights, risk.weights)
    np.testing.assert_array_equal(again.replicates, risk.replicates)
