from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.file_util import get_static_dir

from dashboard.first_scripts import ELEMENTS, MAP_SCRIPT, first_scripts, needed_scripts

SCRIPTS = {
    "Selectbox.a1.js": 'import{t as e}from"./shared.b2.js";import"./side.c3.js";',
    "shared.b2.js": 'import{x}from"./index.d4.js";import{y}from"./Selectbox.a1.js";',
    "side.c3.js": 'const file="./gone.e5.js";export{x}from"./gone.e5.js";',
    "index.d4.js": "",
    "Other.f6.js": "",
}


def test_an_element_comes_with_all_it_imports_but_what_the_document_has(tmp_path: Path) -> None:
    for name, text in SCRIPTS.items():
        (tmp_path / name).write_text(text)
    document = '<script src="./static/js/index.d4.js"></script>'
    found = needed_scripts(tmp_path, document)
    assert found == ["Selectbox.a1.js", "shared.b2.js", "side.c3.js"]


def test_each_element_is_a_script_of_the_installed_streamlit() -> None:
    text = first_scripts("/data").decode()
    for element in ELEMENTS:
        assert f"/static/js/{element}." in text
    folder = Path(get_static_dir(), "static", "js")
    names = [part.partition('"')[0] for part in text.split("/static/js/")[1:]]
    assert len(names) == len(set(names)) > len(ELEMENTS)
    assert all((folder / name).is_file() for name in names)


@pytest.mark.parametrize(("path", "times"), [("/", 1), ("/patient", 1), ("/data", 0)])
def test_only_pages_with_a_map_begin_with_its_script(path: str, times: int) -> None:
    assert first_scripts(path).decode().count(MAP_SCRIPT) == times
