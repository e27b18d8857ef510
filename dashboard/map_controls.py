"""The controls beside the map. What is chosen stands in the page's address."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.queries import Choice, MapData
from dashboard.resources import Choices, ColorBy, Published
from dashboard.theme import MOST_COLORS
from dashboard.widgets import plain_text

KINDS = {"label": "Label", "gene": "Gene", "number": "Number"}

COLOR_HELP = (
    "**Label**: study, cancer type or a clinical label such as PAM50. "
    "**Gene**: how one gene is altered; tumors in which it was not looked at are drawn apart. "
    "**Number**: burden, fraction of the genome altered, age and the like."
)

DEFAULT_GENE = "TP53"


def choose_map(choices: Choices) -> str | None:
    """Let the reader choose a map, where there are several.

    Returns:
        Its name; None for the latest.
    """
    if len(choices.maps) < 2:
        return None
    return st.selectbox(
        "Map",
        choices.maps,
        key="map",
        bind="query-params",
        help="Maps that were fitted under different names. The newest version is shown.",
    )


def choose_coloring(key: Published, data: MapData, choices: Choices) -> ColorBy | None:
    """Let the reader choose what the colors show.

    Returns:
        The choice; None while a gene is named that nobody knows.
    """
    kind = st.segmented_control(
        "Color by",
        list(KINDS),
        format_func=KINDS.__getitem__,
        default="label",
        required=True,
        key="by",
        bind="query-params",
        width="stretch",
        help=COLOR_HELP,
    )
    if kind == "gene":
        return _choose_gene()
    if kind == "number":
        return _choose_number(choices)
    return _choose_label(key, data, choices)


def _choose_label(key: Published, data: MapData, choices: Choices) -> ColorBy:
    known = {choice.key: choice for choice in (*choices.labels, *choices.predictions)}
    chosen = st.selectbox(
        "Label",
        list(known),
        format_func=lambda label: known[label].title,
        key="label",
        bind="query-params",
        label_visibility="collapsed",
    )
    choice = known[chosen]
    names = sorted(resources.load_labels(key, data, data.layout_id, choice.key).names)
    highlight: list[str] = []
    if len(names) > MOST_COLORS:
        highlight = st.multiselect(
            "Highlight",
            names,
            max_selections=MOST_COLORS,
            key="highlight",
            bind="query-params",
            placeholder=f"{len(names)} categories: search one",
            help=f"At most {MOST_COLORS} colors can be told apart. The most frequent categories "
            "have one; name others here to color those instead.",
        )
    return ColorBy(kind="label", choice=choice, highlight=tuple(highlight))


def _choose_number(choices: Choices) -> ColorBy:
    known = {choice.key: choice for choice in choices.numbers}
    chosen = st.selectbox(
        "Number",
        list(known),
        format_func=lambda number: known[number].title,
        key="number",
        bind="query-params",
        label_visibility="collapsed",
    )
    return ColorBy(kind="number", choice=known[chosen])


def _choose_gene() -> ColorBy | None:
    offered = resources.offered_genes()
    typed = st.selectbox(
        "Gene",
        offered,
        index=offered.index(DEFAULT_GENE),
        key="gene",
        bind="query-params",
        accept_new_options=True,
        label_visibility="collapsed",
        placeholder="Type a gene symbol",
        help="Genes of common cancer panels are listed; any other symbol can be typed.",
    )
    symbol = (typed or DEFAULT_GENE).strip()
    approved = resources.gene_table().resolve([symbol, symbol.upper()], genome=None).approved
    found = next((name for name in approved if name), None)
    if found is None:
        st.warning(
            f"“{plain_text(symbol[:30])}” is not a gene symbol that is known. Type an "
            "approved symbol, such as KMT2D, or an earlier one, such as MLL2."
        )
        return None
    if found != symbol:
        st.caption(f"{plain_text(symbol[:30])} is now called **{found}**.")
    return ColorBy(kind="gene", choice=Choice(key=found, title=found))
