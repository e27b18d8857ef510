"""Explain an uploaded tumor: within the page, or in a child process with progress and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import child_call, explanation_resources, resources
from dashboard.explaining import Explainer, explain_apart
from dashboard.explanations import Asked, Explanation

if TYPE_CHECKING:
    from engine.tokens import TumorTokens

MOST_AT_ONCE = 24
"""Alterations that are explained within the page, in 0.2 to 0.6 s; more go to another process."""


def explain_upload(tokens: TumorTokens, asked: Asked, explainer: Explainer) -> Explanation | None:
    """Explain what was uploaded; nothing of it is stored.

    Args:
        tokens: The tumor as the model reads it.
        asked: What is explained.
        explainer: The model in memory.

    Returns:
        The explanation; None before the reader has asked for that of a tumor with many alterations.
    """
    kept = explanation_resources.kept_explanation(tokens, asked)
    if kept is not None:
        return kept
    if explanation_resources.num_units(tokens, explainer) <= MOST_AT_ONCE:
        with st.spinner("Explaining"):
            return explanation_resources.explain_upload(tokens, asked, explainer)
    st.caption(
        "This tumor has many alterations: explaining it takes some seconds, in a process of its "
        "own. Nothing of it is stored."
    )
    if not st.button("Compute it", icon=":material/play_arrow:", key="why_upload_start"):
        return None
    bar, stop = st.progress(0.0, text="Starting"), st.empty()
    stop.button("Cancel", icon=":material/stop_circle:", key="why_upload_cancel")

    def told(stage: str, done: int, total: int) -> None:
        bar.progress(min(done / total, 1.0) if total else 0.0, text=stage)

    home = resources.settings().home
    found: Explanation = child_call.call(explain_apart, home, tokens, asked, progress=told)
    explanation_resources.keep_explanation(tokens, asked, found)
    bar.empty()
    stop.empty()
    return found
