"""The keys of a meeting. Nothing is heard while the reader types into a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.decision_section import SECTION

KEYS = "board_keys"

SHEET = (
    ("→ or Page Down or N", "Show the next case"),
    ("← or Page Up or P", "Show the case before"),
    ("F", "Fill the screen, and back"),
    ("D", "Write a decision"),
    ("Esc", "Leave a field, so that the keys work again"),
    ("?", "Show these keys, or hide them"),
)
"""What each key does."""

# The target is counted here, not on the server: three quick presses are three cases, although the
# server may see the last only. It follows the server again once no key was pressed for a while. It
# is told as a state with its moment, since of several triggers in one run some are lost.
_SCRIPT = """
const STATE = "__tumorxyBoard"
const TYPING = "input, textarea, select, [contenteditable=true], [data-testid=stForm]"
const OWN_KEYS = "[role=slider], [role=listbox], [role=tablist], [role=radiogroup], [role=grid], "
  + "[role=combobox], [role=menu], [data-testid=tumorxy-map]"
const STEP = { ArrowRight: 1, PageDown: 1, n: 1, N: 1, ArrowLeft: -1, PageUp: -1, p: -1, P: -1 }

export default function ({ data, setStateValue }) {
  const state = (window[STATE] ??= { pressed: 0, target: data.position, shown: null })
  state.controller?.abort()
  state.controller = new AbortController()
  if (Date.now() - state.pressed > 1500 || state.queue !== data.queue) state.target = data.position
  state.queue = data.queue

  const visible = (selector) => document.querySelector(selector)
  if (state.shown !== `${data.queue} ${data.position}`) {
    state.shown = `${data.queue} ${data.position}`
    visible("[data-testid=stMain]")?.scrollTo(0, 0)
  }
  const sheet = () => visible(".st-key-board_sheet")
  const toggleSheet = (on) => sheet()?.classList.toggle("is-open", on)
  const go = (step) => {
    const wanted = Math.min(Math.max(state.target + step, 1), data.last)
    if (wanted === state.target) return
    state.target = wanted
    state.pressed = Date.now()
    setStateValue("go", { to: wanted, at: state.pressed })
  }
  const fullScreen = () =>
    document.fullscreenElement ? document.exitFullscreen()
      : document.documentElement.requestFullscreen?.().catch(() => {})
  const decide = (tries = 20) => {
    const section = visible(`.st-key-${data.decisions}`)
    const field = section?.querySelector("[data-testid=stForm] input")
    // What is typed on the way to a form that is not there yet must not turn the page.
    state.waiting = !field && tries > 0 && data.position < data.last
    if (field) {
      section.scrollIntoView({ block: "start" })
      field.focus({ preventScroll: true })
    } else if (state.waiting) setTimeout(decide, 150, tries - 1)
  }
  const press = (event) => {
    const at = event.composedPath()[0]
    const inside = (selector) => at instanceof Element && at.closest(selector)
    if (event.key === "Escape") {
      toggleSheet(false)
      if (inside(TYPING)) at.blur()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || inside(TYPING) || state.waiting) return
    const step = STEP[event.key]
    if (step && event.key.startsWith("Arrow") && inside(OWN_KEYS)) return
    if (step) go(step)
    else if (event.key === "f" || event.key === "F") fullScreen()
    else if (event.key === "d" || event.key === "D") decide()
    else if (event.key === "?") toggleSheet()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  // Before anything on the page hears the key: Page Down scrolls, arrows move a focused chart.
  document.addEventListener("keydown", press, { capture: true, signal: state.controller.signal })
  return () => state.controller.abort()
}
"""

_mount = st.components.v2.component("tumorxy_board_keys", js=_SCRIPT)


def hear_keys(queue_id: str, position: int, last: int, go: Callable[[int], None]) -> None:
    """Turn key presses into steps of a meeting; call once a run.

    Args:
        queue_id: The queue.
        position: Where the meeting is, from 1.
        last: The last position.
        go: Called with the position that was asked for.
    """

    def heard() -> None:
        state: dict[str, Any] = st.session_state.get(KEYS) or {}
        wanted = (state.get("go") or {}).get("to")
        if isinstance(wanted, int) and 1 <= wanted <= last:
            go(wanted)

    _mount(
        key=KEYS,
        data={"queue": queue_id, "position": position, "last": last, "decisions": SECTION},
        on_go_change=heard,
    )


def show_sheet() -> None:
    """Write the sheet of keys; it is seen after a press of `?`."""
    with st.container(key="board_sheet", border=True, gap="small"):
        st.header("Keys", anchor=False)
        rows = "\n".join(f"| **{key}** | {meaning} |" for key, meaning in SHEET)
        st.markdown(f"| Press | To |\n|---|---|\n{rows}")
