"""One tumor in the order in which a tumor board thinks, for the Patient and the Board page."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.cases import Case
from dashboard.decision_section import show_decisions
from dashboard.patient_map import show_place
from dashboard.patient_predictions import show_predictions
from dashboard.patient_report import offer_report
from dashboard.patient_sections import (
    show_alterations,
    show_clinical,
    show_neighbors,
    show_sequenced,
    show_trust,
)
from dashboard.patient_subject import BoardSubject
from dashboard.patient_survival import REFUSED, show_survival
from dashboard.patient_why import show_explanations
from dashboard.queries import CANCER_TYPE, SAMPLE_LABELS, STUDY, MapData, Objects
from dashboard.resources import Published
from dashboard.saved_section import show_saved
from dashboard.wording import FIRST_LABELS

__all__ = ["BoardSubject", "show_board"]

TOLD_ALREADY = {"OS_STATUS", "RESPONSE"}
"""Labels that the table of neighbors tells in columns of its own."""


def show_board(subject: BoardSubject) -> None:
    """Show a tumor: what was sequenced, where it lies, whether to trust that, who is like it, why.

    Args:
        subject: The tumor.
    """
    case = subject.shown
    first, middle, last = st.columns([1.05, 1.75, 1.05], gap="medium")
    with first:
        show_sequenced(case)
    with middle:
        show_place(subject.key, subject.data, case, named=subject.pseudonym is None)
    with last:
        show_trust(case, subject.origins)
        offer_report(subject)
        if subject.row is not None and subject.pseudonym is None:
            show_saved(subject.data, "patient")
    _show_like_it(subject)
    show_predictions(case, resources.load_own_heads(subject.key), resources.load_card())
    show_explanations(subject.explained)
    show_alterations(case)
    show_clinical(case)
    show_decisions(subject)


def _show_like_it(subject: BoardSubject) -> None:
    case, named = subject.shown, subject.pseudonym is None
    labels = _labels(subject.key, subject.data, case, named=named)
    show_neighbors(subject.shown_data, case, subject.neighbors, labels)
    if case.out_of_distribution:
        st.caption(REFUSED)
    elif len(case.neighbors):
        show_survival(subject.survival, subject.shown_data)


def _labels(key: Published, data: MapData, case: Case, *, named: bool) -> dict[str, Objects]:
    """Return labels of the neighbors by title, each (K,)."""
    titles = {CANCER_TYPE: SAMPLE_LABELS[CANCER_TYPE]}
    if named and len(data.studies) > 1:
        titles[STUDY] = SAMPLE_LABELS[STUDY]
    known = {choice.key: choice.title for choice in resources.load_choices(key).labels}
    first = [label for label in FIRST_LABELS if label not in TOLD_ALREADY]
    titles |= {label: known[label] for label in first if label in known}
    return {
        title: resources.load_labels(key, data, data.layout_id, label).at(case.neighbors)
        for label, title in titles.items()
    }
