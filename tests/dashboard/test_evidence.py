from __future__ import annotations

from dataclasses import replace

from dashboard.evidence import (
    ablation_table,
    aim,
    compare_with_baselines,
    evidence_table,
    group_table,
    long_table,
    say,
    sections_of,
    shared_words,
    tally,
)
from engine.evaluation.rows import Estimate
from tests.dashboard.evidence import EVALUATION, ROWS


def test_every_row_is_in_one_section() -> None:
    sections = sections_of(EVALUATION)
    assert [section.title for section in sections] == [
        "Hidden genes",
        "Subtypes",
        "Few labels",
        "Response",
        "Survival",
        "Unknown tumors",
        "Calibration",
        "Panels and studies",
        "Others",
    ]
    assert sum(len(section.rows) for section in sections) == len(ROWS)


def test_a_table_has_every_baseline_the_paired_difference_and_the_aim() -> None:
    subtypes = sections_of(EVALUATION)[1]
    table = evidence_table(subtypes.rows)
    first = table.iloc[0].to_dict()
    assert first == {
        "Question": "PAM50 subtype of breast cancer",
        "Seen": "as measured",
        "n": "120",
        "TumorXY": "0.880 (0.830 to 0.930)",
        "Burden alone": "0.550",
        "Random forest": "**0.700**",
        "Difference to the best": "+0.180 (+0.100 to +0.250)",
        "Aim": ":orange[≥ 0.9, missed]",
        "Note": "5 classes",
    }
    assert table["Aim"].tolist()[1] == ""
    assert shared_words(subtypes.rows) == "patients: test; figure: AUROC"


def test_figures_are_said_with_their_intervals() -> None:
    assert say(None) == ""
    assert say(Estimate(value=0.5)) == "0.500"
    assert say(Estimate(value=990.0, low=940.0, high=1040.0)) == "990 (940 to 1040)"
    assert say(Estimate(value=0.5, low=0.4, high=0.6), digits=1) == "0.5 (0.4 to 0.6)"


def test_an_aim_may_be_a_ceiling() -> None:
    flags = next(row for row in ROWS if row.metric == "false flags")
    assert aim(flags) == "≤ 0.05, reached"
    assert aim(replace(flags, reach=0.01)) == "≤ 0.01, missed"
    assert aim(replace(flags, reach=None)) == ""
    assert tally(EVALUATION) == (4, 7)


def test_ahead_and_behind_count_only_beyond_chance() -> None:
    assert compare_with_baselines(EVALUATION) == (3, 0, 5)
    rows = [row for row in ROWS if row.difference]
    turned = replace(EVALUATION, rows=tuple(replace(row, better="lower") for row in rows))
    assert compare_with_baselines(turned) == (0, 3, 5)


def test_the_export_has_one_row_per_method_and_group() -> None:
    table = long_table(EVALUATION)
    pam50 = table[(table["task"] == "pam50") & (table["metric"] == "AUROC")]
    assert set(pam50["method"]) == {
        "TumorXY",
        "burden alone",
        "random forest",
        "difference to random forest",
    }
    assert (table["group"] == "sex").sum() == 2


def test_groups_are_told_in_words_the_best_first() -> None:
    table = group_table("cancer type", EVALUATION.slices["cancer type"])
    assert table["Group"].tolist() == ["Breast carcinoma", "Lung adenocarcinoma"]
    assert group_table("sex", EVALUATION.slices["sex"])["Group"].tolist() == ["Female", "Male"]


def test_ablations_are_a_row_per_variant() -> None:
    table = ablation_table(EVALUATION.ablations)
    assert table.to_dict("list") == {
        "Variant": ["Reference", "No positions"],
        "Cancer type (TCGA): accuracy": ["0.720", "0.700"],
    }
