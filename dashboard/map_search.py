"""One field that finds tumors, genes, labels and categories on the map."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard import address, queries, resources
from dashboard.map_controls import KINDS
from dashboard.queries import MapData
from dashboard.resources import Choices, Published
from dashboard.widgets import plain_text, tumor_key

TEXT, MATCH = "map_search_text", "map_search_match"
FEWEST_LETTERS = 2
MOST_TUMORS, MOST_GENES, MOST_OTHERS = 20, 6, 6

HELP = (
    "Type at least two characters of a sample id, a gene symbol, a label or a category, then "
    "choose a match: a tumor is marked, a gene or label colors the map."
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """Something that was found.

    Attributes:
        kind: `tumor`, `gene`, `label`, `number`, `prediction` or `category`.
        name: Key by which it is applied.
        text: What the reader chooses from.
    """

    kind: str
    name: str
    text: str


def show_search(key: Published, data: MapData, choices: Choices) -> None:
    """Show the field and, once something is typed, the matches."""
    text = st.text_input(
        "Find",
        key=TEXT,
        type="search",
        live="300ms",
        placeholder="Tumor, gene or label",
        help=HELP,
    )
    wanted = (text or "").strip()
    if len(wanted) < FEWEST_LETTERS:
        return
    found = {
        f"{match.kind}:{match.name}": match for match in find_matches(key, data, choices, wanted)
    }
    if not found:
        st.caption(f"No tumor, gene or label on this map matches “{plain_text(wanted[:40])}”.")
        return
    st.selectbox(
        "Matches",
        list(found),
        index=None,
        format_func=lambda name: found[name].text if name in found else name,
        key=MATCH,
        placeholder=f"{len(found)} found: choose one",
        label_visibility="collapsed",
        on_change=_apply,
    )


def find_matches(key: Published, data: MapData, choices: Choices, text: str) -> list[Match]:
    """Find what the reader may mean, genes first.

    Args:
        key: The snapshot.
        data: The map.
        choices: What the map can be colored by.
        text: What was typed, at least two characters.
    """
    several = len(data.studies) > 1
    rows = queries.find_rows(data, text, MOST_TUMORS).tolist()
    tumors = []
    for row in rows:
        study_id, _, sample_id = tumor_key(data, row).partition("/")
        shown = f"{sample_id} · {study_id}" if several else sample_id
        tumors.append(Match(kind="tumor", name=f"{study_id}/{sample_id}", text=f"Tumor {shown}"))
    return [*_genes(text), *_choices(choices, text), *_categories(key, data, text), *tumors]


def _genes(text: str) -> list[Match]:
    begun = [gene for gene in resources.offered_genes() if gene.startswith(text.upper())]
    exact = resources.approved_symbol(text)
    names = list(dict.fromkeys([*([exact] if exact else []), *begun]))[:MOST_GENES]
    return [Match(kind="gene", name=name, text=f"Gene {name}") for name in names]


def _choices(choices: Choices, text: str) -> list[Match]:
    offered = {
        "label": choices.labels,
        "number": choices.numbers,
        "prediction": choices.predictions,
    }
    found = [
        Match(kind=kind, name=choice.key, text=f"{KINDS[kind]} {choice.title}")
        for kind, group in offered.items()
        for choice in group
        if text.casefold() in choice.title.casefold()
    ]
    return found[:MOST_OTHERS]


def _categories(key: Published, data: MapData, text: str) -> list[Match]:
    names = resources.load_labels(key, data, data.layout_id, queries.CANCER_TYPE).names
    found = [name for name in names if text.casefold() in name.casefold()][:MOST_OTHERS]
    return [Match(kind="category", name=name, text=f"Cancer type {name}") for name in found]


WIDGETS = {"gene": "gene", "label": "label", "number": "number", "prediction": "predicted"}
"""Control that a match sets, by its kind."""


def _apply() -> None:
    """Do what the chosen match means; the controls follow."""
    kind, _, name = (st.session_state.get(MATCH) or "").partition(":")
    if kind == "tumor":
        address.write(address.SAMPLE, name)
    elif kind == "category":
        st.session_state["by"] = "label"
        st.session_state["label"] = queries.CANCER_TYPE
        st.session_state["highlight"] = [name]
    elif kind in WIDGETS:
        st.session_state["by"] = kind
        st.session_state[WIDGETS[kind]] = name
