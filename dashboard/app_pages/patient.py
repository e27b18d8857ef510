"""Patient: one tumor, stored or uploaded; where it lies, how far to trust it, who is like it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from dashboard import resources, warming
from dashboard.cases import uploaded_case
from dashboard.patient_board import BoardSubject, show_board
from dashboard.patient_typed import choose_typed, forget_typed
from dashboard.patient_upload import Uploaded, choose_upload, forget_upload, store_upload
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.saved_section import show_stale
from dashboard.widgets import addressed_tumor, find_tumor, guarded, show_empty, show_header
from dashboard.wording import count
from engine.readers.options import STUDY_ID

SOURCES = {
    "stored": "A stored tumor",
    "upload": "Upload a file",
    "typed": "Type alterations",
}


@st.fragment
@guarded
def show_patient() -> None:
    """Let the reader choose a tumor, and tell about it."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    if key is None or data is None:
        st.rerun()
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
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
    if source == "stored":
        with right:
            find_tumor(data, key="patient_search", label="Find a stored tumor")
        subject = _stored(key, data)
    elif source == "upload":
        with right:
            uploaded = choose_upload(key)
        with left:
            subject = _uploaded(key, data, uploaded)
    else:
        subject = _uploaded(key, data, choose_typed(key))
    show_stale(data, resources.load_choices(key).maps)
    if subject is not None:
        show_board(subject)
        return
    _advise(source)
    if source != "stored":
        # Loading takes seconds: it happens while the reader looks for the file.
        warming.begin(key)


def _stored(key: Published, data: MapData) -> BoardSubject | None:
    row = addressed_tumor(data)
    if row is None:
        return None
    with st.spinner("Reading this tumor and those most like it", show_time=True):
        case = resources.load_case(key, data, data.layout_id, row)
    return BoardSubject(key=key, data=data, case=case, row=row)


def _uploaded(key: Published, data: MapData, uploaded: Uploaded | None) -> BoardSubject | None:
    if uploaded is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = _choose_tumor([tumor.sample_id for tumor in uploaded.tumors])
        _offer_storing(uploaded, resources.load_studies(key)["study_id"].to_pylist())
    return BoardSubject(
        key=key,
        data=data,
        case=uploaded_case(data, uploaded.cohort, uploaded.tumors[place]),
        cohort=uploaded.cohort,
        vector=uploaded.vectors[place],
    )


def _choose_tumor(names: list[str]) -> int:
    if len(names) == 1:
        return 0
    return st.selectbox(
        f"{count(len(names), 'tumor')} in this file",
        range(len(names)),
        format_func=names.__getitem__,
        key="patient_tumor",
    )


def _advise(source: str) -> None:
    if source == "upload":
        show_empty(
            "Drop one patient's file",
            "A MAF, an annotated VCF, or a table with sample, gene and kind. It is read apart "
            "from the server, placed on the map, and forgotten with this browser session.",
            ":material/upload_file:",
        )
    elif source == "typed":
        show_empty(
            "Type what the report of the laboratory lists",
            "Choose each gene with its kind of alteration, say which genes were looked at, and "
            "place it on the map. Nothing is stored.",
            ":material/edit_note:",
        )
    else:
        show_empty(
            "Choose a tumor",
            "Search a part of its sample id, or open one from the Map page.",
            ":material/person_search:",
        )


def _forget() -> None:
    forget_upload()
    forget_typed()


def _offer_storing(uploaded: Uploaded, taken: Collection[str]) -> None:
    if uploaded.storable:
        with st.popover("Store this tumor", icon=":material/save:"):
            _ask_study_id(uploaded, taken)
    st.button("Forget this tumor", icon=":material/delete:", on_click=_forget, key="patient_forget")


def _ask_study_id(uploaded: Uploaded, taken: Collection[str]) -> None:
    st.caption(
        "It becomes a study of its own in the store of this server, where everybody who may open "
        "the dashboard sees it."
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


def _problem_with(study_id: str, taken: Collection[str]) -> str:
    if not STUDY_ID.fullmatch(study_id):
        return "Use letters, digits, “_”, “.” and “-”, beginning with a letter or digit."
    return "A study of this name is stored already: choose another." if study_id in taken else ""


def show_page() -> None:
    """Show the page, or what to do when there is no map to place a tumor on."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
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
