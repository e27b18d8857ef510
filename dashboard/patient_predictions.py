"""The predictions on the Patient page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.cases import Case
from dashboard.outcomes import OwnHeadSummary
from dashboard.predictions import UNCERTAIN, Answer, answers
from dashboard.widgets import plain_text

MEANING = (
    "Answers of calibrated models on top of the encoder, trained on TCGA. A probability of 80% "
    "should be right in 8 of 10 such tumors; the 95% interval says how far it depends on the "
    "patients it was trained on. The Model page shows how well each does."
)
UNSURE = "The interval of the likeliest answer reaches below one half: do not rely on it."


OWN = (
    "You trained this head on labels of your own. Its figures come from nested cross-validation: "
    "each patient was predicted by a head that had not seen that patient. "
)


def show_predictions(case: Case, own: Sequence[OwnHeadSummary]) -> None:
    """Show what the heads say, where the tumor may be interpreted at all.

    Args:
        case: The tumor.
        own: The heads that the user trained, which are marked as such.
    """
    found = answers(case.predictions)
    if not found:
        return
    st.subheader("What the model would call it", anchor=False, help=MEANING)
    if case.out_of_distribution:
        st.warning(
            "The tumor is unlike the reference, so no probability is shown: it would not hold.",
            icon=":material/block:",
        )
        return
    with st.grid(3, min_column_width=300):
        for answer in found:
            _show_answer(answer, {head.task: head for head in own}.get(answer.task))
    st.caption("Research use only. Probability with its 95% interval.")


def _show_answer(answer: Answer, own: OwnHeadSummary | None) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain_text(answer.title)}**", width="stretch")
            if answer.flag == UNCERTAIN:
                st.badge("uncertain", color="orange", help=UNSURE)
            if own is not None:
                st.badge("your head", color="blue", help=OWN + own.verdict)
        for guess in answer.guesses:
            st.progress(guess.probability, text=plain_text(guess.text))
        if own is not None:
            _tell_evidence(own)


def _tell_evidence(own: OwnHeadSummary) -> None:
    auroc = own.auroc
    st.caption(
        f"n = {own.num_tumors} tumors of {own.num_patients} patients; cross-validated AUROC "
        f"{auroc['value']:.2f} ({auroc['low']:.2f} to {auroc['high']:.2f})."
    )
    if not own.beats_simple:
        st.caption(f":orange[:material/warning: {plain_text(own.verdict)}]")
