"""Where a tumor lies: it and its nearest tumors above the map."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.appearance import text_scale
from dashboard.cases import Case
from dashboard.glossary import meaning
from dashboard.map_view import show_scene
from dashboard.queries import CANCER_TYPE, SAMPLE_LABELS, Choice, MapData
from dashboard.resources import ColorBy, Published
from dashboard.scene import OverlayPoint, Scene, make_panel
from dashboard.theme import Palette
from dashboard.widgets import current_palette

BY_TYPE = ColorBy(kind="label", choice=Choice(key=CANCER_TYPE, title=SAMPLE_LABELS[CANCER_TYPE]))
HEIGHT = 520
"""Pixels of the map and its legend where text has its usual size."""


def show_place(key: Published, data: MapData, case: Case, *, named: bool) -> None:
    """Draw the tumor and its nearest tumors on the map.

    Args:
        key: The snapshot.
        data: The map.
        case: The tumor.
        named: Whether pointing at a tumor tells its id.
    """
    with st.container(border=True, key="patient_map_card"):
        st.header("Where it lies", anchor=False, help=meaning("Place on the map"))
        scene = place_scene(key, data, case, named=named)
        show_scene(scene, key="patient_map", height=round(HEIGHT * text_scale()))


def place_scene(key: Published, data: MapData, case: Case, *, named: bool) -> Scene:
    """Compose the map of a tumor: colored by cancer type, as the Map page is at first.

    Args:
        key: The snapshot.
        data: The map.
        case: The tumor.
        named: Whether pointing at a tumor tells its id.
    """
    palette = current_palette()
    coloring = resources.load_coloring(key, data, data.layout_id, BY_TYPE)
    return Scene(
        data=data,
        panels=(make_panel("a", coloring, palette),),
        palette=palette,
        points=overlay(data, case, palette, named=named),
        tools=False,
        narrow=True,
        named=named,
    )


def overlay(
    data: MapData, case: Case, palette: Palette, *, named: bool
) -> tuple[OverlayPoint, ...]:
    """Return the tumor and its nearest tumors as points above the map.

    Args:
        data: The map.
        case: The tumor.
        palette: Colors of the appearance.
        named: Whether the neighbors can be looked up by their row.
    """
    near = [
        OverlayPoint(
            x=float(data.places.x[row]),
            y=float(data.places.y[row]),
            label="",
            role="neighbor",
            color=palette.accent,
            row=row if named else None,
        )
        for row in case.neighbors.tolist()
    ]
    x, y = case.place
    own = OverlayPoint(x=x, y=y, label=case.sample_id, role="tumor", color=palette.accent)
    return (*near, own)
