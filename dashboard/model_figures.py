"""Figures of the Model page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.theme import OTHER, Palette

MOST_COLUMNS = 4
"""Reliability plots beside each other."""


def draw_reconstruction(results: pd.DataFrame, palette: Palette) -> go.Figure:
    """Draw how well hidden alterations are told, against the frequency in the cancer type.

    Args:
        results: Rows of `ModelCard.reconstruction`, at least one.
        palette: Colors of the appearance.

    Returns:
        Points with 95% intervals; 0.5 is guessing, 1 is perfect.
    """
    places = list(range(len(results)))
    figure = go.Figure()
    for series in (
        Series("Baseline", "Frequency in the cancer type", OTHER, "square", 0.16),
        Series("Encoder", "Encoder", palette.categories[0], "circle", -0.16),
    ):
        figure.add_trace(_points(results, series))
    figure.update_yaxes(
        tickvals=places,
        ticktext=results["Hidden alteration"],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        tickfont={"size": 14},
    )
    figure.update_xaxes(title="AUROC, 0.5 is guessing", showgrid=True, zeroline=False)
    figure.update_layout(
        height=130 + 62 * len(results),
        margin={"l": 0, "r": 10, "t": 40, "b": 50},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 14}},
        dragmode=False,
    )
    return figure


class Series(NamedTuple):
    """One method in the figure: its column, name and look, and its shift from the line."""

    column: str
    name: str
    color: str
    symbol: str
    shift: float


def _points(results: pd.DataFrame, series: Series) -> go.Scatter:
    value = results[series.column]
    low, high = results[f"{series.column} low"], results[f"{series.column} high"]
    return go.Scatter(
        x=value,
        y=[place + series.shift for place in range(len(results))],
        mode="markers",
        name=series.name,
        marker={"color": series.color, "symbol": series.symbol, "size": 13},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - value,
            "arrayminus": value - low,
            "color": series.color,
            "thickness": 2,
            "width": 6,
        },
        customdata=pd.concat([low, high], axis=1).to_numpy(),
        hovertemplate=f"{series.name}: %{{x:.3f}} (%{{customdata[0]:.3f}} to "
        "%{customdata[1]:.3f})<extra></extra>",
    )


def draw_reliability(
    bins: Mapping[str, Sequence[Mapping[str, Any]]], palette: Palette
) -> go.Figure:
    """Draw what was stated against what came true, a small plot for each head.

    Args:
        bins: By title of the head, its `engine.reliability.ReliabilityBin`s as JSON values.
        palette: Colors of the appearance.

    Returns:
        Points with 95% intervals; on the diagonal, stated probabilities come true.
    """
    columns = min(MOST_COLUMNS, len(bins))
    rows = -(-len(bins) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=list(bins),
        horizontal_spacing=0.05,
        vertical_spacing=0.36 / rows,
    )
    for place, found in enumerate(bins.values()):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        line = {"color": palette.faint, "width": 2, "dash": "dot"}
        figure.add_trace(_line([0, 1], [0, 1], line), **at)
        figure.add_trace(_stated_against_observed(found, palette), **at)
    percent = {"range": [0, 1.03], "tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    figure.update_xaxes(**percent, zeroline=False, showgrid=False)
    figure.update_yaxes(**percent, zeroline=False)
    figure.update_xaxes(title="Stated", row=rows)
    figure.update_yaxes(title="Came true", col=1)
    figure.update_layout(
        height=70 + 280 * rows,
        margin={"l": 0, "r": 10, "t": 60, "b": 40},
        showlegend=False,
        dragmode=False,
    )
    return figure


def _line(x: Sequence[float], y: Sequence[float], line: Mapping[str, Any]) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _stated_against_observed(bins: Sequence[Mapping[str, Any]], palette: Palette) -> go.Scatter:
    observed = [told["observed"] for told in bins]
    return go.Scatter(
        x=[told["stated"] for told in bins],
        y=observed,
        mode="lines+markers",
        marker={"color": palette.categories[0], "size": 9},
        line={"color": palette.categories[0], "width": 1},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [told["high"] - told["observed"] for told in bins],
            "arrayminus": [told["observed"] - told["low"] for told in bins],
            "color": palette.categories[0],
            "thickness": 1.5,
            "width": 4,
        },
        customdata=[told["num_tumors"] for told in bins],
        hovertemplate="stated %{x:.0%}, came true %{y:.0%} of %{customdata} tumors<extra></extra>",
    )


def draw_groups(groups: pd.DataFrame, palette: Palette) -> go.Figure:
    """Draw the accuracy in each group of patients.

    Args:
        groups: `Group`, `n`, `Value`, `Low`, `High`, one row each, the first on top.
        palette: Colors of the appearance.

    Returns:
        Points with 95% intervals.
    """
    names = [f"{name} ({n:,})" for name, n in zip(groups["Group"], groups["n"], strict=True)]
    figure = go.Figure(
        go.Scatter(
            x=groups["Value"],
            y=names,
            mode="markers",
            marker={"color": palette.categories[0], "size": 10},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": groups["High"] - groups["Value"],
                "arrayminus": groups["Value"] - groups["Low"],
                "color": palette.categories[0],
                "thickness": 2,
                "width": 5,
            },
            customdata=groups[["Low", "High"]].to_numpy(),
            hovertemplate="%{y}: %{x:.0%} (%{customdata[0]:.0%} to %{customdata[1]:.0%})"
            "<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"size": 13})
    figure.update_xaxes(
        title="Accuracy of the cancer type", tickformat=".0%", range=[0, 1.02], zeroline=False
    )
    figure.update_layout(
        height=90 + 27 * len(groups),
        margin={"l": 0, "r": 10, "t": 10, "b": 45},
        showlegend=False,
        dragmode=False,
    )
    return figure
