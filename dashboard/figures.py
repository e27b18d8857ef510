"""What Plotly figures of tumors share. Pure: nothing here reads the store or knows of Streamlit.

Every figure carries the research-use notice and its source in itself, so that a saved picture
keeps both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.coloring import Role
from dashboard.theme import (
    NOT_PROFILED,
    OTHER,
    RESEARCH_USE,
    SYNTHETIC,
    WILD_TYPE,
    Palette,
)
from dashboard.wording import escape

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

GREYS = {Role.OTHER: OTHER, Role.WILD_TYPE: WILD_TYPE, Role.NOT_PROFILED: NOT_PROFILED}
MAP_CONFIG: dict[str, Any] = {
    "scrollZoom": True,
    "displayModeBar": True,
    "modeBarButtonsToRemove": ["autoScale2d"],
    "toImageButtonOptions": {"filename": "tumorxy-map", "scale": 2},
}
"""Plotly's own settings of a map: the wheel zooms, the tools are always in sight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where tumors lie on a map.

    Attributes:
        sample_ids: (N,) names shown when pointing at a tumor.
        x: (N,) float32, no unit.
        y: (N,) float32, no unit.
    """

    sample_ids: npt.NDArray[np.object_]
    x: Floats
    y: Floats

    def __len__(self) -> int:
        """Number of tumors."""
        return len(self.x)


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """How a map is drawn.

    Attributes:
        palette: Colors of the appearance.
        source: Study, layout and model in a few words, written into the figure.
        synthetic: Whether any tumor shown is synthetic.
        narrow: Whether the notice below the figure needs a line for each of its parts.
    """

    palette: Palette
    source: str = ""
    synthetic: bool = False
    narrow: bool = False


def add_notice(figure: go.Figure, options: MapOptions) -> None:
    """Write the research-use notice and the source below a figure."""
    words = [SYNTHETIC.upper() if options.synthetic else "", RESEARCH_USE, options.source]
    separator = "<br>" if options.narrow else " · "
    figure.add_annotation(
        text=separator.join(escape(word) for word in words if word),
        align="left",
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yanchor="top",
        yshift=-6,
        xanchor="left",
        showarrow=False,
        font={"size": 12, "color": GREY_TEXT},
    )


GREY_TEXT = "#75828F"
"""Readable on white and on near-black alike."""
