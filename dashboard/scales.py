"""From numbers to colors. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.formatting import number

if TYPE_CHECKING:
    pass

Floats = npt.NDArray[np.float32]

NUM_TICKS = 5


@dataclass(frozen=True, kw_only=True)
class ColorScale:
    """How a number becomes a color.

    Attributes:
        low: Transformed value of the first color.
        high: Transformed value of the last color.
        is_log: Whether the transformation is log10(1 + value).
        ticks: Numbers written beside the color bar, not transformed.
        labels: How they are written; the last one says when larger values share its color.
    """

    low: float
    high: float
    is_log: bool
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def transform(self, values: Floats) -> Floats:
        """Return what the color follows, float32."""
        return np.log10(1 + values).astype(np.float32) if self.is_log else values

    def place(self, values: Floats) -> Floats:
        """Return where values lie along the scale, 0 to 1; those beyond its ends lie at them."""
        share = (self.transform(values) - self.low) / (self.high - self.low)
        places: Floats = np.clip(share, 0, 1).astype(np.float32)
        return places


def color_scale(values: Floats, *, is_log: bool) -> ColorScale:
    """Fit the colors to the central 98% of the values, so that one outlier hides nothing.

    Args:
        values: (M,) known values, ascending, at least one.
        is_log: Whether the color follows the logarithm.

    Returns:
        The scale.
    """
    low, high = (float(value) for value in np.quantile(values, [0.01, 0.99]))
    if low == high:
        low, high = float(values[0]), float(values[-1])
    if low == high:
        low, high = low - 0.5, high + 0.5
    if is_log:
        ends = np.log10(1 + np.array([low, high]))
        ticks = 10 ** np.linspace(ends[0], ends[1], NUM_TICKS) - 1
    else:
        ends = np.array([low, high])
        ticks = np.linspace(low, high, NUM_TICKS)
    labels = [number(value) for value in ticks]
    if values[-1] > high:
        labels[-1] = f"≥ {labels[-1]}"
    return ColorScale(
        low=float(ends[0]),
        high=float(ends[1]),
        is_log=is_log,
        ticks=tuple(ticks.tolist()),
        labels=tuple(labels),
    )
