"""What a browser should fetch before the server tells it which elements a page has.

Streamlit asks for the script of an element when it first shows one, then for what that script
imports, and for a component last. Each is a wait; told in the document, they end before the page
needs them. `tests.benchmarks.pages` and `big_map` measure the whole.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from streamlit.file_util import get_static_dir

ELEMENTS = ("BidiComponent", "ButtonGroup", "Multiselect", "Selectbox", "TextInput")
"""Elements that most pages begin with."""

MAP_PAGES = ("/", "/patient")
MAP_SCRIPT = "/_stcore/bidi-components/tumorxy.map/map.js"

_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


def first_scripts(path: str) -> bytes:
    """Return what stands in the head of the document of a page.

    Args:
        path: Of the page, such as `/patient`.
    """
    if path not in MAP_PAGES:
        return _of_elements()
    return (
        _of_elements() + f'<script type="module" crossorigin src="{MAP_SCRIPT}"></script>'.encode()
    )


@cache
def _of_elements() -> bytes:
    folder = Path(get_static_dir()) / "static" / "js"
    index = Path(get_static_dir()) / "index.html"
    names = needed_scripts(folder, index.read_text(encoding="utf-8"))
    lines = [f'<link rel="modulepreload" crossorigin href="/static/js/{name}">' for name in names]
    return "".join(lines).encode()


def needed_scripts(folder: Path, document: str) -> list[str]:
    """Return the scripts of the elements with all they import, each once.

    Args:
        folder: Where Streamlit's scripts are; a name is an element, a digest and `.js`.
        document: Streamlit's own document; what it names is left out.
    """
    waiting = [file.name for element in ELEMENTS for file in sorted(folder.glob(f"{element}.*.js"))]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name in document or not (folder / name).is_file():
            continue
        found[name] = None
        waiting += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
    return sorted(found)
