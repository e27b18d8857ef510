"""What the reader asks on the Biomarkers page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from dashboard import resources
from dashboard.biomarker_outcomes import Offer, cohorts_of, read_outcome
from dashboard.biomarkers import Fixed, Request
from dashboard.glossary import meaning
from dashboard.queries import MapData
from engine.epidemiology.counts import Group

GENES, PAIRS = "Single genes", "Pairs of genes"


def choose_request(
    data: MapData, offers: tuple[Offer, ...]
) -> tuple[Request, dict[str, int]] | None:
    """Let the reader say what is asked; None while something is missing.

    Args:
        data: The map.
        offers: Outcomes that can be asked for, at least one.

    Returns:
        The request, and the tumors of known outcome by study.
    """
    chosen = _choose_outcome(offers)
    value = _choose_value(chosen)
    with resources.service().store.read() as reader:
        known = cohorts_of(read_outcome(reader, data, chosen.key, value), data)
    names = _short_names({name: data.studies[name].name for name in known})
    cohorts = st.multiselect(
        "Cohorts",
        list(known),
        default=list(known),
        format_func=lambda name: f"{names[name]} ({known[name]:,})",
        key=f"biomarker_cohorts_{chosen.key}",
        help="Patients are compared within a cohort only. In brackets: tumors of known outcome.",
        wrap=True,
    )
    pairs, group, fixed = _choose_test()
    if not cohorts:
        st.caption("Choose at least one cohort.")
        return None
    return Request(
        offer=chosen.key,
        value=value,
        cohorts=tuple(sorted(cohorts)),
        group=group,
        fixed=fixed,
        pairs=pairs,
    ), known


def _short_names(names: Mapping[str, str]) -> dict[str, str]:
    """Leave out what studies say of themselves in brackets, where they can be told apart without.

    Args:
        names: Name of each study.
    """
    short = {study: name.partition(" (")[0] for study, name in names.items()}
    times = Counter(short.values())
    return {study: short[study] if times[short[study]] == 1 else names[study] for study in names}


def _choose_outcome(offers: tuple[Offer, ...]) -> Offer:
    titles = {offer.key: offer for offer in offers}
    return titles[
        st.selectbox(
            "Outcome",
            list(titles),
            format_func=lambda name: titles[name].title,
            key="biomarker_outcome",
            help="What the studies state: response, follow-up, or a label such as a subtype.",
        )
    ]


def _choose_test() -> tuple[bool, Group, Fixed]:
    """Let the reader say whether pairs are asked about, how genes are altered, what is fixed."""
    what = st.segmented_control(
        "Look at", [GENES, PAIRS], default=GENES, required=True, key="biomarker_what"
    )
    group = st.selectbox(
        "Altered by",
        [Group.MUTATION, Group.AMPLIFICATION, Group.DEEP_DELETION],
        format_func=lambda g: str(g).capitalize(),
        key="biomarker_group",
    )
    fixed = st.selectbox(
        "Hold fixed",
        list(Fixed),
        format_func=lambda f: f.value,
        key="biomarker_fixed",
        help=f"{meaning('Held fixed')} **Burden**: {meaning('Burden')}",
    )
    return what == PAIRS, Group(group), Fixed(str(fixed))


def _choose_value(chosen: Offer) -> str:
    if not chosen.values:
        return ""
    return str(
        st.selectbox(
            "Which value, against all others",
            chosen.values,
            key=f"biomarker_value_{chosen.key}",
        )
    )
