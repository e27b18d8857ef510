from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import binomtest

from dashboard.coloring import NumberStyle, color_numbers
from dashboard.intervals import shares, wilson_interval
from dashboard.patient_figures import draw_composition
from dashboard.scales import color_scale
from dashboard.theme import DARK, LIGHT, MOST_COLORS, SYMBOLS
from dashboard.wording import clip, wrap


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


def test_names_from_files_are_clipped_and_escaped() -> None:
    assert clip("<b>&") == "&lt;b&gt;&amp;"
    assert len(clip("x" * 80)) == 26


def test_a_name_takes_two_lines_before_it_is_cut() -> None:
    assert wrap("KRAS and STK11", 14) == "KRAS and STK11"
    assert wrap("KRAS and STK11", 9) == "KRAS and<br>STK11"
    assert wrap("<b> and what else there is", 9) == "&lt;b&gt; and<br>what…"


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
