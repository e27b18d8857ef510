"""The map of tumors as a component of the pages: the points are drawn by the reader's browser.

The sources lie in `frontend` (TypeScript), the bundle that is served in `build`; `make frontend`
builds the one from the other. The folder `build` is public: no data ever lies there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from dashboard.map_component.assets import packaged_component

SKELETON = (
    "<style>:host { display: block; position: relative; width: 100%; height: 100% }</style>"
    '<div role="presentation" style="position: absolute; inset: 0; border-radius: 0.4rem;'
    ' background: var(--st-secondary-background-color)"></div>'
)
"""Stands in the map's place until the bundle has arrived, so that nothing jumps."""

_map = packaged_component("map", html=SKELETON)


def _nothing() -> None:
    """Say nothing: Streamlit keeps the state only of components that name a callback."""


def mount_map(
    *,
    key: str,
    data: dict[str, Any],
    height: int | Literal["stretch"],
    **callbacks: Callable[[], None],
) -> Any:
    """Mount the map.

    Args:
        key: Name of the map within its page; the state lies in the session under it.
        data: The scene as JSON, see `dashboard.scene`.
        height: Pixels, or `stretch` to fill the container.
        callbacks: Functions to call before the next run, by name: `on_selection_change`,
            `on_view_change`, `on_hidden_change`, `on_open_change`. Those left out do nothing, but
            the state is kept.

    Returns:
        What the browser told, with the attributes `selection`, `view`, `hidden` and `open`.
    """
    kept = {f"on_{name}_change": _nothing for name in ("selection", "view", "hidden", "open")}
    return _map()(key=key, data=data, height=height, **(kept | callbacks))
