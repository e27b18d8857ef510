"""What the tests of the pages share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "dashboard" / "app.py"

Open = Callable[..., AppTest]
"""Opens a page: home, name of the page, and what stands in its address."""


def texts(app: AppTest) -> str:
    """Return everything that is written on a page."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))
