"""The page's address: the one place that knows which parameter holds which part of a view.

Colors, filters, panels and groups are widgets that Streamlit binds to parameters of their own keys.
Everything else that a link must bring back stands here. Each function changes its own parameter and
leaves the others. Nothing is written that stands there already, since a written address is a step
of the reader's back button.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st

from dashboard.queries import MapData
from dashboard.wording import day

SAMPLE = "sample"
"""The tumor that is looked at: `study/sample`."""

SELECTION = "selection"
"""Id of the set that is selected, as the workspace keeps it."""

CAMERA = "view"
"""What the map shows: its version and four edges, `3~-1.5~4~0~2.5`; edges mean something on one
version only."""

QUEUE, POSITION = "queue", "position"
"""The meeting that is shown: id of its queue, and which case, from 1."""

MADE_ON, MADE_WITH = "made_on", "made_with"
"""Version of the map and beginning of the model's digest that a copied link was made on."""

MAP = "map"
"""Name of the map, where there are several."""

DIGEST_LENGTH = 12
SEPARATOR = "~"

Edges = tuple[float, float, float, float]


def read(name: str) -> str | None:
    """Return a parameter of this page's address; None where it is not there."""
    return st.query_params.get(name) or None


def write(name: str, value: str | Sequence[str] | None) -> None:
    """Set a parameter of this page's address, or take it out; the others stay.

    Args:
        name: One of the names above.
        value: Its value or values; None or nothing takes it out.
    """
    wanted = [value] if isinstance(value, str) else list(value or [])
    if wanted == st.query_params.get_all(name):
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        st.query_params.pop(name, None)


def read_camera(layout_id: int) -> Edges | None:
    """Return what the map shows: left, right, bottom and top edge.

    Args:
        layout_id: Version of the map that is shown now.

    Returns:
        The edges; None for the whole map, and where the address is of another version.
    """
    version, *edges = (read(CAMERA) or "").split(SEPARATOR)
    try:
        left, right, bottom, top = (float(edge) for edge in edges)
    except ValueError:
        return None
    finite = all(map(math.isfinite, (left, right, bottom, top)))
    valid = version == str(layout_id) and finite and left < right and bottom < top
    return (left, right, bottom, top) if valid else None


def write_camera(layout_id: int, edges: Edges | None) -> None:
    """Set what the map shows.

    Args:
        layout_id: Version of the map.
        edges: Left, right, bottom and top edge; None for the whole map.
    """
    if edges is None:
        write(CAMERA, None)
        return
    write(CAMERA, SEPARATOR.join([str(layout_id), *(f"{edge:.5g}" for edge in edges)]))


def current_query(data: MapData | None = None) -> str:
    """Return what stands behind `?` in an address that brings this view back.

    Args:
        data: The map that is shown; the address then tells on what it was made.
    """
    marks = (MADE_ON, MADE_WITH)
    shown = [
        (name, value)
        for name in st.query_params
        if name not in marks
        for value in st.query_params.get_all(name)
    ]
    if data is not None:
        values = (f"{data.name}{SEPARATOR}{data.layout_id}", data.model_digest[:DIGEST_LENGTH])
        shown += list(zip(marks, values, strict=True))
    return urlencode(shown)


def link(data: MapData | None = None) -> str:
    """Return an address that brings this view back.

    Args:
        data: The map that is shown.
    """
    base = (st.context.url or "").partition("?")[0]
    if not urlsplit(base).path:
        base += "/"
    query = current_query(data)
    return f"{base}?{query}" if query else base


@dataclass(frozen=True, kw_only=True)
class Opened:
    """How to open a kept view.

    Attributes:
        page: Name of the page.
        parameters: What stands in its address.
    """

    page: str
    parameters: dict[str, str | list[str]]


def unpack(page: str, query: str) -> Opened:
    """Return how to open a view that was kept as text."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        found.setdefault(name, []).append(value)
    return Opened(
        page=page,
        parameters={name: v[0] if len(v) == 1 else v for name, v in found.items()},
    )


def stale_notes(data: MapData, maps: Sequence[str]) -> list[str]:
    """Tell what the address names and is gone, and what is shown instead.

    Args:
        data: The map that is shown.
        maps: Names of all maps.

    Returns:
        One sentence each; empty when the link shows what it showed when it was made.
    """
    notes = []
    wanted, _, version = (read(MADE_ON) or "").rpartition(SEPARATOR)
    shown = f"{data.name} v{data.layout_id} of {day(data.created_at)}"
    named = read(MAP) or wanted
    if named and named not in maps:
        notes.append(f"The map {named} of this link is gone. Shown is {shown}.")
    elif version and version != str(data.layout_id):
        notes.append(
            f"This link was made on version {version} of the map; since then it was made anew. "
            f"Shown is {shown}: the tumors are the same, their places are not."
        )
    model = read(MADE_WITH)
    if model and not data.model_digest.startswith(model):
        notes.append(
            f"The numbers behind this link came from the model {model[:8]}; now they come from "
            f"{data.model_digest[:8]}."
        )
    if tumor := _missing_tumor(data):
        notes.append(
            f"The tumor {tumor} of this link is not on this map: its study was removed, imported "
            "without it, or not embedded yet. Search another tumor, or look on the Data page."
        )
    return notes


def _missing_tumor(data: MapData) -> str | None:
    """Return the tumor that the address names where the map does not have it."""
    name = read(SAMPLE)
    if name is None:
        return None
    study_id, _, sample_id = name.partition("/")
    return name if data.row_of(study_id, sample_id) is None else None


def forget_marks(data: MapData) -> None:
    """Take out what the link was made on, and a tumor that is gone.

    From here on the address is of what is shown.

    Args:
        data: The map that is shown.
    """
    if _missing_tumor(data):
        write(SAMPLE, None)
    for name in (MADE_ON, MADE_WITH):
        write(name, None)
