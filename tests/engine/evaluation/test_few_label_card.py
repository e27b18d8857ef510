from __future__ import annotations

import json

import numpy as np
import pytest

from engine.evaluation.few_label_card import FewLabelEvidence, gather_evidence
from engine.training.few_labels import FewLabelConfig, cross_validate
from engine.training.head_metrics import auroc
from engine.training.simple_models import BURDEN_ALONE, LOGISTIC, SIMPLE
from tests.engine.few import labels

QUICK = FewLabelConfig(num_folds=3)


@pytest.fixture(scope="module")
def clear() -> FewLabelEvidence:
    return gather_evidence(labels(120), config=QUICK)


def test_the_figure_is_that_of_cross_validation(clear: FewLabelEvidence) -> None:
    told = cross_validate(labels(120), config=QUICK)
    expected = auroc(told.astype(np.float32), labels(120).truth)
    assert clear.figures["auroc"]["value"] == pytest.approx(expected)
    assert clear.figures["num_tumors"] == 120


def test_each_simple_model_stands_beside_it(clear: FewLabelEvidence) -> None:
    assert set(clear.baselines) == set(clear.differences) == set(SIMPLE)
    ours = clear.figures["auroc"]["value"]
    for name, baseline in clear.baselines.items():
        gap = clear.differences[name]
        assert gap.value == pytest.approx(ours - baseline.value)
        assert gap.low is not None
        assert gap.high is not None
        assert gap.low <= gap.value <= gap.high


def test_a_clear_answer_beats_counting_mutations(clear: FewLabelEvidence) -> None:
    assert clear.differences[BURDEN_ALONE].low > 0
    assert clear.beats_simple == all(gap.low > 0 for gap in clear.differences.values())
    assert "burden alone (AUROC" not in clear.verdict


def test_no_answer_beats_nothing_and_says_so() -> None:
    found = gather_evidence(labels(80, signal=0.0), config=QUICK)
    assert not found.beats_simple
    assert found.verdict.startswith("Not shown to beat burden alone (AUROC ")
    assert f"nor {LOGISTIC}" in found.verdict
    assert "Counting mutations may do as well: prefer that." in found.verdict
    assert "Not calibrated" in found.verdict or found.figures["ece"]["value"] <= 0.05


def test_the_card_is_json_and_its_bins_hold_every_tumor(clear: FewLabelEvidence) -> None:
    card = json.loads(json.dumps(clear.to_card(), allow_nan=False))
    assert {"cross_validated", "calibration", "baselines", "differences", "verdict"} <= set(card)
    assert sum(found["num_tumors"] for found in card["calibration"]) == 120
    assert all(0 <= found["observed"] <= 1 for found in card["calibration"])
