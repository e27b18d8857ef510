"""Which groups the reader compares. What is chosen stands in the page's address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from dashboard import chosen as chosen_set
from dashboard import resources
from dashboard.compare_groups import ANY, KINDS, MOST_GROUPS, REST, SELECTION, Asked, Source
from dashboard.compare_resources import load_type_names
from dashboard.explanation_resources import load_counted
from dashboard.glossary import meaning
from dashboard.outcome_facts import Endpoint
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.widgets import plain_text
from dashboard.wording import FIRST_LABELS, count

DEFAULT_GENES = ("KRAS", "STK11")
MOST_VALUES = 300
NO_LABEL = "study"

GONE = "compare_gone_sets"
"""Where the session keeps the sets that a link names and that are gone."""

SOURCE_HELP = (
    "**Sets**: tumors selected on the map, all others, and sets that were saved. **Label**: values "
    "of a clinical label. **Gene**: altered or wild type. **Pair**: two genes, both altered, one "
    "of them, or neither. Tumors that were not profiled for a gene are left out."
)


def choose_groups(key: Published, data: MapData) -> Asked | None:
    """Let the reader choose groups.

    Returns:
        What is asked for; None while it is incomplete, which is said.
    """
    source = st.segmented_control(
        "Groups from",
        list(Source),
        format_func=lambda s: s.value,
        default=Source.GENE,
        required=True,
        key="groups",
        bind="query-params",
        width="stretch",
        help=SOURCE_HELP,
    )
    kind = Source(source)
    if kind is Source.SETS:
        asked = _choose_sets(data)
    elif kind is Source.LABEL:
        asked = _choose_label(key, data)
    else:
        asked = _choose_genes(key, data, kind)
    types = _choose_types(key, data)
    return None if asked is None else replace(asked, types=types)


def _choose_sets(data: MapData) -> Asked | None:
    chosen_set.keep_in_address(data)
    selection = chosen_set.selected_id(data)
    saved = {s.set_id: s for s in resources.workspace().list_sets()}
    offered = [SELECTION, REST] if selection else []
    offered += list(saved)

    def write(token: str) -> str:
        fixed = {SELECTION: "Selection on the map", REST: "All other tumors"}
        return fixed.get(token) or str(saved[token].name)

    _tell_gone({write(token) for token in offered})
    if len(offered) < 2:
        st.info(
            "Select tumors with the lasso on the **Map** page, then come back: they are compared "
            "with all others. Selections that are saved there can be compared with each other.",
            icon=":material/lasso_select:",
        )
        return None

    chosen = st.multiselect(
        "Groups",
        offered,
        default=offered[:2],
        format_func=write,
        max_selections=MOST_GROUPS,
        key="sets",
        bind="query-params",
        on_change=_forget_gone,
        help="A tumor that is in more than one of them is put in none, and counted.",
        wrap=True,
    )
    if len(chosen) < 2:
        st.caption("Choose two groups or more.")
        return None
    members = [
        f"{token}:{selection}" if token in (SELECTION, REST) else f"set:{token}" for token in chosen
    ]
    return Asked(source=Source.SETS, members=tuple(members))


def _tell_gone(names: Collection[str]) -> None:
    """Say which sets of the link that was opened are gone, until others are chosen."""
    asked = st.query_params.get_all("sets")
    gone = [name for name in asked if name not in names]
    if gone:
        # The address loses them as soon as the choice is drawn.
        st.session_state[GONE] = gone
    if told := st.session_state.get(GONE):
        st.info(
            f"Not kept any more, or renamed since this link was made: {plain_text(', '.join(told))}"
            ". Choose other sets, or save these again on the **Map** page.",
            icon=":material/history:",
        )


def _forget_gone() -> None:
    st.session_state.pop(GONE, None)


def _choose_label(key: Published, data: MapData) -> Asked | None:
    choices = resources.load_choices(key)
    known = {choice.key: choice for choice in choices.labels}
    first = next((name for name in FIRST_LABELS if name in known), NO_LABEL)
    label = st.selectbox(
        "Label",
        list(known),
        index=list(known).index(first),
        format_func=lambda name: known[name].title,
        key="by_label",
        bind="query-params",
        help="A label that is known only after treatment, such as response, makes groups that "
        "seem to live longer by themselves: the page warns of it.",
    )
    names = resources.load_labels(key, data, data.layout_id, label).names[:MOST_VALUES]
    if len(names) < 2:
        st.caption("This label has one value only. Choose another.")
        return None
    chosen = st.multiselect(
        "Values",
        names,
        default=names[: min(len(names), 4)],
        max_selections=MOST_GROUPS,
        key=f"values_{label}",
        bind="query-params",
        help=f"Each is a group, at most {MOST_GROUPS}. Tumors of other values are left out.",
        wrap=True,
    )
    if len(chosen) < 2:
        st.caption("Choose two values or more.")
        return None
    return Asked(source=Source.LABEL, label=label, members=tuple(chosen))


def _choose_genes(key: Published, data: MapData, source: Source) -> Asked | None:
    features = load_counted(key, data, data.layout_id).features
    offered = sorted({feature.name for feature in features.features})
    genes = [_choose_gene(offered, "compare_a", 0)]
    if source is Source.PAIR:
        genes.append(_choose_gene(offered, "compare_b", 1))
    kind = st.selectbox(
        "Altered by",
        [*map(str, KINDS), ANY],
        format_func=str.capitalize,
        key="altered",
        bind="query-params",
        help="Known only where a tumor was looked at for it: many panels have no copy number, and "
        "fewer have fusions.",
    )
    if len(set(genes)) < len(genes):
        st.caption("Choose two different genes.")
        return None
    return Asked(source=source, genes=tuple(genes), kind=str(kind))


def _choose_gene(offered: list[str], name: str, place: int) -> str:
    default = DEFAULT_GENES[place]
    return str(
        st.selectbox(
            "Gene" if place == 0 else "Second gene",
            offered,
            index=offered.index(default) if default in offered else 0,
            key=name,
            bind="query-params",
            placeholder="Type a gene symbol",
        )
    )


def _choose_types(key: Published, data: MapData) -> tuple[str, ...]:
    offered = load_type_names(key, data, data.layout_id)
    return tuple(
        st.multiselect(
            "Only tumors of",
            offered,
            key="types",
            bind="query-params",
            placeholder="All tumor types",
            help=meaning("OncoTree", "Its types are found by name or by code."),
            wrap=True,
        )
    )


def choose_endpoint(followed: dict[Endpoint, int]) -> Endpoint | None:
    """Let the reader choose what the follow-up waits for.

    Args:
        followed: By endpoint, patients of the groups whose follow-up is known.
    """
    offered = [endpoint for endpoint, number in followed.items() if number]
    if not offered:
        return None
    if len(offered) == 1:
        return offered[0]
    chosen = st.radio(
        "Follow-up",
        offered,
        format_func=lambda e: f"{e.words} ({count(followed[e], 'patient')})",
        key="endpoint",
        bind="query-params",
    )
    return Endpoint(chosen)


def choose_group(names: tuple[str, ...], label: str, key: str, told: str, *, first: int = 0) -> int:
    """Let the reader choose one of the groups, `first` until then; returns its number."""
    place = st.selectbox(
        label,
        range(len(names)),
        index=first,
        format_func=names.__getitem__,
        key=key,
        bind="query-params",
        help=told,
    )
    return int(place)
