"""The predictions on the Patient page."""

from __future__ import annotations

import streamlit as st

from dashboard.cases import Case
from dashboard.predictions import UNCERTAIN, Answer, answers
from dashboard.widgets import plain_text

MEANING = (
    "Answers of calibrated models on top of the encoder, trained on TCGA. A probability of 80% "
    "should be right in 8 of 10 such tumors; the 95% interval says how far it depends on the "
    "patients it was trained on. The Model page shows how well each does."
)
UNSURE = "The interval of the likeliest answer reaches below one half: do not rely on it."


def show_predictions(case: Case) -> None:
    """Show what the heads say, where the tumor may be interpreted at all."""
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
            _show_answer(answer)
    st.caption("Research use only. Probability with its 95% interval.")


def _show_answer(answer: Answer) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain_text(answer.title)}**", width="stretch")
            if answer.flag == UNCERTAIN:
                st.badge("uncertain", color="orange", help=UNSURE)
        for guess in answer.guesses:
            st.progress(guess.probability, text=plain_text(guess.text))
