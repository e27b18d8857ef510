from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.pages import texts


def page(query: dict[str, str | list[str]], body: str) -> AppTest:
    """Run a few lines with an address; `say` shows a value."""
    script = f"import streamlit as st\nfrom dashboard import address\nsay = st.text\n{body}"
    app = AppTest.from_string(script, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> list[str]:
    return [str(element.value) for element in app.text]


def test_writing_a_part_leaves_the_others() -> None:
    app = page(
        {"by": "gene", "selection": "1", "highlight": ["a", "b"]},
        "address.write(address.SELECTION, '2')\naddress.write(address.SAMPLE, None)",
    )
    assert app.query_params["selection"] in ("2", ["2"])
    assert app.query_params["by"] in ("gene", ["gene"])
    assert "sample" not in app.query_params


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("3~-1.5~4~0~2.5", "(-1.5, 4.0, 0.0, 2.5)"),
        ("2~-1.5~4~0~2.5", "None"),
        ("3~4~-1.5~0~2.5", "None"),
        ("3~nan~4~0~2.5", "None"),
        ("3~-inf~inf~0~2.5", "None"),
        ("3~1~2~3", "None"),
        ("x", "None"),
        ("", "None"),
    ],
)
def test_a_camera_of_another_version_or_nonsense_is_the_whole_map(text: str, edges: str) -> None:
    app = page({"view": text} if text else {}, "say(str(address.read_camera(3)))")
    assert said(app) == [edges]


def test_a_camera_is_read_as_it_was_written() -> None:
    body = """
address.write_camera(3, (-1.25, 4, 0, 2.5))
say(str(address.read_camera(3)))
address.write_camera(3, None)
say(str(address.read_camera(3)))
"""
    assert said(page({}, body)) == ["(-1.25, 4.0, 0.0, 2.5)", "None"]


DATA = """
from datetime import datetime
from types import SimpleNamespace
data = SimpleNamespace(
    name="main", layout_id=3, model_digest="ab" * 32, created_at=datetime(2026, 3, 1)
)
"""


def test_a_link_tells_what_it_was_made_on_and_opens_unchanged() -> None:
    body = f"""{DATA}
say(address.current_query(data))
opened = address.unpack("map", address.current_query(data))
say(str(sorted(opened.parameters)))
say(str(address.stale_notes(data, ("main",))))
"""
    first = said(page({"by": "gene", "made_on": "old~1"}, body))
    assert first[0] == "by=gene&made_on=main~3&made_with=abababababab"
    assert first[1] == "['by', 'made_on', 'made_with']"
    again = said(page({"made_on": "main~3", "made_with": "abababababab"}, body))
    assert again[2] == "[]"


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ({"made_on": "main~2"}, "was made on version 2 of the map"),
        ({"made_on": "old~2"}, "The map old of this link is gone"),
        ({"map": "other"}, "The map other of this link is gone"),
        ({"made_on": "main~3", "made_with": "cdcdcdcdcdcd"}, "came from the model cdcdcdcd"),
    ],
)
def test_what_a_link_names_and_is_gone_is_said(query: dict[str, Any], note: str) -> None:
    body = f"{DATA}\nst.markdown(' '.join(address.stale_notes(data, ('main',))))"
    assert note in texts(page(query, body))
