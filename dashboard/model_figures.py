"""Figures of the Model page. Pure."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from dashboard.theme import OTHER, Palette


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
