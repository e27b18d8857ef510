"""Patient: one tumor, stored or uploaded; where it lies, how far to trust it, who is like it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from dashboard import resources
from dashboard.cases import Case, uploaded_case
from dashboard.origins import explain_by_source
from dashboard.patient_predictions import show_predictions
from dashboard.patient_sections import (
    show_alterations,
    show_clinical,
    show_neighbors,
    show_place,
    show_sequenced,
    show_trust,
)
from dashboard.patient_upload import Uploaded, choose_upload, forget_upload, store_upload
from dashboard.patient_why import Subject, show_explanations
from dashboard.queries import CANCER_TYPE, SAMPLE_LABELS, STUDY, MapData, Objects
from dashboard.resources import Published
from dashboard.widgets import addressed_tumor, find_tumor, guarded, show_empty, show_header
from dashboard.wording import FIRST_LABELS, count
from engine.readers.options import STUDY_ID

# The map card is as high as the cards beside it, and never too low to read.
STYLE = """<style>
.st-key-patient_map { min-height: 440px; }
</style>"""

SOURCES = {"stored": "A stored tumor", "upload": "Upload a file"}


@st.fragment
@guarded
def show_patient() -> None:
    """Let the reader choose a tumor, and tell about it."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    if key is None or data is None:
        st.rerun()
    first, middle, last = st.columns([1.05, 1.75, 1.05], gap="medium")
    with first:
        source = st.segmented_control(
            "Tumor",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            default="stored",
            required=True,
            key="source",
            bind="query-params",
            width="stretch",
        )
        uploaded = choose_upload(key) if source == "upload" else None
        case = _uploaded(data, uploaded) if source == "upload" else _stored(key, data)
    if case is None:
        with middle:
            _advise(source)
        if source == "upload":
            # Loading takes seconds: it happens while the reader looks for the file.
            resources.load_placer(key)
        return
    with first:
        show_sequenced(case)
    with middle:
        show_place(data, case)
    with last:
        show_trust(case, explain_by_source(data, case.neighbors))
        if uploaded is not None:
            _offer_storing(uploaded, resources.load_studies(key)["study_id"].to_pylist())
    show_neighbors(data, case, _labels(key, data))
    show_predictions(case, resources.load_own_heads(key), resources.load_card())
    row = addressed_tumor(data) if source == "stored" else None
    cohort = uploaded.cohort if uploaded is not None else None
    show_explanations(Subject(key=key, data=data, case=case, row=row, cohort=cohort))
    show_alterations(case)
    show_clinical(case)


def _stored(key: Published, data: MapData) -> Case | None:
    find_tumor(data, key="patient_search", label="Find a stored tumor")
    row = addressed_tumor(data)
    return None if row is None else resources.load_case(key, data, data.layout_id, row)


def _uploaded(data: MapData, uploaded: Uploaded | None) -> Case | None:
    if uploaded is None:
        return None
    names = [tumor.sample_id for tumor in uploaded.tumors]
    place = 0
    if len(names) > 1:
        place = st.selectbox(
            f"{count(len(names), 'tumor')} in this file",
            range(len(names)),
            format_func=names.__getitem__,
            key="patient_tumor",
        )
    return uploaded_case(data, uploaded.cohort, uploaded.tumors[place])


def _advise(source: str) -> None:
    if source == "upload":
        show_empty(
            "Drop one patient's file",
            "A MAF, an annotated VCF, or a table with sample, gene and kind. It is read apart "
            "from the server, placed on the map, and forgotten with this browser session.",
            ":material/upload_file:",
        )
    else:
        show_empty(
            "Choose a tumor",
            "Search a part of its sample id, or open one from the Map page.",
            ":material/person_search:",
        )


def _offer_storing(uploaded: Uploaded, taken: Collection[str]) -> None:
    with st.popover("Store this tumor", icon=":material/save:", width="stretch"):
        st.caption(
            "It becomes a study of its own in the store of this server, where everybody who may "
            "open the dashboard sees it."
        )
        study_id = st.text_input(
            "Study id", key="patient_study_id", placeholder="For example board_2026_07"
        )
        problem = _problem_with(study_id or "", taken)
        if study_id and problem:
            st.caption(problem)
        if st.button("Store", type="primary", disabled=bool(problem), key="patient_store"):
            store_upload(uploaded, study_id or "")
            st.success("A job stores it now: see the Data page.")
    st.button(
        "Forget this upload",
        icon=":material/delete:",
        on_click=forget_upload,
        width="stretch",
        key="patient_forget",
    )


def _problem_with(study_id: str, taken: Collection[str]) -> str:
    if not STUDY_ID.fullmatch(study_id):
        return "Use letters, digits, “_”, “.” and “-”, beginning with a letter or digit."
    return "A study of this name is stored already: choose another." if study_id in taken else ""


def _labels(key: Published, data: MapData) -> dict[str, Objects]:
    titles = {CANCER_TYPE: SAMPLE_LABELS[CANCER_TYPE]}
    if len(data.studies) > 1:
        titles[STUDY] = SAMPLE_LABELS[STUDY]
    known = {choice.key: choice.title for choice in resources.load_choices(key).labels}
    titles |= {label: known[label] for label in FIRST_LABELS if label in known}
    return {
        title: resources.load_label(key, data, data.layout_id, label)
        for label, title in titles.items()
    }


def show_page() -> None:
    """Show the page, or what to do when there is no map to place a tumor on."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    st.html(STYLE)
    show_header("Patient", synthetic=data is not None and data.synthetic)
    if data is None:
        show_empty(
            "No map yet, so no tumor can be placed",
            "Run `make demo` for the bundled synthetic cohort, or import a study and make a map "
            "on the **Data** page.",
            ":material/person_search:",
        )
    else:
        show_patient()


show_page()
