from __future__ import annotations

from pathlib import Path

import pytest

from engine.evaluation.rows import LOWER, Estimate, Evaluation, Row


def row(value: float, reach: float | None, better: str = "higher") -> Row:
    return Row(
        task="pam50",
        view="as measured",
        part="test",
        metric="AUROC",
        ours=Estimate(value=value, low=value - 0.1, high=value + 0.1),
        baselines={"burden alone": Estimate(value=0.5)},
        best_baseline="burden alone",
        difference=Estimate(value=value - 0.5, low=0.0, high=0.4),
        num_tumors=120,
        reach=reach,
        better=better,
    )


def test_an_evaluation_survives_its_file(tmp_path: Path) -> None:
    written = Evaluation(
        model_digest="ab" * 32,
        data_digest="cd" * 32,
        rows=(row(0.9, 0.8), row(0.7, None)),
        slices={"sex": (row(0.6, None),)},
        facts={"elapsed_s": 1.5},
    )
    path = tmp_path / "evaluation.json"
    path.write_text(written.to_json(), encoding="utf-8")
    assert Evaluation.read(path) == written


@pytest.mark.parametrize(
    ("value", "reach", "better", "is_reached"),
    [
        (0.9, 0.9, "higher", True),
        (0.89, 0.9, "higher", False),
        (0.04, 0.05, LOWER, True),
        (0.06, 0.05, LOWER, False),
        (0.5, None, "higher", None),
    ],
)
def test_a_figure_is_reached_from_its_own_side(
    value: float, reach: float | None, better: str, *, is_reached: bool | None
) -> None:
    assert row(value, reach, better).is_reached is is_reached
