"""Remembers where the reader zoomed to, so that coloring the map anew does not lose the place.

Streamlit replaces a Plotly chart whenever its figure changes, and reports selections only. A
component without a picture of its own listens to the chart's zoom and tells it to the server; the
next figure starts from there. Within one figure nothing is sent back, so zooming stays fluid.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.figures import View

KEEPER = "map_view_keeper"
MAP_CONTAINER = "map_area"
"""Key of the container around the chart; Streamlit turns it into a CSS class."""

WAIT_MS = 250
"""Pause after the last turn of the wheel before the place is told."""

_SCRIPT = """
export default function ({ data, setStateValue }) {
  let timer
  const find = () => document.querySelector(`.st-key-${data.container} .js-plotly-plot`)
  const tell = (chart) => {
    const { xaxis, yaxis, dragmode } = chart.layout ?? {}
    if (!xaxis?.range || !yaxis?.range) return
    const free = xaxis.autorange || yaxis.autorange
    setStateValue("view", {
      x: free ? null : [...xaxis.range],
      y: free ? null : [...yaxis.range],
      dragging: dragmode,
      size: [chart._fullLayout.width, chart._fullLayout.height],
    })
  }
  const listen = () => {
    const chart = find()
    if (!chart || !chart.on || chart.dataset.viewKept) return
    chart.dataset.viewKept = "yes"
    chart.on("plotly_relayout", (change) => {
      const moved = Object.keys(change).some((k) => /axis|dragmode/.test(k))
      if (!moved) return
      clearTimeout(timer)
      timer = setTimeout(() => tell(chart), data.wait)
    })
  }
  const watch = setInterval(listen, 300)
  return () => { clearInterval(watch); clearTimeout(timer) }
}
"""

_mount = st.components.v2.component("tumorxy_view_keeper", js=_SCRIPT)


def mount_keeper() -> None:
    """Start listening; call after the chart, in the same fragment."""
    _mount(
        key=KEEPER,
        data={"container": MAP_CONTAINER, "wait": WAIT_MS},
        on_view_change=_nothing,
    )


def _nothing() -> None:
    """Say nothing: Streamlit keeps the state only of components that name a callback."""


def reported_view() -> View:
    """Return the place the reader is at now, as far as the browser has told."""
    state: dict[str, Any] = st.session_state.get(KEEPER) or {}
    view = state.get("view")
    if not view:
        return View()
    return View(
        x_range=_pair(view["x"]),
        y_range=_pair(view["y"]),
        dragging=view["dragging"],
        pixels=_pair(view["size"]),
    )


def _pair(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
