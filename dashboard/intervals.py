"""Intervals for shares of small groups. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95% interval."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of a group belong to a category, with a 95% interval.

    Attributes:
        name: The category.
        count: Members of it.
        total: Members of the group.
        low: Lower end of the interval, 0..1.
        high: Upper end, 0..1.
    """

    name: str
    count: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Count over total, 0..1."""
        return self.count / self.total


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Estimate a share from a few observations.

    The interval treats the observations as independent draws. Neighbors on a map are not: read it
    as a reminder of how few they are, not as a test.

    Args:
        count: Observations that belong to the category.
        total: All observations, at least one.

    Returns:
        Lower and upper end of the 95% Wilson score interval, 0..1.

    References:
        Wilson EB. 1927, Probable inference, the law of succession, and statistical inference,
        doi 10.1080/01621459.1927.10502953.
    """
    share = count / total
    shrink = 1 + Z_95**2 / total
    center = (share + Z_95**2 / (2 * total)) / shrink
    half = Z_95 / shrink * math.sqrt(share * (1 - share) / total + (Z_95 / (2 * total)) ** 2)
    return max(0.0, center - half), min(1.0, center + half)


def shares(values: Sequence[str | None], *, missing: str = "not given") -> tuple[Share, ...]:
    """Count the categories of a group.

    Args:
        values: One category for each member; None where it is not known.
        missing: What members of unknown category are called.

    Returns:
        The shares, the largest first, ties by name; empty for an empty group.
    """
    counts: dict[str, int] = {}
    for value in values:
        name = value or missing
        counts[name] = counts.get(name, 0) + 1
    found = []
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        low, high = wilson_interval(count, len(values))
        found.append(Share(name=name, count=count, total=len(values), low=low, high=high))
    return tuple(found)
