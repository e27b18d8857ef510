from __future__ import annotations

import pandas as pd

from dashboard.predictions import COLUMNS, TCGA_TYPES, answers
from engine.head_tasks import TASKS


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
    assert answer.title == "Cancer type"
    assert answer.flag == "uncertain"
    assert [guess.name for guess in answer.guesses] == [
        "Stomach adenocarcinoma",
        "Lung adenocarcinoma",
        "Ovarian serous carcinoma",
    ]
    assert answer.guesses[0].text == "Stomach adenocarcinoma: 50% (20% to 80%)"


def test_questions_that_do_not_concern_the_tumor_are_left_out() -> None:
    rows = [
        ("hpv", "", None, None, None, "not_applicable"),
        ("msi", "high", 0.9, 0.8, 1.0, "ok"),
        ("msi", "stable", 0.1, 0.0, 0.2, "ok"),
    ]
    (answer,) = answers(frame(rows))
    assert [guess.name for guess in answer.guesses] == ["MSI-high", "Stable"]


def test_no_predictions_are_no_answers() -> None:
    assert answers(frame([])) == ()


def test_an_unknown_question_keeps_its_name_and_comes_last() -> None:
    rows = [("new", "x", 1.0, 1.0, 1.0, "ok"), ("msi", "high", 1.0, 1.0, 1.0, "ok")]
    assert [answer.title for answer in answers(frame(rows))] == ["Microsatellites", "new"]


def test_every_question_of_the_heads_has_a_title() -> None:
    rows = [(task.name, "x", 1.0, 1.0, 1.0, "ok") for task in TASKS]
    titles = [answer.title for answer in answers(frame(rows))]
    assert not set(titles) & {task.name for task in TASKS}
    assert len(TCGA_TYPES) == 33
