from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.head_facts import class_set, hazard_ratio, head_facts, risk_facts
from engine.evaluation.rows import Estimate
from tests.dashboard.evidence import EVALUATION, ROWS, a_card


def test_figures_of_test_patients_take_the_place_of_those_of_validation() -> None:
    before = head_facts(a_card())["pam50"]
    after = head_facts(a_card(evaluation=EVALUATION))["pam50"]
    assert (before.figures["ECE"].part, before.is_calibrated) == ("validation", True)
    assert (after.figures["ECE"].part, after.is_calibrated) == ("test", False)
    assert after.figures["AUROC"].estimate.value == 0.88
    assert after.figures["accuracy"].part == "validation"


def test_evidence_of_another_model_counts_for_nothing() -> None:
    facts = head_facts(a_card(evaluation=EVALUATION, digest="00" * 32))
    assert facts["msi"].figures["ECE"].part == "validation"
    assert facts["msi"].is_calibrated is False


def test_tumors_and_cohorts_are_told() -> None:
    facts = head_facts(a_card())
    assert list(facts) == ["msi", "pam50", "icb_response"]
    assert facts["pam50"].num_tumors == 613
    assert facts["icb_response"].num_tumors == 686
    assert list(facts["icb_response"].cohorts) == ["samstein_2019", "braun_2020"]
    assert facts["icb_response"].is_calibrated is None
    assert head_facts(None) == head_facts(a_card(heads={})) == {}


def test_response_is_told_beside_burden_alone() -> None:
    facts = head_facts(a_card(evaluation=EVALUATION))
    warning = facts["icb_response"].warning
    assert warning.startswith("It is not shown to be better than counting mutations")
    assert "AUROC 0.64 against 0.55" in warning
    assert facts["msi"].warning == ""


def test_the_set_holds_the_likeliest_class_and_all_beyond_the_threshold() -> None:
    facts = head_facts(a_card())
    told = {"LumA": 0.2, "Basal": 0.75, "Her2": 0.05}
    assert class_set(facts["pam50"], told) == ("Basal", "LumA")
    assert class_set(facts["msi"], {"high": 0.4, "stable": 0.6}) == ("stable",)
    assert class_set(facts["icb_response"], {"R": 0.4, "NR": 0.6}) == ()


def test_the_risk_says_who_is_behind_it_and_how_many_times_the_hazard_it_is() -> None:
    behind = {"num_patients": 90, "num_deaths": 30, "num_by_cohort": {"tcga_pancan": 90}}
    risk = SimpleNamespace(
        types=("BRCA",), levels=np.linspace(-1, 1, 101)[None], card={"behind": {"BRCA": behind}}
    )
    card = a_card(risk=risk)
    facts = risk_facts(card, "BRCA")
    assert facts is not None
    assert (facts.num_tumors, facts.num_by_class["deaths"]) == (90, 30)
    assert risk_facts(card, "LUAD") is None
    assert risk_facts(a_card(), "BRCA") is None
    assert hazard_ratio(card, "BRCA", 0.5) == pytest.approx(1)
    assert hazard_ratio(card, "BRCA", 1.0) == pytest.approx(np.e)
    assert hazard_ratio(card, "LUAD", 0.5) is None
    assert facts.warning == ""


def test_a_risk_that_age_and_sex_tell_as_well_says_so() -> None:
    behind = {"num_patients": 90, "num_deaths": 30, "num_by_cohort": {"tcga_pancan": 90}}
    risk = SimpleNamespace(types=("BRCA",), card={"behind": {"BRCA": behind}})
    simpler = {"age and sex": Estimate(value=0.66)}
    rows = tuple(
        replace(row, baselines=simpler, best_baseline="age and sex")
        for row in ROWS
        if row.task == "os_risk"
    )
    facts = risk_facts(a_card(risk=risk, evaluation=replace(EVALUATION, rows=rows)), "BRCA")
    assert facts is not None
    assert facts.warning == (
        "It ranks patients no better than simpler means do: test patients of msk_met_2021 "
        "(0.63 against 0.66 for age and sex)."
    )
