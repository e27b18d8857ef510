from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import binomtest

from dashboard.coloring import Categories, NumberStyle, color_labels, color_numbers
from dashboard.figures import (
    MapOptions,
    Places,
    View,
    draw_map,
    rows_of_points,
)
from dashboard.intervals import shares, wilson_interval
from dashboard.patient_figures import draw_composition, draw_neighborhood
from dashboard.scales import color_scale, marker_size
from dashboard.theme import DARK, LIGHT, MOST_COLORS, RESEARCH_USE, SYMBOLS
from dashboard.wording import clip


def places(num_tumors: int) -> Places:
    rng = np.random.default_rng(0)
    return Places(
        sample_ids=np.array([f"S-{i:04d}" for i in range(num_tumors)], dtype=object),
        x=rng.normal(size=num_tumors).astype(np.float32),
        y=rng.normal(size=num_tumors).astype(np.float32),
    )


def colored(num_tumors: int = 30, num_types: int = 3) -> Categories:
    return color_labels("Type", [f"type {i % num_types}" for i in range(num_tumors)])


def test_every_tumor_is_drawn_once_with_its_row() -> None:
    figure = draw_map(places(30), colored(), MapOptions(palette=LIGHT))
    rows = np.concatenate([trace.customdata for trace in figure.data])
    assert sorted(rows.tolist()) == list(range(30))
    for trace in figure.data:
        assert trace.text.tolist() == [f"S-{row:04d}" for row in trace.customdata]


def test_grey_context_lies_behind_the_colors() -> None:
    coloring = color_labels("Type", [None] * 3 + ["a"] * 3)
    figure = draw_map(places(6), coloring, MapOptions(palette=LIGHT))
    assert figure.data[0].name == "not given (3)"
    assert figure.data[1].name == "a (3)"


def test_each_category_has_a_color_and_a_shape_of_its_own() -> None:
    figure = draw_map(places(80), colored(80, 8), MapOptions(palette=DARK))
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == MOST_COLORS
    assert len({symbol for _, symbol in looks}) == MOST_COLORS


def test_the_notice_is_part_of_the_picture() -> None:
    options = MapOptions(palette=LIGHT, source="map main v1", synthetic=True)
    text = draw_map(places(3), colored(3), options).layout.annotations[0].text
    assert text == f"SYNTHETIC · {RESEARCH_USE} · map main v1"
    plain = draw_map(places(3), colored(3), MapOptions(palette=LIGHT))
    assert plain.layout.annotations[0].text == RESEARCH_USE


def test_axes_say_no_numbers_and_keep_the_aspect() -> None:
    layout = draw_map(places(3), colored(3), MapOptions(palette=LIGHT)).layout
    assert layout.xaxis.visible is False
    assert layout.yaxis.scaleanchor == "x"


def test_the_view_is_taken_over() -> None:
    view = View(x_range=(1, 2), y_range=(3, 4), dragging="lasso")
    layout = draw_map(places(3), colored(3), MapOptions(palette=LIGHT, view=view)).layout
    assert layout.xaxis.range == (1, 2)
    assert layout.yaxis.range == (3, 4)
    assert layout.dragmode == "lasso"


def test_the_selection_is_told_to_each_trace_by_its_own_rows() -> None:
    options = MapOptions(palette=LIGHT, selected=np.array([0, 4]))
    figure = draw_map(places(9), colored(9), options)
    selected = [
        int(row)
        for trace in figure.data
        for row in np.asarray(trace.customdata)[list(trace.selectedpoints)]
    ]
    assert sorted(selected) == [0, 4]


def test_a_marked_tumor_is_ringed_and_named() -> None:
    figure = draw_map(places(9), colored(9), MapOptions(palette=LIGHT, marked=4))
    assert figure.data[-1].x[0] == places(9).x[4]
    assert "S-0004" in figure.layout.annotations[0].text


def test_numbers_have_a_scale_with_unit_and_unknown_values_apart() -> None:
    values = np.array([1, 2, np.nan, 4], dtype=np.float32)
    numbers = color_numbers(NumberStyle(title="Age", unit="years"), values)
    figure = draw_map(places(4), numbers, MapOptions(palette=LIGHT))
    unknown, known = figure.data
    assert unknown.customdata.tolist() == [2]
    assert sorted(known.customdata.tolist()) == [0, 1, 3]
    assert "years" in known.marker.colorbar.title.text


def test_a_number_that_nobody_has_draws_the_unknown_only() -> None:
    values = np.full(4, np.nan, dtype=np.float32)
    figure = draw_map(
        places(4), color_numbers(NumberStyle(title="n"), values), MapOptions(palette=LIGHT)
    )
    assert len(figure.data) == 1
    assert figure.data[0].name == "not given (4)"


def test_the_last_tick_says_that_larger_values_share_its_color() -> None:
    values = np.sort(np.random.default_rng(0).lognormal(0, 2, 1000)).astype(np.float32)
    scale = color_scale(values, is_log=color_numbers(NumberStyle(title="n"), values).is_log)
    assert scale.is_log
    assert scale.labels[-1].startswith("≥ ")
    assert np.all(np.diff(scale.transform(np.array(scale.ticks, np.float32))) > 0)


def test_equal_values_have_a_scale() -> None:
    values = np.full(5, 3, dtype=np.float32)
    scale = color_scale(values, is_log=color_numbers(NumberStyle(title="n"), values).is_log)
    assert scale.low < 3 < scale.high


@pytest.mark.parametrize(
    ("num_tumors", "size"), [(100, 8), (3_600, 6), (15_000, 5), (30_000, 4), (44_000, 3)]
)
def test_points_shrink_as_tumors_grow(num_tumors: int, size: int) -> None:
    assert marker_size(num_tumors) == size


def test_names_from_files_are_clipped_and_escaped() -> None:
    assert clip("<b>&") == "&lt;b&gt;&amp;"
    assert len(clip("x" * 80)) == 26


def test_rows_come_from_custom_data_and_not_from_point_numbers() -> None:
    points = [
        {"point_index": 0, "customdata": [7]},
        {"point_index": 0, "customdata": 3},
        {"point_index": 1, "customdata": [7]},
        {"point_index": 2},
    ]
    assert rows_of_points(points).tolist() == [3, 7]
    assert rows_of_points([]).tolist() == []


def test_a_large_map_stays_small_on_the_wire() -> None:
    figure = draw_map(places(30_000), colored(30_000, 12), MapOptions(palette=LIGHT))
    assert len(figure.to_json(validate=False)) < 1_200_000


def test_the_neighborhood_draws_the_tumor_in_front() -> None:
    neighbors = np.array([1, 2, 5])
    figure = draw_neighborhood(
        places(9),
        ("me", 0.5, 0.5),
        neighbors,
        color_labels("Type", ["a", "a", None]),
        MapOptions(palette=LIGHT),
    )
    assert len(figure.data[0].x) == 9
    assert figure.data[-1].name == "this tumor"
    drawn = [name for trace in figure.data[1:-1] for name in trace.text]
    assert sorted(drawn) == ["S-0001", "S-0002", "S-0005"]


def test_shares_have_wilson_intervals() -> None:
    expected = binomtest(9, 15).proportion_ci(method="wilson")
    assert wilson_interval(9, 15) == pytest.approx((expected.low, expected.high), abs=1e-9)
    found = shares(["b", "a", "a", None])
    assert [(share.name, share.count) for share in found] == [("a", 2), ("b", 1), ("not given", 1)]
    assert wilson_interval(0, 15)[0] == 0
    assert wilson_interval(15, 15)[1] == 1


def test_the_composition_says_counts_and_intervals() -> None:
    figure = draw_composition(shares(["a"] * 9 + ["b"] * 6), LIGHT)
    assert isinstance(figure, go.Figure)
    assert [note.text for note in figure.layout.annotations] == ["9 of 15", "6 of 15"]
    assert figure.data[0].error_x.array[0] == pytest.approx(80.18 - 60, abs=0.01)


def test_both_palettes_have_eight_colors_and_shapes() -> None:
    assert len(set(LIGHT.categories)) == len(set(DARK.categories)) == len(SYMBOLS) == MOST_COLORS


def test_figures_are_plain_json() -> None:
    figure = draw_map(places(5), colored(5), MapOptions(palette=LIGHT, marked=0))
    assert set(json.loads(figure.to_json())) == {"data", "layout"}
