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

# Streamlit calls the function again whenever the theme changes, a moment before the page shows it.
_SCRIPT = """
export default function ({ data, setStateValue }) {
  const tell = () => {
    const app = document.querySelector('[data-testid="stApp"]')
    const parts = app && getComputedStyle(app).backgroundColor.match(/[0-9.]+/g)
    if (!parts) return
    const brightness = parts.slice(0, 3).reduce((sum, part) => sum + Number(part), 0)
    const now = brightness < 382 ? "dark" : "light"
    if (now !== data.appearance) setStateValue("appearance", now)
  }
  const timer = setTimeout(tell, 200)
  return () => clearTimeout(timer)
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
