"""Whether the reader's browser is light or dark, kept right when it is switched.

Streamlit restyles its own elements at once and runs nothing, so that points drawn in black for a
white page would vanish. A component without a picture of its own tells the server, which draws
again.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

WATCHER = "appearance_watcher"
DARK, LIGHT = "dark", "light"

# Streamlit calls the function again whenever the theme changes.
_SCRIPT = """
export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.host ?? parentElement
  const probe = document.createElement("span")
  probe.style.color = getComputedStyle(host).getPropertyValue("--st-background-color")
  host.appendChild(probe)
  const parts = getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(Number)
  probe.remove()
  const now = parts.reduce((sum, part) => sum + part, 0) < 382 ? "dark" : "light"
  if (now !== data.appearance) setStateValue("appearance", now)
}
"""

_mount = st.components.v2.component("tumorxy_appearance_watcher", js=_SCRIPT)


def watch_appearance() -> None:
    """Start watching; call once a run, outside of fragments."""
    _mount(key=WATCHER, data={"appearance": current_appearance()}, on_appearance_change=_nothing)


def _nothing() -> None:
    """Say nothing: Streamlit keeps the state only of components that name a callback."""


def current_appearance() -> str:
    """Return `light` or `dark`: what the watcher told last, else what the browser began with."""
    state: dict[str, Any] = st.session_state.get(WATCHER) or {}
    told = state.get("appearance") or st.context.theme.type
    return DARK if told == DARK else LIGHT
