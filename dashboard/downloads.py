"""Offer files that are made on a click; where one cannot be made, the page says why.

Streamlit makes such a file on a thread of its own, apart from the run of the page, and tells of an
error only that there was one. So the run that the click starts waits for how the making ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard import resources
from dashboard.errors import ExportError, report_error
from dashboard.widgets import guarded, plain_text

Width = Literal["content", "stretch"]

WAIT_SECONDS = 0.1
MOST_SECONDS = 600
"""How long a page waits for a file. A click elsewhere ends the wait at once."""
TURNS_UNTOLD = 7
"""Waits after which the reader is told that the file is on its way."""


class Making:
    """How the making of one file ends, told from the thread that makes it to the page."""

    def __init__(self) -> None:
        """Begin: nothing has ended."""
        self._ended = threading.Event()
        self._problem: str | None = None

    def run(self, make: Callable[[], bytes], home: Path) -> bytes:
        """Make the file, and keep the sentence if it cannot be made.

        Args:
            make: Makes its bytes.
            home: The TumorXY home, for the logs.

        Raises:
            ExportError: If it cannot be made; with the sentence only, since Streamlit writes what
                is raised here into its log.
        """
        problem = None
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - the edge of the page; recorded, then told
            problem = report_error(error, home).message
            raise ExportError(problem) from None
        finally:
            self._problem = problem
            self._ended.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it ends; return whether it did."""
        return self._ended.wait(seconds)

    def take_problem(self) -> str | None:
        """Return once why it failed; None if it did not, or has not ended."""
        if not self._ended.is_set():
            return None
        self._ended.clear()
        return self._problem


def offer_download(  # noqa: PLR0913 - one keyword per part of a button
    label: str,
    make: Callable[[], bytes],
    *,
    file_name: str,
    key: str,
    mime: str = "text/csv",
    help: str | None = None,
    width: Width = "content",
) -> None:
    """Offer a file; nothing is made before the click, and only the button runs again after it.

    Args:
        label: What the button says.
        make: Makes the bytes, on another thread: it may not use Streamlit.
        file_name: Name of the file.
        key: Unique name of the button.
        mime: Type of the file.
        help: Tooltip.
        width: Width of the button.
    """
    # A fragment alone would take the whole width of a row of buttons.
    with st.container(width=width):
        _offer(label, make, {"file_name": file_name, "mime": mime, "help": help}, key, width)


@st.fragment
@guarded
def _offer(
    label: str, make: Callable[[], bytes], told: dict[str, str | None], key: str, width: Width
) -> None:
    making: Making = st.session_state.setdefault(f"{key} making", Making())
    clicked = st.download_button(
        label,
        data=partial(making.run, make, resources.settings().home),
        file_name=told["file_name"],
        mime=told["mime"],
        help=told["help"],
        icon=":material/download:",
        width=width,
        key=key,
    )
    if clicked:
        _wait_for(making, key)
    problem = making.take_problem()
    if problem is not None:
        st.toast(plain_text(problem), icon=":material/error:", duration="infinite")


def _wait_for(making: Making, key: str) -> None:
    for turn in range(round(MOST_SECONDS / WAIT_SECONDS)):
        # Streamlit ends a run that is no longer wanted where it looks at the state.
        if making.wait(WAIT_SECONDS) or f"{key} making" not in st.session_state:
            return
        if turn == TURNS_UNTOLD:
            # A spinner would move the buttons of its row.
            st.toast("The file is being made. It comes by itself.", icon=":material/hourglass_top:")
