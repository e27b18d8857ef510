"""The controls beside the map. What is chosen stands in the page's address."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.glossary import meaning
from dashboard.queries import Choice, MapData
from dashboard.resources import Choices, ColorBy, Published
from dashboard.scene import MOST_PANELS
from dashboard.theme import MOST_COLORS
from dashboard.widgets import plain_text

KINDS = {
    "label": "Label",
    "gene": "Gene",
    "pair": "Two genes",
    "number": "Number",
    "prediction": "Prediction",
}

COLOR_HELP = (
    "**Label**: study, cancer type or a clinical label such as PAM50. "
    "**Gene**: how one gene is altered; tumors in which it was not looked at are drawn apart. "
    "**Two genes**: altered in both, in one, in neither. "
    "**Number**: burden, fraction of the genome altered, age and the like. "
    "**Prediction**: what the model tells of each tumor, and how unlike the reference it is."
)
SPLIT_HELP = (
    "Maps side by side show the same tumors in the same places, each colored by something else. "
    "They move together, and a selection in one is seen in all."
)

DEFAULT_GENES = ("TP53", "KRAS")
DEFAULT_KINDS = ("label", "gene", "number", "label")
"""What the first, second, third and fourth map are colored by until the reader chooses."""


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
        help=meaning("Map", "The newest version of each name is shown."),
    )


def choose_colorings(key: Published, data: MapData, choices: Choices) -> list[ColorBy | None]:
    """Let the reader choose how many maps stand side by side, and what each is colored by.

    Returns:
        One choice for each map; None while a gene is named that nobody knows.
    """
    first = _choose_coloring(key, data, choices, 1)
    num_maps = st.segmented_control(
        "Maps side by side",
        range(1, MOST_PANELS + 1),
        default=1,
        required=True,
        key="maps",
        bind="query-params",
        width="stretch",
        help=SPLIT_HELP,
    )
    further = [
        _choose_coloring(key, data, choices, number) for number in range(2, int(num_maps) + 1)
    ]
    return [first, *further]


def widget_key(name: str, number: int) -> str:
    """Name a control of one of the maps, and its parameter in the address: `gene`, `gene2`."""
    return name if number == 1 else f"{name}{number}"


def _choose_coloring(
    key: Published, data: MapData, choices: Choices, number: int
) -> ColorBy | None:
    kinds = [kind for kind in KINDS if kind != "prediction" or choices.predictions]
    kind = st.selectbox(
        "Color by" if number == 1 else f"Color map {number} by",
        kinds,
        index=kinds.index(DEFAULT_KINDS[number - 1]),
        format_func=KINDS.__getitem__,
        key=widget_key("by", number),
        bind="query-params",
        help=COLOR_HELP,
    )
    if kind == "gene":
        gene = choose_gene(widget_key("gene", number), DEFAULT_GENES[0])
        return None if gene is None else ColorBy(kind="gene", choice=Choice(key=gene, title=gene))
    if kind == "pair":
        return _choose_pair(number)
    if kind == "number":
        name = widget_key("number", number)
        return ColorBy(kind="number", choice=choose_from(choices.numbers, "Number", name))
    if kind == "prediction":
        name = widget_key("predicted", number)
        chosen = choose_from(choices.predictions, "Prediction", name)
        return _with_highlight(key, data, ColorBy(kind="prediction", choice=chosen), number)
    chosen = choose_from(choices.labels, "Label", widget_key("label", number))
    return _with_highlight(key, data, ColorBy(kind="label", choice=chosen), number)


def choose_from(choices: tuple[Choice, ...], label: str, key: str) -> Choice:
    """Let the reader choose a label or number.

    Args:
        choices: At least one.
        label: Of the field, for a screen reader.
        key: Name of the widget and of its parameter in the address.
    """
    known = {choice.key: choice for choice in choices}
    chosen = st.selectbox(
        label,
        list(known),
        format_func=lambda name: known[name].title,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return known[chosen]


def _with_highlight(key: Published, data: MapData, by: ColorBy, number: int) -> ColorBy:
    """Let the reader name the categories to color, where there are more than colors."""
    if resources.is_number(by):
        return by
    names = sorted(resources.load_labels(key, data, data.layout_id, by.choice.key).names)
    if len(names) <= MOST_COLORS:
        return by
    highlight = st.multiselect(
        "Highlight",
        names,
        max_selections=MOST_COLORS,
        key=widget_key("highlight", number),
        bind="query-params",
        placeholder=f"{len(names)} categories: search one",
        help=f"At most {MOST_COLORS} colors can be told apart. The most frequent categories "
        "have one; name others here to color those instead.",
        wrap=True,
    )
    return ColorBy(kind=by.kind, choice=by.choice, highlight=tuple(highlight))


def _choose_pair(number: int) -> ColorBy | None:
    columns = st.columns(2, gap="small")
    names = (widget_key("gene", number), widget_key("gene_b", number))
    genes = []
    for column, name, default in zip(columns, names, DEFAULT_GENES, strict=True):
        with column:
            genes.append(choose_gene(name, default))
    first, second = genes
    if first is None or second is None:
        return None
    if first == second:
        st.caption("Choose two different genes.")
        return None
    choice = Choice(key=first, title=f"{first} and {second}")
    return ColorBy(kind="pair", choice=choice, other=second)


def choose_gene(key: str, default: str) -> str | None:
    """Let the reader choose a gene, or type one.

    Args:
        key: Name of the widget and of its parameter in the address.
        default: Chosen at first.

    Returns:
        Its approved symbol; None, with a sentence, where nobody knows it.
    """
    offered = resources.offered_genes()
    typed = st.selectbox(
        "Gene",
        offered,
        index=offered.index(default),
        key=key,
        bind="query-params",
        accept_new_options=True,
        label_visibility="collapsed",
        placeholder="Type a gene symbol",
        help="Genes of common cancer panels are listed; any other symbol can be typed.",
    )
    symbol = (typed or default).strip()
    found = resources.approved_symbol(symbol)
    if found is None:
        st.warning(
            f"“{plain_text(symbol[:30])}” is not a gene symbol that is known. Type an "
            "approved symbol, such as KMT2D, or an earlier one, such as MLL2."
        )
    elif found != symbol:
        st.caption(f"{plain_text(symbol[:30])} is now called **{found}**.")
    return found
