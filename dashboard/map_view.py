"""Show a map in a page, and read what the reader did to it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from dashboard import resources
from dashboard.map_component import mount_map
from dashboard.map_routes import publish
from dashboard.queries import Rows
from dashboard.scene import Scene, View, unpack_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneState:
    """What the browser told of a map.

    Attributes:
        selected: Rows that the reader selected, ascending; None when nothing is selected.
        selection_version: Number of that selection; 0 when the reader never selected.
        polygon: Corners of the line that was drawn, in coordinates of the map.
        view: What is seen; None until it was told.
        hidden: Names of the legend that are hidden, by panel.
        opened: Row of the tumor that the reader wants to open.
    """

    selected: Rows | None
    selection_version: int
    polygon: tuple[tuple[float, float], ...]
    view: View | None
    hidden: dict[str, tuple[str, ...]]
    opened: int | None


def show_scene(
    scene: Scene,
    *,
    key: str,
    height: int | Literal["stretch"],
    **callbacks: Callable[[], None],
) -> SceneState:
    """Mount a map.

    Args:
        scene: What it shows.
        key: Name of the map within its page.
        height: Pixels, or `stretch` to fill the container.
        callbacks: Called before the next run, by name: `on_selection_change`, `on_view_change`,
            `on_hidden_change`, `on_open_change`.

    Returns:
        What the browser told until now.
    """
    data = publish(resources.settings().home, scene)
    told = mount_map(key=key, data=data, height=height, **callbacks)
    return read_state(told, len(scene.data))


def read_state(told: Any, num_tumors: int) -> SceneState:
    """Read what the component told.

    Args:
        told: Its result, with the attributes `selection`, `view`, `hidden` and `open`.
        num_tumors: Tumors of the map.
    """
    selection = getattr(told, "selection", None) or {}
    view = getattr(told, "view", None)
    hidden = getattr(told, "hidden", None) or {}
    opened = getattr(told, "open", None)
    return SceneState(
        selected=_selected(selection, num_tumors),
        selection_version=int(selection.get("version", 0)),
        polygon=tuple((float(x), float(y)) for x, y in selection.get("polygon") or ()),
        view=(float(view[0]), float(view[1]), float(view[2]), float(view[3])) if view else None,
        hidden={panel: tuple(names) for panel, names in hidden.items()},
        opened=opened if isinstance(opened, int) and 0 <= opened < num_tumors else None,
    )


def _selected(selection: dict[str, Any], num_tumors: int) -> Rows | None:
    """Read a set of tumors; one of another map, or a damaged one, is none."""
    try:
        bits = base64.b64decode(selection.get("mask") or "", validate=True)
        rows = unpack_rows(bits, num_tumors)
    except (binascii.Error, ValueError):
        return None
    return rows if rows.size else None
