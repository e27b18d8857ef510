from __future__ import annotations

import numpy as np
import pytest

from dashboard.compare_described import (
    compare_labels,
    compare_numbers,
    composition_table,
    label_table,
    number_table,
)
from dashboard.compare_described_figures import draw_composition, draw_violins
from dashboard.compare_figures import Point, draw_volcano
from dashboard.compare_groups import Formed
from dashboard.figure_notes import FigureOptions
from dashboard.survival_figures import (
    DASHES,
    MOST_STEPS,
    CurveOptions,
    draw_curves,
    drawn_until,
    say_curves,
)
from dashboard.theme import DARK, LIGHT, MOST_COLORS
from engine.epidemiology.group_comparison import compare_label
from engine.epidemiology.group_members import form_groups
from engine.epidemiology.survival_curves import Curve, compare_curves, fit_curve

OPTIONS = FigureOptions(palette=LIGHT, source="map main v1")


def drawn_curve(number: int, name: str = "a", seed: int = 0) -> Curve:
    rng = np.random.default_rng(seed)
    died, seen = rng.exponential(20, number), rng.uniform(1, 90, number)
    return fit_curve(np.minimum(died, seen), died < seen, name)


def test_numbers_at_risk_stand_below_the_months_they_are_of() -> None:
    curves = [drawn_curve(50), drawn_curve(30, "b", 1)]
    figure = draw_curves(curves, CurveOptions(palette=LIGHT), compare_curves(curves))
    ticks = np.array(figure.layout.xaxis.tickvals)
    texts = [trace for trace in figure.data if trace.mode == "text"]
    for trace, curve in zip(texts, curves, strict=True):
        assert np.array_equal(trace.x, ticks)
        assert [int(t) for t in trace.text] == curve.at_risk(ticks).tolist()
    assert figure.layout.xaxis2.range == figure.layout.xaxis.range
    assert "n = 80 patients" in figure.layout.annotations[0].text
    assert "log-rank p" in figure.layout.annotations[0].text
    assert "Research use only" in figure.layout.annotations[0].text


def test_curves_differ_without_color_and_there_are_at_most_eight() -> None:
    curves = [drawn_curve(20, f"g{i}", i) for i in range(MOST_COLORS)]
    figure = draw_curves(curves, CurveOptions(palette=DARK))
    dashes = [trace.line.dash for trace in figure.data if trace.line.dash]
    assert dashes == list(DASHES)
    assert len(set(dashes)) == MOST_COLORS
    with pytest.raises(ValueError, match="Draw fewer groups"):
        draw_curves([*curves, curves[0]], CurveOptions(palette=DARK))


def test_a_long_curve_is_drawn_with_few_points_and_the_right_height() -> None:
    curve = drawn_curve(20_000)
    figure = draw_curves([curve], CurveOptions(palette=LIGHT))
    line = next(trace for trace in figure.data if trace.name == "a")
    assert len(line.x) <= MOST_STEPS + 2
    assert line.y == pytest.approx(curve.at(np.array(line.x))[0])
    assert len(figure.to_json()) < 200_000


def test_a_curve_ends_where_few_are_followed() -> None:
    curve = drawn_curve(100)
    assert drawn_until([curve]) == curve.months[-5]
    assert say_curves([curve], None).startswith("n = 100 patients")


def test_an_endless_odds_ratio_lies_on_the_edge_and_the_clearest_is_named() -> None:
    points = [
        Point(name="A", symbol="circle", odds_ratio=np.inf, q_value=1e-40, told="A"),
        Point(name="B", symbol="diamond", odds_ratio=0.0, q_value=0.01, told="B"),
        Point(name="C", symbol="circle", odds_ratio=1.1, q_value=0.9, told="C"),
    ]
    figure = draw_volcano(points, ("in", "out"), (0, 1), OPTIONS)
    xs = np.concatenate([np.array(trace.x, dtype=float) for trace in figure.data])
    assert sorted(xs) == pytest.approx([-6.0, np.log2(1.1), 6.0])
    assert np.isfinite(np.concatenate([np.array(t.y, dtype=float) for t in figure.data])).all()
    named = {annotation.text for annotation in figure.layout.annotations}
    assert {"A", "B"} <= named
    assert "C" not in named


def test_a_label_of_many_values_is_joined_to_eight_and_a_rest() -> None:
    values = np.array([f"v{i % 12}" for i in range(240)], dtype=object)
    label = compare_label("L", values, np.arange(240) % 2, 2)
    assert label is not None
    figure = draw_composition(label, ["x", "y"], OPTIONS)
    assert len(figure.data) == MOST_COLORS + 1
    assert figure.data[-1].name == "4 other values"
    total = sum(np.array(trace.x, dtype=float) for trace in figure.data)
    assert total == pytest.approx([100, 100])
    assert figure.layout.height >= 21 * len(figure.data)
    letters = [trace.textfont.color for trace in figure.data]
    assert letters[0] == LIGHT.paper


def test_violins_of_burden_are_drawn_on_a_logarithm() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.lognormal(1, 2, 2_000), rng.lognormal(1, 1, 10), np.empty(0)]
    figure = draw_violins("Burden", parts, ["a", "b", "c"], OPTIONS)
    assert len(figure.data) == 2
    assert max(figure.data[0].y) < 6
    long = draw_violins("Burden", parts[:1], ["Well-Differentiated Thyroid Cancer"], OPTIONS)
    assert long.data[0].name == "Well-Differentiated<br>Thyroid Cancer<br>n = 2,000"
    assert "100" in figure.layout.yaxis.ticktext
    assert "1,500 tumors" in figure.layout.annotations[0].text


def formed() -> Formed:
    masks = [np.arange(60) < 30, np.arange(60) >= 30]
    groups = form_groups(["a", "b"], masks, [str(i) for i in range(60)], np.zeros(60, dtype=bool))
    return Formed(
        groups=groups,
        defining=frozenset(),
        num_unknown=0,
        unknown_reason="",
        by_treatment=False,
        by_outcome=False,
    )


def test_labels_and_numbers_of_follow_up_are_left_out() -> None:
    texts = np.array(["x", "y"] * 30, dtype=object)
    halves = np.array(["x"] * 30 + ["y"] * 30, dtype=object)
    labels = compare_labels(
        {"Same": texts, "Sides": halves, "Own": halves, "Overall survival status": halves},
        formed(),
        ("Own",),
    )
    assert [label.name for label in labels] == ["Sides", "Same"]
    table = label_table(labels)
    assert table["Cramer's V"].iloc[0] > 0.95 > 0.1 > table["Cramer's V"].iloc[1]
    assert len(composition_table(labels[0], ["a", "b"])) == 4
    numbers = compare_numbers(
        {"Overall survival": np.arange(60.0), "Age": np.arange(60.0)}, formed()
    )
    assert [number.name for number in numbers] == ["Age"]
    row = number_table(numbers, ["a", "b"]).iloc[0]
    assert row["Delta b"] == 1
    assert row["Median a"] == 14.5
