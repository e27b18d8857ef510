"""Components that are served as files of this package.

Streamlit finds packaged components by the name of their distribution, and looks for an importable
package of the same name. This distribution holds several packages and none of that name, so it
declares its components itself: to whichever component manager is running, because every test of a
page starts one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

PROJECT = "tumorxy"
PACKAGE = Path(__file__).parent
BUILD = PACKAGE / "build"
_declaring = Lock()


def packaged_component(name: str, *, html: str | None = None) -> Callable[[], Callable[..., Any]]:
    """Describe a component whose script is `build/NAME.js`.

    Args:
        name: Name of the entry, as in `frontend/src/entries`.
        html: Shown until the script has arrived.

    Returns:
        A function that returns the mounting command; call it in a run of a page.
    """

    @cache
    def create() -> Callable[..., Any]:
        return st.components.v2.component(f"{PROJECT}.{name}", html=html, js=f"{name}.js")

    def ready() -> Callable[..., Any]:
        serve_folder(name, PACKAGE, BUILD.name)
        return create()

    return ready


def serve_folder(name: str, package: Path, folder: str) -> None:
    """Tell the running component manager where files lie; does nothing the second time.

    Args:
        name: What the folder is called in addresses, after the name of the project.
        package: Folder of an installed package.
        folder: The folder within it, which becomes public.
    """
    manager = get_bidi_component_manager()
    with _declaring:
        if manager.get_component_asset_root(f"{PROJECT}.{name}") is not None:
            return
        component = ComponentConfig(name=name, asset_dir=folder)
        manager.register_from_manifest(
            ComponentManifest(name=PROJECT, version="0", components=[component]), package
        )
