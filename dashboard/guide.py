"""The guide around all pages: a help sheet with keys and terms, and the tour of a first visit.

Both live in the reader's browser. Opening them runs no page again, and what was seen is remembered
there and nowhere else.
"""

from __future__ import annotations

import streamlit as st

from dashboard.glossary import TERMS
from dashboard.map_component.assets import packaged_component
from dashboard.theme import RESEARCH_USE

GUIDE = "app_guide"
"""Key of its container; it floats, so that it takes no place in a page."""

NOTICE = (
    f"{RESEARCH_USE}. TumorXY is not a medical device: what it shows may be wrong for a single "
    "patient. Sets, views and decisions that you keep stay in the store of this dashboard; nothing "
    "is sent to another host."
)


def _link(page: str) -> str:
    return f'[data-testid="stTopNavLink"][href$="/{page}"]'


STEPS = (
    {
        "title": "Every point is one tumor",
        "text": "Tumors with alike alterations lie close together. Color the map by a label, a "
        "gene, a pair or a number, then draw around tumors to see what sets them apart.",
        "anchor": '[data-testid="tumorxy-map"], [data-testid="stTopNavLink"][href$="/"]',
    },
    {
        "title": "Place a patient",
        "text": "On the Patient page, drop a MAF, a VCF or a panel table, or type the alterations. "
        "Nothing is stored unless you ask for it.",
        "anchor": _link("patient"),
    },
    {
        "title": "Compare groups",
        "text": "Keep what you selected as a named set, and compare two or more sets: survival, "
        "genes, pairs and labels, with the number of patients beside every claim.",
        "anchor": _link("compare"),
    },
    {
        "title": "Know how far to trust it",
        "text": "A tumor unlike the reference is marked “do not interpret”. The Model page tells "
        "what was measured. Every term has an explanation: press ? for this help.",
        "anchor": _link("model"),
    },
)
"""The tour: title, text, and what the ring is drawn around."""

KEYS = (
    (
        "All pages",
        (
            ("?", "This help"),
            ("Tab", "Next control"),
            ("Shift+Tab", "Control before"),
            ("Enter, Space", "Use the control"),
            ("Esc", "Close what is open"),
        ),
    ),
    (
        "Meeting on the Board",
        (
            ("Right, Page Down, N", "Next case"),
            ("Left, Page Up, P", "Case before"),
            ("D", "To the decision form"),
            ("F", "Full screen"),
        ),
    ),
)
"""Keys of the pages by group; those of the map stand in its own script."""

_guide = packaged_component("guide")


def mount_guide() -> None:
    """Mount the guide; call once a run, outside of fragments."""
    terms = sorted(TERMS.items(), key=lambda item: item[0].lower())
    with st.container(key=GUIDE):
        _guide()(
            key=f"{GUIDE}_component",
            data={"steps": STEPS, "keys": KEYS, "terms": terms, "notice": NOTICE},
            height=1,
        )
