"""The section about outcome: survival of the neighborhood against the rest of its tumor type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import formatting
from dashboard.neighborhood_survival import NeighborhoodSurvival
from dashboard.survival_figures import CurveOptions, draw_curves
from dashboard.widgets import current_palette, plain_text
from dashboard.wording import count

if TYPE_CHECKING:
    from engine.epidemiology.survival_curves import Curve

MEANING = (
    "Kaplan-Meier curves: the share still alive by months, with its 95% interval as a band and the "
    "number still followed below. The neighborhood is the up to 75 tumors of its type that are "
    "most like it, one per patient; the others of the type are the rest. The log-rank test asks "
    "whether the two differ beyond chance; nothing is adjusted for."
)
REFUSED = "Its neighborhood is not compared, since the tumor must not be interpreted."
TOO_FEW = (
    "Survival of its neighborhood is not shown: fewer than 20 tumors like it, or fewer than 60 in "
    "all, have a known outcome."
)


def show_survival(found: NeighborhoodSurvival | None, source: str, *, synthetic: bool) -> None:
    """Show the curves with what must be read with them.

    Args:
        found: The comparison; None where too little is known.
        source: Map and model in a few words.
        synthetic: Whether a patient is synthetic.
    """
    if found is None:
        st.caption(TOO_FEW)
        return
    whole = found.cancer_type or "all tumor types"
    st.markdown(
        f"**{found.endpoint} of its neighborhood against the rest of {plain_text(whole)}**",
        help=MEANING,
    )
    options = CurveOptions(
        palette=current_palette(), endpoint=found.endpoint, source=source, synthetic=synthetic
    )
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        st.plotly_chart(
            draw_curves(found.curves, options, found.log_rank),
            key="patient_survival",
            config={"displayModeBar": False},
            alt=_alt(found),
        )
    with right:
        for curve in found.curves:
            st.markdown(f"**{plain_text(curve.name)}**  \n{_say(curve)}")
        if found.log_rank is not None:
            st.markdown(f"Log-rank test: {formatting.p_value(found.log_rank.p_value)}")
        for caveat in found.caveats:
            st.caption(f":material/info: {plain_text(caveat)}")


def _say(curve: Curve) -> str:
    low, high = (formatting.months(end) for end in curve.median_interval)
    median = "median not reached"
    if math.isfinite(curve.median):
        median = f"median {formatting.months(curve.median)} ({low} to {high})"
    return f"n = {curve.n:,}, {count(curve.num_events, 'death')}, {median}"


def _alt(found: NeighborhoodSurvival) -> str:
    groups = "; ".join(f"{curve.name}: {_say(curve)}" for curve in found.curves)
    test = (
        "" if found.log_rank is None else f"; log-rank {formatting.p_value(found.log_rank.p_value)}"
    )
    return f"{found.endpoint}. {groups}{test}"
