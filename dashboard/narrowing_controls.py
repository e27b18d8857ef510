"""The filter of the map: which tumors keep their color; the others stay as grey context."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import resources
from dashboard.coloring import NOT_GIVEN
from dashboard.foreground import ALTERED, GENE_STATES, Foreground, Narrowing
from dashboard.map_controls import DEFAULT_GENES, choose_from, choose_gene
from dashboard.map_resources import load_foreground
from dashboard.queries import OOD, MapData
from dashboard.resources import Choices, Published
from dashboard.wording import count

KINDS = {"all": "Every tumor", "label": "A label", "gene": "A gene", "number": "A number"}
MEANING = (
    "Tumors that do not match stay on the map in grey, so that places keep their meaning. A tumor "
    "in which a gene was not looked at is neither altered nor wild type."
)


def choose_foreground(key: Published, data: MapData, choices: Choices) -> Foreground | None:
    """Let the reader narrow the map to some tumors, and say how many they are.

    Returns:
        The tumors; None when every one keeps its color.
    """
    with st.expander("Filter", icon=":material/filter_alt:", key="map_filter"):
        kind = st.selectbox(
            "Show in color",
            list(KINDS),
            format_func=KINDS.__getitem__,
            key="only",
            bind="query-params",
            help=MEANING,
        )
        narrowing = None
        if kind == "label":
            narrowing = _by_label(key, data, choices)
        elif kind == "gene":
            narrowing = _by_gene()
        elif kind == "number":
            narrowing = _by_number(key, data, choices)
        if narrowing is None:
            return None
        found = load_foreground(key, data, data.layout_id, narrowing)
        st.caption(f"**{found.count:,}** of {count(len(data), 'tumor')} in color.")
        return found


def _by_label(key: Published, data: MapData, choices: Choices) -> Narrowing | None:
    offered = (*choices.labels, *(c for c in choices.predictions if c.key != OOD))
    choice = choose_from(offered, "Label of the filter", "only_label")
    labels = resources.load_labels(key, data, data.layout_id, choice.key)
    names = [*labels.names, *([NOT_GIVEN] if labels.num_missing else [])]
    values = st.multiselect(
        "Categories",
        names,
        key="only_values",
        bind="query-params",
        placeholder="Choose one or more",
        label_visibility="collapsed",
        wrap=True,
    )
    if not values:
        return None
    return Narrowing(kind="label", name=choice.key, title=choice.title, values=tuple(values))


def _by_gene() -> Narrowing | None:
    gene = choose_gene("only_gene", DEFAULT_GENES[0])
    states = st.pills(
        "States",
        GENE_STATES,
        default=[ALTERED],
        selection_mode="multi",
        key="only_states",
        bind="query-params",
        label_visibility="collapsed",
    )
    if gene is None or not states:
        return None
    return Narrowing(kind="gene", name=gene, title=gene, values=tuple(states))


def _by_number(key: Published, data: MapData, choices: Choices) -> Narrowing | None:
    strange = tuple(c for c in choices.predictions if c.key == OOD)
    choice = choose_from((*choices.numbers, *strange), "Number of the filter", "only_number")
    known = resources.load_numbers(key, data, data.layout_id, choice).known
    if not known.size:
        st.caption("No tumor on this map has that number.")
        return None
    low, high = (float(np.round(value, 6)) for value in (known[0], known[-1]))
    columns = st.columns(2, gap="small")
    least = columns[0].number_input(
        "From",
        value=None,
        key="only_from",
        bind="query-params",
        placeholder=f"{low:,.4g}",
        help="Smallest number in color, inclusive; empty for no bound.",
    )
    most = columns[1].number_input(
        "To",
        value=None,
        key="only_to",
        bind="query-params",
        placeholder=f"{high:,.4g}",
        help="Largest number in color, inclusive; empty for no bound.",
    )
    if least is None and most is None:
        return None
    return Narrowing(kind="number", name=choice.key, title=choice.title, low=least, high=most)
