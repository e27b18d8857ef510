"""Biomarkers: which alterations go with an outcome, in each cohort and in all of them."""

from __future__ import annotations

import streamlit as st

from dashboard import explanation_resources, resources
from dashboard.biomarker_controls import choose_request
from dashboard.biomarker_section import find_answer, show_answer
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.widgets import show_empty, show_header
from dashboard.wording import count

ICON = ":material/forest:"


def show_biomarkers(key: Published, data: MapData) -> None:
    """Show the choices beside the answer."""
    offers = explanation_resources.load_offers(key, data, data.layout_id)
    if not offers:
        show_empty(
            "No outcome to look at",
            "No study states a response, a follow-up or a label for 20 tumors or more. Import one "
            "with clinical files on the **Data** page.",
            ICON,
        )
        return
    left, right = st.columns([1, 3.7], gap="medium")
    with left:
        chosen = choose_request(data, offers)
        if chosen is not None:
            known = sum(number for name, number in chosen[1].items() if name in chosen[0].cohorts)
            st.caption(f"{count(known, 'tumor')} of known outcome; each patient counts once.")
    if chosen is None:
        return
    request = chosen[0]
    title = next(offer.title for offer in offers if offer.key == request.offer)
    with right:
        found = find_answer(key, data, request)
        if found is not None:
            show_answer(data, request, title, found)


def show_page() -> None:
    """Show the page, or what to do when there is no map."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    show_header("Biomarkers", synthetic=data is not None and data.synthetic)
    if key is None or data is None:
        show_empty(
            "No tumors to look at yet",
            "Run `make demo` for the bundled synthetic cohort, or import studies and make a map "
            "of them on the **Data** page.",
            ICON,
        )
    else:
        show_biomarkers(key, data)


show_page()
