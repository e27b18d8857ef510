"""Survival curves with intervals, marks of lost follow-up, and numbers at risk below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figure_notes import notice_lines, write_notes
from dashboard.formatting import p_value
from dashboard.theme import MOST_COLORS, Palette
from dashboard.wording import clip, count
from engine.epidemiology.survival_curves import Curve, LogRank

Floats = npt.NDArray[np.float64]

DASHES = (
    "solid",
    "dash",
    "dot",
    "dashdot",
    "longdash",
    "longdashdot",
    "2px 6px",
    "12px 3px 3px 3px",
)
"""Line styles in the order of the colors, so that curves differ without color."""

FEWEST_DRAWN = 5
"""Patients of the group followed longest below which no curve goes on: its steps would be persons,
not shares."""
MOST_STEPS, MOST_CENSORED = 700, 180
"""Points and marks of a drawn curve; more could not be told apart."""
MOST_TICKS = 8
CURVE_PIXELS, ROW_PIXELS, GAP_PIXELS = 360, 25, 60
TOP_PIXELS, LEGEND_PIXELS = 36, 20
NAME_LENGTH = 26
LETTERS = 64
"""Letters of a line below the curves; more would be cut on a screen 1280 wide."""
BAND_OPACITY = 0.14


@dataclass(frozen=True, kw_only=True)
class CurveOptions:
    """How curves are drawn.

    Attributes:
        palette: Colors of the appearance.
        endpoint: What the height is: `Overall survival`.
        source: Studies and map in a few words; stands in the figure.
        synthetic: Whether a patient is synthetic.
        slots: Color and dash of each curve, 0..7; their order by default.
        horizon: Months up to which curves are drawn; as far as they can be read by default.
    """

    palette: Palette
    endpoint: str = "Overall survival"
    source: str = ""
    synthetic: bool = False
    slots: tuple[int, ...] | None = None
    horizon: float | None = None


def draw_curves(
    curves: Sequence[Curve], options: CurveOptions, log_rank: LogRank | None = None
) -> go.Figure:
    """Draw survival curves, with the numbers at risk below the axis.

    Args:
        curves: One to eight groups, the first on top of the list.
        options: How they are drawn.
        log_rank: The test that stands in the figure; none by default.

    Raises:
        ValueError: If there are no curves, or more than can be told apart.
    """
    if not 0 < len(curves) <= MOST_COLORS:
        raise ValueError(
            f"Found {len(curves)} survival curves, expected 1 to {MOST_COLORS}. Draw fewer groups."
        )
    horizon = options.horizon or drawn_until(curves)
    slots = options.slots or tuple(range(len(curves)))
    table_pixels = ROW_PIXELS * (len(curves) + 1)
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        row_heights=[CURVE_PIXELS, table_pixels],
        vertical_spacing=GAP_PIXELS / (CURVE_PIXELS + table_pixels + GAP_PIXELS),
    )
    for curve, slot in zip(curves, slots, strict=True):
        _add_curve(figure, curve, slot, (horizon, options.palette))
    ticks = _ticks(horizon)
    _add_at_risk(figure, curves, slots, (ticks, options.palette))
    _lay_out(figure, options, ticks, horizon)
    top = TOP_PIXELS + LEGEND_PIXELS * (len(curves) // 2)
    notes = _write_below(figure, options, say_curves(curves, log_rank))
    figure.update_layout(
        height=CURVE_PIXELS + table_pixels + GAP_PIXELS + top + 10 + notes,
        margin={"l": 10, "r": 12, "t": top, "b": 10 + notes},
    )
    return figure


def drawn_until(curves: Sequence[Curve]) -> float:
    """Return the months up to which some group still has patients enough to be drawn."""
    ends = [curve.months[-min(FEWEST_DRAWN, curve.n)] for curve in curves]
    return float(max(ends)) or 1.0


def say_curves(curves: Sequence[Curve], log_rank: LogRank | None) -> str:
    """Say how many patients and events there are, and what the test found."""
    patients = count(sum(curve.n for curve in curves), "patient")
    events = count(sum(curve.num_events for curve in curves), "event")
    told = f"n = {patients}, {events}"
    return told if log_rank is None else f"{told}; log-rank {p_value(log_rank.p_value)}"


def _add_curve(figure: go.Figure, curve: Curve, slot: int, how: tuple[float, Palette]) -> None:
    horizon, palette = how
    color, name = palette.categories[slot], clip(curve.name, NAME_LENGTH)
    times = _drawn_times(curve, horizon)
    shares, lower, upper = curve.at(times)
    band = {"shape": "hv", "width": 0}
    common = {"x": times, "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    common["legendgroup"] = curve.name
    figure.add_trace(go.Scatter(y=upper, line=band, **common), row=1, col=1)
    figure.add_trace(
        go.Scatter(
            y=lower, line=band, fill="tonexty", fillcolor=_fade(color, BAND_OPACITY), **common
        ),
        row=1,
        col=1,
    )
    figure.add_trace(
        go.Scatter(
            x=times,
            y=shares,
            mode="lines",
            line={"shape": "hv", "color": color, "width": 2.6, "dash": DASHES[slot]},
            name=name,
            legendgroup=curve.name,
            customdata=np.stack([lower, upper, curve.at_risk(times)], axis=1),
            hovertemplate=f"<b>{name}</b><br>%{{y:.0%}} (95% %{{customdata[0]:.0%}} to "
            "%{customdata[1]:.0%})<br>at %{x:.1f} months, %{customdata[2]} at risk<extra></extra>",
        ),
        row=1,
        col=1,
    )
    _add_censored(figure, curve, color, horizon)


def _drawn_times(curve: Curve, horizon: float) -> Floats:
    """Choose where a curve is drawn: each of its steps, or as many as a screen can show."""
    times = curve.times[curve.times <= horizon]
    if len(times) > MOST_STEPS:
        times = np.linspace(0.0, horizon, MOST_STEPS)
    end = min(horizon, float(curve.months[-1]))
    return np.unique(np.append(times[times <= end], [0.0, end]))


def _add_censored(figure: go.Figure, curve: Curve, color: str, horizon: float) -> None:
    """Mark where follow-up ends without the event, once for each place that can be seen."""
    months = curve.censored[curve.censored <= horizon]
    places = np.unique(np.round(months * MOST_CENSORED / horizon), return_index=True)[1]
    months = months[places]
    figure.add_trace(
        go.Scatter(
            x=months,
            y=curve.at(months)[0],
            mode="markers",
            marker={
                "symbol": "line-ns-open",
                "size": 8,
                "color": color,
                "line": {"width": 1.3, "color": color},
            },
            hoverinfo="skip",
            showlegend=False,
            legendgroup=curve.name,
        ),
        row=1,
        col=1,
    )


def _fade(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _ticks(horizon: float) -> Floats:
    """Choose round months, at most eight of them."""
    steps = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
    step = next((s for s in steps if horizon / s < MOST_TICKS), steps[-1])
    if horizon < 1:
        return np.array([0.0, horizon])
    return np.arange(0.0, horizon + 1e-9, step)


def _add_at_risk(
    figure: go.Figure,
    curves: Sequence[Curve],
    slots: Sequence[int],
    how: tuple[Floats, Palette],
) -> None:
    ticks, palette = how
    for place, curve in enumerate(curves):
        figure.add_trace(
            go.Scatter(
                x=ticks,
                y=np.full(len(ticks), place),
                mode="text",
                text=[f"{number:,}" for number in curve.at_risk(ticks)],
                textfont={"size": 14, "color": palette.ink},
                hoverinfo="skip",
                showlegend=False,
                cliponaxis=False,
            ),
            row=2,
            col=1,
        )
    names = [
        f'<span style="color:{palette.categories[slot]}">■</span> {clip(c.name, NAME_LENGTH)}'
        for c, slot in zip(curves, slots, strict=True)
    ]
    figure.update_yaxes(
        tickvals=list(range(-1, len(curves))),
        ticktext=["<b>Number at risk</b>", *names],
        range=[len(curves) - 0.4, -1.6],
        tickfont={"size": 13},
        showgrid=False,
        zeroline=False,
        showline=False,
        automargin=True,
        row=2,
        col=1,
    )


def _lay_out(figure: go.Figure, options: CurveOptions, ticks: Floats, horizon: float) -> None:
    x_range = [-0.03 * horizon, 1.03 * horizon]
    figure.update_xaxes(range=x_range, tickvals=ticks, zeroline=False, showgrid=False)
    figure.update_xaxes(
        title={"text": "Months", "standoff": 10},
        showticklabels=True,
        tickfont={"size": 14},
        showline=True,
        linecolor=options.palette.ink,
        row=1,
        col=1,
    )
    figure.update_xaxes(showticklabels=False, row=2, col=1)
    figure.update_yaxes(
        title={"text": options.endpoint, "standoff": 8},
        range=[-0.02, 1.02],
        tickformat=".0%",
        dtick=0.25,
        tickfont={"size": 14},
        gridcolor=options.palette.faint,
        zeroline=False,
        automargin=True,
        row=1,
        col=1,
    )
    figure.update_layout(
        hovermode="closest",
        dragmode=False,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 14},
            "itemclick": "toggle",
            "itemdoubleclick": "toggleothers",
        },
    )


def _write_below(figure: go.Figure, options: CurveOptions, told: str) -> int:
    """Write the notes; returns the pixels that these take."""
    lines = [told, *notice_lines(options.source, synthetic=options.synthetic)]
    return write_notes(figure, lines, options.palette, below=6, letters=LETTERS)
