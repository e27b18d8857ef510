from __future__ import annotations

import pytest

from dashboard.evidence import group_table
from dashboard.model_figures import draw_groups, draw_reconstruction, draw_reliability
from dashboard.theme import DARK, LIGHT
from tests.dashboard.evidence import BINS, EVALUATION, a_card


def test_reliability_is_a_small_plot_for_each_head_with_its_diagonal() -> None:
    figure = draw_reliability({f"head {i}": BINS for i in range(5)}, LIGHT)
    assert [note.text for note in figure.layout.annotations] == [f"head {i}" for i in range(5)]
    diagonal, points = figure.data[:2]
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert list(points.x) == [0.6, 0.9]
    assert list(points.y) == [0.5, 0.8]
    assert list(points.error_y.array) == pytest.approx([0.2, 0.1])
    assert len(figure.data) == 10


def test_groups_carry_their_numbers_and_intervals() -> None:
    figure = draw_groups(group_table("cancer type", EVALUATION.slices["cancer type"]), DARK)
    assert list(figure.data[0].y) == ["Breast carcinoma (120)", "Lung adenocarcinoma (120)"]
    assert list(figure.data[0].error_x.array) == pytest.approx([0.05, 0.05])


def test_the_reconstruction_stands_beside_its_baseline() -> None:
    figure = draw_reconstruction(a_card().reconstruction, LIGHT)
    assert [trace.name for trace in figure.data] == ["Frequency in the cancer type", "Encoder"]
    assert [trace.x[0] for trace in figure.data] == [0.8, 0.9]
