"""The section about outcome: survival of the neighborhood against the rest of its tumor type."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import formatting
from dashboard.figure_export import show_figure
from dashboard.glossary import meaning
from dashboard.neighborhood_survival import NeighborhoodSurvival
from dashboard.patient_sections import map_source
from dashboard.queries import MapData
from dashboard.selection import source_lines
from dashboard.survival_figures import CurveOptions, draw_curves
from dashboard.theme import Palette
from dashboard.widgets import plain_text
from dashboard.wording import count

if TYPE_CHECKING:
    from engine.epidemiology.survival_curves import Curve

MEANING = meaning(
    "Kaplan-Meier curve",
    "The band is the 95% interval. The neighborhood is the up to 75 tumors of its type that are "
    "most like it, one per patient; the others of the type are the rest. **Log-rank test**: "
    f"{meaning('Log-rank test')} Nothing is adjusted for.",
)
REFUSED = "Its neighborhood is not compared, since the tumor must not be interpreted."
TOO_FEW = (
    "Survival of its neighborhood is not shown: fewer than 20 tumors like it, or fewer than 60 in "
    "all, have a known outcome."
)


def show_survival(found: NeighborhoodSurvival | None, data: MapData) -> None:
    """Show the curves with what must be read with them.

    Args:
        found: The comparison; None where too little is known.
        data: The map, for what the figure cites.
    """
    if found is None:
        st.caption(TOO_FEW)
        return
    whole = found.cancer_type or "all tumor types"
    title = f"{found.endpoint} of its neighborhood against the rest of {whole}"
    st.markdown(f"**{plain_text(title)}**", help=MEANING)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        show_figure(
            partial(_draw, found, data),
            partial(_tabulate, found),
            name=f"{title}. {_say_all(found)}",
            caption=[*found.caveats, *source_lines(data)],
            key="patient_survival",
        )
    with right:
        for curve in found.curves:
            st.markdown(f"**{plain_text(curve.name)}**  \n{_say(curve)}")
        if found.log_rank is not None:
            st.markdown(f"Log-rank test: {formatting.p_value(found.log_rank.p_value)}")
        for caveat in found.caveats:
            st.caption(f":material/info: {plain_text(caveat)}")


def _draw(found: NeighborhoodSurvival, data: MapData, palette: Palette) -> go.Figure:
    options = CurveOptions(
        palette=palette,
        endpoint=found.endpoint,
        source=map_source(data),
        synthetic=data.synthetic,
    )
    return draw_curves(found.curves, options, found.log_rank)


def _tabulate(found: NeighborhoodSurvival) -> pd.DataFrame:
    """List the steps of both curves."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "Group": curve.name,
                    "Months": curve.times,
                    "Share": curve.survival,
                    "Lower": curve.lower,
                    "Upper": curve.upper,
                    "At risk": curve.at_risk(curve.times),
                }
            )
            for curve in found.curves
        ],
        ignore_index=True,
    )


def _say(curve: Curve) -> str:
    low, high = (formatting.months(end) for end in curve.median_interval)
    median = "median not reached"
    if math.isfinite(curve.median):
        median = f"median {formatting.months(curve.median)} ({low} to {high})"
    return f"n = {curve.n:,}, {count(curve.num_events, 'death')}, {median}"


def _say_all(found: NeighborhoodSurvival) -> str:
    groups = "; ".join(f"{curve.name}: {_say(curve)}" for curve in found.curves)
    if found.log_rank is None:
        return groups
    return f"{groups}; log-rank {formatting.p_value(found.log_rank.p_value)}"
