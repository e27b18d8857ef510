"""How the reader's browser shows a page: light or dark, and how large its text is.

Streamlit restyles its own elements at once and runs nothing, so that points drawn in black for a
white page would vanish, and figures, which know pixels only, would stay small on a wide screen and
in a meeting. A component without a picture of its own tells the server, which draws again.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

WATCHER = "appearance_watcher"
DARK, LIGHT = "dark", "light"

COOKIE = "tumorxy_text"
"""Where the browser keeps the size of the text, so that the next visit begins with it."""

LARGEST_SCALE = 3.0

# Streamlit calls the function again whenever the theme changes, a moment before the page shows it.
# The ruler is as wide as ten letters of the page: it changes with the window and in a meeting.
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
  const measure = () => {
    const told = Math.round((ruler.offsetWidth / 160) * 20) / 20
    const scale = Math.min(Math.max(told, 1), data.largest)
    document.cookie = `${data.cookie}=${scale}; path=/; max-age=31536000; SameSite=Strict`
    if (scale !== data.scale) setStateValue("scale", scale)
  }
  const timer = setTimeout(tell, 200)
  let changed
  const ruler = document.createElement("div")
  ruler.style.cssText = "position: absolute; width: 10rem; height: 0; visibility: hidden"
  document.body.append(ruler)
  const observer = new ResizeObserver(() => {
    clearTimeout(changed)
    changed = setTimeout(measure, 150)
  })
  observer.observe(ruler)
  return () => {
    clearTimeout(timer)
    clearTimeout(changed)
    observer.disconnect()
    ruler.remove()
  }
}
"""

_mount = st.components.v2.component("tumorxy_appearance_watcher", js=_SCRIPT)


def watch_appearance() -> None:
    """Start watching; call once a run, outside of fragments."""
    _mount(
        key=WATCHER,
        data={
            "appearance": current_appearance(),
            "scale": text_scale(),
            "largest": LARGEST_SCALE,
            "cookie": COOKIE,
        },
        on_appearance_change=_nothing,
        on_scale_change=_nothing,
    )


def _nothing() -> None:
    """Say nothing: Streamlit keeps the state only of components that name a callback."""


def current_appearance() -> str:
    """Return `light` or `dark`: what the watcher told last, else what the browser began with."""
    told = _told().get("appearance") or st.context.theme.type
    return DARK if told == DARK else LIGHT


def text_scale() -> float:
    """Return how large the page's text is: 1 on a usual screen, 1.5 on one 3,840 wide."""
    told = _told().get("scale") or st.context.cookies.get(COOKIE)
    try:
        scale = float(told or 1)
    except ValueError:
        return 1.0
    return scale if 1 <= scale <= LARGEST_SCALE else 1.0


def _told() -> dict[str, Any]:
    return st.session_state.get(WATCHER) or {}
