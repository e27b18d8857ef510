"""From numbers to colors and sizes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dashboard.formatting import number
from dashboard.wording import clip

if TYPE_CHECKING:
    from dashboard.coloring import Numbers

Floats = npt.NDArray[np.float32]

NUM_TICKS = 5

COLOR_BAR_SHARE = 0.62
"""Of the height of a map; the legend of tumors without a number stands below it."""


def marker_size(num_tumors: int) -> int:
    """Choose the diameter of a point in pixels: large for few tumors, small for many."""
    for most, size in ((1_500, 8), (8_000, 6), (20_000, 5), (35_000, 4)):
        if num_tumors <= most:
            return size
    return 3


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


def color_bar(coloring: Numbers, scale: ColorScale) -> dict[str, Any]:
    """Describe the color bar of a number to Plotly: title, unit and ticks."""
    places = scale.transform(np.array(scale.ticks, dtype=np.float32))
    title = f"<b>{clip(coloring.title)}</b>"
    if coloring.unit:
        title += f"<br>{clip(coloring.unit)}"
    return {
        "title": {"text": title, "side": "top", "font": {"size": 15}},
        "tickfont": {"size": 14},
        "tickvals": places.tolist(),
        "ticktext": list(scale.labels),
        "thickness": 16,
        "len": COLOR_BAR_SHARE,
        "y": 1,
        "yanchor": "top",
        "x": 1.01,
        "xanchor": "left",
    }
