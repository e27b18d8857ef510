"""What documents are set with: fonts that come with the program. Pure."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import typst


@cache
def program_fonts() -> typst.Fonts:
    """Use fonts that come with the program only, so that a document looks the same everywhere.

    Returns:
        DejaVu Sans, which comes with matplotlib, and the fonts within Typst.
    """
    found = importlib.util.find_spec("matplotlib")
    folders = (
        [Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"]
        if (found is not None and found.origin is not None)
        else []
    )
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(folder) for folder in folders if folder.is_dir()],
    )
