from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from dashboard import predictions
from dashboard.predictions import (
    COLUMNS,
    FLAGS,
    QUESTIONS,
    TITLES,
    answers,
    not_asked,
    percent,
    risk_told,
)
from engine import heads
from engine.head_tasks import ASKED
from engine.predictor import STRANGENESS
from engine.survival import OS_RISK


def frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_answers_name_the_likeliest_classes_in_words() -> None:
    rows = [
        ("cancer_type", "LUAD", 0.2, 0.1, 0.3, "uncertain"),
        ("cancer_type", "STAD", 0.5, 0.2, 0.8, "uncertain"),
        ("cancer_type", "OV", 0.1, 0.0, 0.2, "uncertain"),
        ("cancer_type", "ACC", 0.01, 0.0, 0.02, "uncertain"),
    ]
    (answer,) = answers(frame(rows))
    assert answer.title == "Cancer type (TCGA)"
    assert answer.flag == "uncertain"
    assert [guess.name for guess in answer.guesses] == [
        "Stomach adenocarcinoma",
        "Lung adenocarcinoma",
        "Ovarian serous carcinoma",
    ]
    assert answer.guesses[0].text == "Stomach adenocarcinoma: 50% (20% to 80%)"
    assert answer.probabilities == {"LUAD": 0.2, "STAD": 0.5, "OV": 0.1, "ACC": 0.01}


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (0.994, "99%"), (1.0, "over 99%")],
)
def test_nothing_is_told_as_certain(share: float, text: str) -> None:
    assert percent(share) == text


def test_questions_that_do_not_concern_the_tumor_are_named_apart() -> None:
    rows = [
        ("hpv", "", None, None, None, "not_applicable"),
        ("msi", "high", 0.9, 0.8, 1.0, "ok"),
        ("msi", "stable", 0.1, 0.0, 0.2, "ok"),
    ]
    (answer,) = answers(frame(rows))
    assert [guess.name for guess in answer.guesses] == ["MSI-high", "Stable"]
    assert not_asked(frame(rows)) == ("HPV in head, neck or cervix",)


def test_the_risk_is_no_question_with_classes() -> None:
    rows = [("os_risk", "BRCA", 0.8, 0.6, 0.9, "ok"), ("strangeness", "x", 0.2, None, None, "ok")]
    assert answers(frame(rows)) == ()
    risk = risk_told(frame(rows))
    assert risk is not None
    assert (risk.type_name, risk.percentile, risk.flag) == ("BRCA", 0.8, "ok")
    assert risk_told(frame([("os_risk", "", None, None, None, "not_applicable")])) is None
    assert risk_told(frame([("msi", "high", 0.9, 0.8, 1.0, "ok")])) is None


def test_no_predictions_are_no_answers() -> None:
    assert answers(frame([])) == ()
    assert risk_told(frame([])) is None
    assert not_asked(frame([])) == ()


def test_a_head_of_the_users_own_keeps_its_name_and_comes_last() -> None:
    rows = [("new", "x", 1.0, 1.0, 1.0, "ok"), ("msi", "high", 1.0, 1.0, 1.0, "ok")]
    assert [answer.title for answer in answers(frame(rows))] == ["Microsatellites", "new"]


def test_everything_that_the_engine_predicts_has_words() -> None:
    assert set(QUESTIONS) == {task.name for task in ASKED}
    assert set(TITLES) == set(QUESTIONS) | {OS_RISK}
    assert set(FLAGS) == set(heads.FLAG_RULES)
    assert predictions.STRANGENESS == STRANGENESS
    assert heads.PREDICTIONS.names[1:] == predictions.COLUMNS


def test_the_words_load_no_pandas() -> None:
    code = "import sys, dashboard.predictions, dashboard.outcomes; print('pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
