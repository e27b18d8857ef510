from __future__ import annotations

from types import SimpleNamespace

import plotly.graph_objects as go
import pytest

from dashboard import appearance
from dashboard.appearance import COOKIE, LARGEST_SCALE
from dashboard.figure_scale import enlarge


@pytest.fixture
def figure() -> go.Figure:
    made = go.Figure(
        go.Bar(
            x=[1, 2],
            y=[3, 4],
            width=0.4,
            error_y={"array": [1, 1], "thickness": 2, "width": 5},
            marker={"line": {"width": 1}},
        )
    )
    made.add_scatter(x=[1], y=[1], marker={"size": [6, 8]}, line={"width": 2})
    made.add_annotation(text="n", x=1, y=1, yshift=-20, font={"size": 13})
    made.update_xaxes(tickfont={"size": 14}, range=[0, 5])
    made.update_layout(height=300, margin={"l": 10, "b": 40}, bargap=0.3, template="plotly_white")
    return made


def test_what_is_told_in_pixels_grows_and_data_do_not(figure: go.Figure) -> None:
    large = enlarge(figure, 1.5)
    assert (large.layout.height, large.layout.margin.l, large.layout.margin.b) == (450, 15, 60)
    assert large.layout.xaxis.tickfont.size == 21
    assert (large.layout.annotations[0].font.size, large.layout.annotations[0].yshift) == (
        19.5,
        -30,
    )
    bar, points = large.data
    assert (bar.error_y.thickness, bar.error_y.width, bar.marker.line.width) == (3, 7.5, 1.5)
    assert (list(points.marker.size), points.line.width) == ([9, 12], 3)
    assert (bar.width, large.layout.bargap) == (0.4, 0.3)
    assert list(bar.y) == [3, 4]
    assert list(large.layout.xaxis.range) == [0, 5]
    assert large.layout.template == figure.layout.template


def test_a_figure_of_usual_size_stays_the_same(figure: go.Figure) -> None:
    assert enlarge(figure, 1) is figure
    assert figure.layout.height == 300


@pytest.mark.parametrize(
    ("told", "kept", "scale"),
    [
        ({}, {}, 1),
        ({"scale": 1.5}, {COOKIE: "1.2"}, 1.5),
        ({}, {COOKIE: "1.45"}, 1.45),
        ({}, {COOKIE: "wide"}, 1),
        ({}, {COOKIE: "nan"}, 1),
        ({"scale": LARGEST_SCALE + 1}, {}, 1),
    ],
)
def test_the_size_of_text_is_what_the_browser_told_or_kept(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, float], kept: dict[str, str], scale: float
) -> None:
    context = SimpleNamespace(cookies=kept)
    monkeypatch.setattr(
        appearance, "st", SimpleNamespace(context=context, session_state={appearance.WATCHER: told})
    )
    assert appearance.text_scale() == scale
