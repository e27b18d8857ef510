"""The section What if of the Patient page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import explanation_resources, resources
from dashboard.cases import Case
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.explaining import Explainer
from dashboard.glossary import meaning
from dashboard.map_view import show_scene
from dashboard.patient_map import BY_TYPE
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.scene import OverlayLine, OverlayPoint, Scene, make_panel
from dashboard.selection import source_lines
from dashboard.what_if import (
    KINDS_TO_ADD,
    Changed,
    alterations_of,
    change_tumor,
    names_to_add,
)
from dashboard.widgets import current_palette, guarded, show_error
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.tokens import TumorTokens

MOST_PILLS = 40
HEIGHT = 400
TAKEN = (
    "What is marked is taken out of the tumor. The gene counts as looked at and not altered; the "
    "mutation burden and the covariates follow."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Where:
    """The map that a change moves a tumor on.

    Attributes:
        key: The snapshot.
        data: The map.
        named: Whether pointing at a tumor tells its id; never in a meeting.
    """

    key: Published
    data: MapData
    named: bool


@st.fragment
@guarded
def show_what_if(where: Where, case: Case, explainer: Explainer, tokens: TumorTokens) -> None:
    """Let the reader toggle alterations, and show what follows.

    Args:
        where: The map.
        case: The tumor.
        explainer: The model in memory.
        tokens: The tumor as the model reads it.
    """
    st.header("What if", anchor=False, help=meaning("What if"))
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        removed = _choose_removed(case, explainer, tokens)
        added = _choose_added(case, explainer, tokens)
    try:
        unchanged = explanation_resources.load_unchanged(explainer, tokens, case.cancer_type)
        told = change_tumor(explainer, unchanged, removed, added)
    except EngineError as error:
        show_error(error)
        return
    with left:
        _tell(told, is_changed=bool(removed or added))
    with right:
        show_scene(move_scene(where, told), key="what_if_map", height=HEIGHT)
        st.caption("Both points are placed as a new tumor would be; nobody else moves.")
    _show_predictions(
        told,
        [
            f"{case.sample_id} without {', '.join(removed) or 'nothing'}, with "
            f"{', '.join(' '.join(pair) for pair in added) or 'nothing more'}",
            *source_lines(where.data),
        ],
    )


def _show_predictions(told: Changed, cited: list[str]) -> None:
    st.dataframe(
        told.predictions,
        hide_index=True,
        key="what_if_predictions",
        alt="Predictions of the tumor, as it is and changed",
    )
    st.caption("Likeliest answer with its 95% interval. Research use only.")
    offer_download(
        "Download CSV",
        lambda: to_csv(told.predictions, cited),
        file_name="tumorxy-what-if.csv",
        key="what_if_csv",
    )


def move_scene(where: Where, told: Changed) -> Scene:
    """Compose the map with the tumor before and after a change; only the overlay ever changes."""
    palette = current_palette()
    data = where.data
    coloring = resources.load_coloring(where.key, data, data.layout_id, BY_TYPE)
    places = {"before": told.before, "after": told.after}
    labels = {"before": "as it is", "after": "changed"}
    points = tuple(
        OverlayPoint(x=x, y=y, label=labels[role], role=role, color=palette.accent)
        for role, (x, y) in places.items()
    )
    return Scene(
        data=data,
        panels=(make_panel("a", coloring, palette),),
        palette=palette,
        points=points if told.moved else points[:1],
        lines=(OverlayLine(start=told.before, end=told.after),) if told.moved else (),
        tools=False,
        narrow=True,
        named=where.named,
    )


def _choose_removed(case: Case, explainer: Explainer, tokens: TumorTokens) -> tuple[str, ...]:
    names = alterations_of(explainer, tokens)
    if not names:
        st.caption("It has no alteration that could be taken away.")
        return ()
    label, key = "Take away", f"what_if_removed_{case.sample_id}"
    if len(names) <= MOST_PILLS:
        chosen = st.pills(
            label,
            list(names),
            selection_mode="multi",
            default=[],
            format_func=names.__getitem__,
            key=key,
            help=TAKEN,
            wrap=True,
        )
    else:
        chosen = st.multiselect(
            label,
            list(names),
            format_func=names.__getitem__,
            key=key,
            help=TAKEN,
            wrap=True,
        )
    return tuple(chosen)


def _choose_added(
    case: Case, explainer: Explainer, tokens: TumorTokens
) -> tuple[tuple[str, str], ...]:
    first, second = st.columns(2)
    kind = first.selectbox("Add: kind", KINDS_TO_ADD, key="what_if_kind")
    names = names_to_add(explainer, tokens, kind)
    name = second.selectbox(
        "Add: gene or arm",
        names,
        index=None,
        placeholder="nothing added" if names else "none was looked at",
        key=f"what_if_added_{kind}_{case.sample_id}",
        help="Only what was looked at in this tumor can be added: elsewhere it is unknown whether "
        "it is altered already.",
    )
    return ((name, kind),) if name else ()


def _tell(told: Changed, *, is_changed: bool) -> None:
    if not is_changed:
        st.caption("Nothing is changed yet: mark an alteration, or add one.")
    elif told.is_strange:
        st.warning(
            "The changed tumor is unlike the tumors that the model knows: do not interpret what "
            "is said of it.",
            icon=":material/block:",
        )
    else:
        st.markdown(
            f"It moves **{told.moved:.2f}** map units; its likeness to itself in the full model is "
            f"**{told.cosine:.2f}** (1 is the same)."
        )
