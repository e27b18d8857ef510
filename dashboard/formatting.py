"""Numbers in words, written the same on every page, print and export. Pure.

Counts with their noun and dates are in `wording`, intervals of small groups in `intervals`.
"""

from __future__ import annotations

import math

NOT_KNOWN = "not known"
"""Stands wherever a number has no value."""

SMALLEST_P = 0.001
"""Probabilities below this are written as smaller than it: more digits promise what no test has."""

SMALLEST_RATIO, LARGEST_RATIO = 0.01, 100.0
"""Ratios beyond which no digit can be trusted."""

MINUTE, HOUR = 60, 3_600


def number(value: float, digits: int = 2) -> str:
    """Write a number with as many digits as count: `0.031`, `4.2`, `57`, `1,240`.

    Args:
        value: The number.
        digits: Digits that count, for what is below 100; nothing is rounded above the decimal
            point.
    """
    if not math.isfinite(value):
        return _boundless(value)
    if value == 0:
        return "0"
    before = math.floor(math.log10(abs(value))) + 1
    return f"{value:,.{max(digits - before, 0)}f}" if before > -4 else f"{value:.{digits}g}"


def percent(share: float) -> str:
    """Write a share that was estimated, 0..1: never as certain as 0% or 100%."""
    if math.isnan(share):
        return NOT_KNOWN
    if share < 0.005:
        return "under 1%"
    return "over 99%" if share >= 0.995 else f"{share:.0%}"


def percent_interval(low: float, high: float) -> str:
    """Write the interval of an estimated share: `41% to 67%`."""
    return f"{percent(low)} to {percent(high)}"


def share(count: int, total: int) -> str:
    """Write a share that was counted, with what it is a share of: `12 of 50 (24%)`.

    Unlike an estimate, a count can be none or all: `0 of 50 (0%)`. Only a share that is not quite
    that is kept from looking so.
    """
    if total == 0:
        return "0 of 0"
    part = count / total
    told = f"{part:.0%}" if count in (0, total) else percent(part)
    return f"{count:,} of {total:,} ({told})"


def ratio(value: float, low: float | None = None, high: float | None = None) -> str:
    """Write an odds or hazard ratio with its interval: `1.83 (1.20 to 2.79)`.

    Args:
        value: The ratio, not negative.
        low: Lower end of its interval; None for the ratio alone.
        high: Upper end.
    """
    if low is None or high is None:
        return _one_ratio(value)
    return f"{_one_ratio(value)} ({_one_ratio(low)} to {_one_ratio(high)})"


def _one_ratio(value: float) -> str:
    if not math.isfinite(value):
        return _boundless(value)
    if value < SMALLEST_RATIO:
        return f"under {SMALLEST_RATIO:g}" if value > 0 else "0"
    return f"over {LARGEST_RATIO:g}" if value > LARGEST_RATIO else f"{value:.2f}"


def estimate(
    value: float,
    low: float | None,
    high: float | None,
    *,
    digits: int = 2,
    signed: bool = False,
) -> str:
    """Write a figure with its interval: `0.81 (0.77 to 0.84)`.

    Args:
        value: The figure.
        low: Lower end of the interval; None for the figure alone.
        high: Upper end.
        digits: Decimals; none from ten on.
        signed: Whether a plus stands before what is above zero, as differences need.
    """
    if not math.isfinite(value):
        return _boundless(value)
    places = 0 if max(abs(value), abs(high or 0)) >= 10 else digits
    form = f"{'+' if signed else ''}.{places}f"
    if low is None or high is None:
        return f"{value:{form}}"
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def p_value(p: float) -> str:
    """Write the p-value of a test: `p = 0.03`, `p = 0.62`, `p < 0.001`."""
    return _probability("p", p)


def q_value(q: float) -> str:
    """Write a false discovery rate: `q = 0.03`, `q < 0.001`."""
    return _probability("q", q)


def _probability(letter: str, value: float) -> str:
    told = probability(value)
    sign = "" if told.startswith((">", "<", NOT_KNOWN)) else "= "
    return f"{letter} {sign}{told}"


def probability(value: float) -> str:
    """Write a probability as it stands in a table: `0.03`, `0.004`, `< 0.001`, `> 0.99`."""
    if math.isnan(value):
        return NOT_KNOWN
    if value < SMALLEST_P:
        return f"< {SMALLEST_P:g}"
    if value > 0.99:
        return "> 0.99" if value < 1 else "1"
    return f"{value:.{3 if value < 0.0095 else 2}f}"


def duration(seconds: float) -> str:
    """Write how long something took: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _joined(whole // MINUTE, "min", whole % MINUTE, "s")
    minutes = round(whole / MINUTE)
    return _joined(minutes // 60, "h", minutes % 60, "min")


def _joined(large: int, large_unit: str, small: int, small_unit: str) -> str:
    told = f"{large} {large_unit}"
    return f"{told} {small} {small_unit}" if small else told


def months(value: float) -> str:
    """Write a time of follow-up: `14 months`, `0.6 months`, `not known`."""
    if not math.isfinite(value):
        return NOT_KNOWN if math.isnan(value) else "not reached"
    told = f"{value:.1f}" if value < 1 else f"{value:.0f}"
    return f"{told} month" if told == "1" else f"{told} months"


def _boundless(value: float) -> str:
    if math.isnan(value):
        return NOT_KNOWN
    return "∞" if value > 0 else "−∞"  # noqa: RUF001 - the minus sign of mathematics
