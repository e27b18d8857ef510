from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from cache.schema import PREDICTIONS
from dashboard import resources
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort
from tests.dashboard.evidence import EVALUATION, a_card

SAMPLE = "SYNT-00007"
TOLD = (
    ("pam50", "LumA", 0.62, 0.4, 0.7),
    ("pam50", "Basal", 0.3, 0.2, 0.5),
    ("pam50", "Her2", 0.08, 0.01, 0.2),
    ("msi", "stable", 0.999, 0.998, 1.0),
    ("msi", "high", 0.001, 0.0, 0.002),
    ("icb_response", "NR", 0.7, 0.6, 0.8),
    ("icb_response", "R", 0.3, 0.2, 0.4),
    ("os_risk", "BRCA", 0.8, 0.6, 0.999),
)
BEHIND = {"num_patients": 90, "num_deaths": 30, "num_by_cohort": {"tcga_pancan": 90}}
RISK = SimpleNamespace(
    types=("BRCA",), levels=np.linspace(-1, 1, 101)[None], card={"behind": {"BRCA": BEHIND}}
)
Rows = Sequence[tuple[Any, ...]]


def flagged(flag: str, rows: Rows = TOLD) -> Rows:
    return [(*row, flag) for row in rows]


@pytest.fixture
def open_tumor(tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens a tumor with predictions."""

    def open_it(rows: Rows, **card: Any) -> AppTest:
        told = a_card(**{"evaluation": EVALUATION, "risk": RISK} | card)
        monkeypatch.setattr(resources, "load_card", lambda: told)
        store = build_home(tmp_path, [draw_cohort("synthetic_demo", 40)])
        columns = zip(*[("synthetic_demo", SAMPLE, *row) for row in rows], strict=True)
        with store.write() as writer:
            table = pa.table([list(column) for column in columns], schema=PREDICTIONS)
            writer.add_predictions(MODEL_DIGEST, table)
        app = open_page(tmp_path, "patient", sample=f"synthetic_demo/{SAMPLE}")
        assert not app.exception
        return app

    return open_it


def plain(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def test_an_answer_has_probability_interval_set_and_what_is_behind_it(open_tumor: Open) -> None:
    app = open_tumor(flagged("ok"))
    bars = [bar.text.replace("\\", "") for bar in app.progress]
    assert "Luminal A: 62% (40% to 70%)" in bars
    assert "Stable: over 99% (over 99% to over 99%)" in bars
    written = plain(app)
    assert "95% set of 2 classes: Luminal A; Basal-like" in written
    assert "95% set: Stable alone" in written
    assert "Trained on n = 613 of tcga_pancan; AUROC 0.88 (0.83 to 0.93) on 120 test" in written
    assert "AUROC 0.84 (0.83 to 0.85) on 80 validation tumors" in written
    assert written.count("Research use only.") >= 4


def test_a_head_that_is_not_calibrated_says_so(open_tumor: Open) -> None:
    badges = plain(open_tumor(flagged("ok")))
    assert badges.count("not calibrated") == 1


def test_without_evidence_the_validation_figures_decide(open_tumor: Open) -> None:
    written = plain(open_tumor(flagged("ok"), evaluation=None))
    assert written.count("not calibrated") == 1
    assert "not shown to be better than counting mutations" not in written


def test_response_stands_beside_the_burden_of_mutations(open_tumor: Open) -> None:
    written = plain(open_tumor(flagged("ok")))
    assert "It is not shown to be better than counting mutations" in written
    assert "AUROC 0.64 against 0.55 for the burden alone" in written


def test_the_risk_is_told_within_the_tumor_type_with_its_interval(open_tumor: Open) -> None:
    app = open_tumor(flagged("ok"))
    bars = [bar.text.replace("\\", "") for bar in app.progress]
    assert (
        "Hazard of death higher than in 80% (60% to over 99%) of tumors of the type Invasive "
        "breast carcinoma" in bars
    )
    written = plain(app)
    assert "1.82 times the hazard of the median tumor of this type (1.22 to at least 2.71)" in (
        written
    )
    assert "Trained on n = 90, 30 deaths, of tcga_pancan. It knows neither stage" in written


def test_an_uncertain_answer_is_marked_and_shown(open_tumor: Open) -> None:
    app = open_tumor(flagged("uncertain"))
    assert texts(app).count("uncertain]") == 4
    assert len(app.progress) == 8


def test_questions_for_other_types_are_named(open_tumor: Open) -> None:
    rows = [*flagged("ok"), ("hpv", "", None, None, None, "not_applicable")]
    assert "Not asked of a tumor of this type: HPV in head, neck or cervix." in plain(
        open_tumor(rows)
    )


@pytest.mark.parametrize(
    ("flag", "meaning"),
    [
        ("panel_too_small", "Fewer than 50 of the genes that the model knows were sequenced"),
        ("out_of_distribution", "The tumor is unlike the tumors that the model knows, so no"),
    ],
)
def test_what_must_not_be_read_is_not_shown(open_tumor: Open, flag: str, meaning: str) -> None:
    app = open_tumor(flagged(flag))
    assert not app.progress
    assert any(meaning in warning.value for warning in app.warning)


def test_one_question_that_must_not_be_read_leaves_the_others(open_tumor: Open) -> None:
    rows = [*flagged("panel_too_small", TOLD[:3]), *flagged("ok", TOLD[3:])]
    app = open_tumor(rows)
    assert len(app.progress) == 5
    assert "Fewer than 50 of the genes" in texts(app)


@pytest.mark.parametrize(
    ("score", "flag", "verdict"),
    [(0.6, "ok", "It is like tumors"), (0.99, "out_of_distribution", "It is unlike the tumors")],
)
def test_strangeness_is_a_fact_and_no_question(
    open_tumor: Open, score: float, flag: str, verdict: str
) -> None:
    strange = ("strangeness", "unlike the reference", score, None, None, flag)
    app = open_tumor([*flagged(flag), strange])
    written = plain(app)
    assert f"Stranger than **{score:.0%}** of the reference tumors" in written
    assert verdict in written
    assert not [bar for bar in app.progress if "reference" in bar.text]
    assert bool(app.progress) is (flag == "ok")
