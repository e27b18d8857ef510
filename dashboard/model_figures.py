"""Figures of the Model page. Pure."""

from __future__ import annotations

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
    figure = go.Figure()
    series = (
        ("Baseline", "Frequency in the cancer type", OTHER, "square", 0.16),
        ("Encoder", "Encoder", palette.categories[0], "circle", -0.16),
    )
    places = list(range(len(results)))
    for column, name, color, symbol, shift in series:
        figure.add_trace(
            go.Scatter(
                x=results[column],
                y=[place + shift for place in places],
                mode="markers",
                name=name,
                marker={"color": color, "symbol": symbol, "size": 13},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": results[f"{column} high"] - results[column],
                    "arrayminus": results[column] - results[f"{column} low"],
                    "color": color,
                    "thickness": 2,
                    "width": 6,
                },
                customdata=results[[f"{column} low", f"{column} high"]].to_numpy(),
                hovertemplate=f"{name}: %{{x:.3f}} (%{{customdata[0]:.3f}} to "
                "%{customdata[1]:.3f})<extra></extra>",
            )
        )
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
