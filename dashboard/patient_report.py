"""The report of the tumor that is shown: made when it is asked for, in the form that is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from dashboard import explanation_resources, resources
from dashboard.downloads import offer_download
from dashboard.explanations import Asked
from dashboard.neighborhood_survival import tell_survival
from dashboard.origins import say_of_neighbors
from dashboard.patient_subject import BoardSubject
from dashboard.report import Report, WhyTold
from dashboard.report_building import Behind, all_facts, build_report
from dashboard.report_formats import FORMS
from dashboard.report_forms import tumor_query, write_report
from dashboard.report_why import choose_asked, explain_fast, tell_stored
from dashboard.resources import Published

PAGE = "patient"
MEANING = (
    "One page for the board: what was sequenced, where the tumor lies, whether to trust that, who "
    "is like it, what the model would call it and why; with the versions of model, map and data. "
    "It is made on this server and sent nowhere."
)
MEANINGS = {
    "pdf": "One page of A4, to print.",
    "html": "One file that opens in any browser without a network, and prints.",
    "json": "Everything in the report as data, in a documented and versioned form.",
    "phenopacket": "What was sequenced in the form of GA4GH, for other programs; without what the "
    "model says.",
}
PSEUDONYM = (
    "Stands in the report instead of the id. No id of a sample, patient or study is then in it, "
    "nor an address that names one."
)


def offer_report(subject: BoardSubject) -> None:
    """Offer the report of a tumor in each form; nothing is made before it is asked for."""
    with st.popover("Report", icon=":material/description:", width="stretch"):
        st.caption(MEANING)
        wanted = subject
        if subject.pseudonym is None:
            name = st.text_input("Pseudonym, if any", key="report_pseudonym", help=PSEUDONYM)
            chosen = (name or "").strip() or None
            # The address of the Patient page names the tumor.
            link = None if chosen else subject.link or _address(subject)
            wanted = replace(subject, pseudonym=chosen, link=link)
        for form, about in FORMS.items():
            offer_download(
                about.title,
                partial(make_report, wanted, form),
                file_name=f"tumorxy-report{about.suffix}",
                mime=about.mime,
                width="stretch",
                help=MEANINGS[form],
                key=f"report_{form}",
            )


def make_report(subject: BoardSubject, form: str) -> bytes:
    """Make the report of a tumor.

    Args:
        subject: The tumor.
        form: One of `FORMS`.

    Returns:
        The bytes of the file.
    """
    return write_report(_build(subject), subject.data, subject.shown, form)


def _build(subject: BoardSubject) -> Report:
    case = subject.shown
    survival = subject.survival
    return build_report(
        case,
        Behind(
            data=subject.data,
            studies=resources.load_studies(subject.key),
            made_at=datetime.now().astimezone(),
            neighbors=subject.neighbors,
            survival=None if survival is None else tell_survival(survival),
            origins=tuple(say_of_neighbors(effect) for effect in subject.origins),
            facts=all_facts(resources.load_card(), case),
            own=resources.load_own_heads(subject.key),
            why=_why(subject),
            first_genes=resources.offered_genes(),
            pseudonym=subject.pseudonym,
            link=subject.link,
        ),
    )


def _why(subject: BoardSubject) -> WhyTold | None:
    """Tell what is stored, else what can be computed at once."""
    asked = choose_asked(subject.case, resources.load_card())
    if asked is None:
        return None
    explained = subject.explained
    if subject.row is not None:
        digest = subject.data.model_digest
        stored = explanation_resources.load_explanation(*explained.name, asked, digest)
        return tell_stored(stored) or _explain_stored(subject.key, *explained.name, asked)
    explainer = explanation_resources.load_explainer(subject.key)
    return explain_fast(explainer, explained.tokens(explainer), asked)


@st.cache_resource(max_entries=64, show_spinner=False)
def _explain_stored(key: Published, study_id: str, sample_id: str, asked: Asked) -> WhyTold | None:
    """Explain a stored tumor once for all forms of its report."""
    explainer = explanation_resources.load_explainer(key)
    tokens = explanation_resources.load_tokens(key, study_id, sample_id, explainer)
    return explain_fast(explainer, tokens, asked)


def _address(subject: BoardSubject) -> str | None:
    """Return the address that reopens a stored tumor; None where it is not stored."""
    here = st.context.url
    if subject.row is None or not here:
        return None
    parts = urlsplit(here)
    root = parts.path.rpartition("/")[0]
    query = tumor_query(subject.data, subject.row)
    return urlunsplit((parts.scheme, parts.netloc, f"{root}/{PAGE}", query, ""))
