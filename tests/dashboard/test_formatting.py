from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formatting import (
    duration,
    estimate,
    months,
    number,
    p_value,
    percent,
    percent_interval,
    q_value,
    ratio,
    share,
)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *[(0, "0"), (0.0312, "0.031"), (4.24, "4.2"), (57.4, "57"), (99.6, "100")],
        *[(1240.4, "1,240"), (-3.14, "-3.1"), (2.04e-7, "2e-07")],
        *[(math.nan, "not known"), (math.inf, "∞"), (-math.inf, "−∞")],  # noqa: RUF001
    ],
)
def test_a_number_has_the_digits_that_count(value: float, told: str) -> None:
    assert number(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (0.996, "over 99%"), (1, "over 99%")],
)
def test_an_estimated_share_is_never_certain(value: float, told: str) -> None:
    assert percent(value) == told
    assert percent(math.nan) == "not known"


def test_the_interval_of_a_share_has_both_ends() -> None:
    assert percent_interval(0.41, 0.999) == "41% to over 99%"


def test_a_counted_share_tells_what_it_is_of() -> None:
    assert share(12, 50) == "12 of 50 (24%)"
    assert share(0, 1200) == "0 of 1,200 (0%)"
    assert share(1200, 1200) == "1,200 of 1,200 (100%)"
    assert share(1199, 1200) == "1,199 of 1,200 (over 99%)"
    assert share(0, 0) == "0 of 0"


def test_a_ratio_has_its_interval() -> None:
    assert ratio(1.832, 1.2, 2.788) == "1.83 (1.20 to 2.79)"
    assert ratio(1.832) == "1.83"
    assert ratio(3, 0.004, math.inf) == "3.00 (under 0.01 to ∞)"
    assert ratio(0, 0, 240) == "0 (0 to over 100)"


def test_an_estimate_has_its_interval() -> None:
    assert estimate(0.812, 0.77, 0.84) == "0.81 (0.77 to 0.84)"
    assert estimate(0.02, -0.01, 0.05, signed=True) == "+0.02 (-0.01 to +0.05)"
    assert estimate(0.8124, None, None, digits=3) == "0.812"
    assert estimate(12.3, 8.1, 20.2) == "12 (8 to 20)"
    assert estimate(math.nan, None, None) == "not known"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *[(0, "< 0.001"), (0.00099, "< 0.001"), (0.001, "= 0.001"), (0.0042, "= 0.004")],
        *[(0.031, "= 0.03"), (0.62, "= 0.62"), (0.997, "> 0.99"), (1, "= 1")],
        (math.nan, "not known"),
    ],
)
def test_p_and_q_values(value: float, told: str) -> None:
    assert p_value(value) == f"p {told}"
    assert q_value(value) == f"q {told}"


@given(st.floats(min_value=0, max_value=1))
def test_no_p_value_is_written_as_nothing(value: float) -> None:
    told = p_value(value)
    assert told.rpartition(" ")[2].strip("0.") != "" or told == "p = 1"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *[
            (0.42, "0.4 s"),
            (3.0, "3 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (200, "3 min 20 s"),
        ],
        *[(3600, "1 h"), (7500, "2 h 5 min"), (7199, "2 h")],
    ],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_months() -> None:
    assert months(14.2) == "14 months"
    assert months(1.2) == "1 month"
    assert months(0.62) == "0.6 months"
    assert months(math.nan) == "not known"
    assert months(math.inf) == "not reached"
