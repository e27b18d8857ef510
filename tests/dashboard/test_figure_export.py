from __future__ import annotations

import base64
import json

import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import figure_export
from dashboard.figure_export import cite, file_stem, make_readable, print_json
from dashboard.theme import DARK, LIGHT, RESEARCH_USE

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="1"/></svg>'


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("What KRAS adds", "tumorxy-what-kras-adds"),
        ("../Großes É: 50%", "tumorxy-groes-e-50"),
        ("…", "tumorxy"),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(name: str, stem: str) -> None:
    assert file_stem(name) == stem
    assert len(file_stem("long " * 60)) <= 80


def test_a_caption_ends_with_the_date_and_the_notice() -> None:
    told = cite(["Studies: A", "n = 3"])
    assert told[:2] == ("Studies: A", "n = 3")
    assert RESEARCH_USE in told[-1]
    assert told[-1].startswith("Saved ")


def test_a_file_is_drawn_on_white_paper_and_the_figure_stays_as_it_was() -> None:
    figure = go.Figure(go.Bar(x=[1], y=[2]))
    before = figure.to_json()
    layout = json.loads(print_json(figure))["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == LIGHT.paper
    assert layout["template"]["layout"]["font"]["color"] == LIGHT.ink
    assert figure.to_json() == before


def test_every_text_of_a_figure_is_in_ink() -> None:
    figure = go.Figure(go.Bar(x=[1], y=[2]))
    figure.add_annotation(text="n = 3", font={"size": 9})
    made = make_readable(figure, DARK)
    assert made.layout.xaxis.tickfont.color == made.layout.legend.font.color == DARK.ink
    assert (made.layout.annotations[0].font.color, made.layout.annotations[0].font.size) == (
        DARK.ink,
        9,
    )


def test_a_pdf_is_made_of_what_the_browser_drew() -> None:
    told = figure_export._answer({"request": 4, "svg": SVG}, "A figure")
    assert told["problem"] is None
    assert told["pdf"]["request"] == 4
    assert base64.b64decode(told["pdf"]["content"]).startswith(b"%PDF-")


def test_what_cannot_be_a_pdf_is_told_in_words() -> None:
    told = figure_export._answer({"request": 5, "svg": "<svg><script/></svg>"}, "A figure")
    assert told["pdf"] is None
    assert told["problem"]["request"] == 5
    assert "Save it as SVG" in told["problem"]["text"]


def test_nothing_is_sent_before_somebody_asks() -> None:
    assert figure_export._answer(None, "A figure") == {"pdf": None, "problem": None}


def page() -> None:
    from dashboard.figure_export import offer_figure, offer_pictures

    def draw(_colors):
        raise AssertionError("drawn before it was asked for")

    offer_figure(draw, None, name="A figure", caption=["n = 3"], key="one")
    offer_pictures({"PNG": lambda: b"png"}, None, name="The map", caption=["n = 3"], key="two")


def test_a_figure_is_offered_and_not_drawn_before_it_is_asked_for() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert not app.get("download_button")


def test_the_formats_of_a_picture_are_there_once_the_offer_is_open() -> None:
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["two_save"] = True
    app.run()
    assert not app.exception
    assert [button.label for button in app.get("download_button")] == ["PNG"]


def test_a_table_goes_into_the_file_with_its_caption() -> None:
    table = pd.DataFrame({"Gene": ["=KRAS"], "n": [3]})
    text = figure_export.to_csv(table, ["A figure", "n = 3"]).decode("utf-8-sig")
    assert text.splitlines()[0] == f'"# {RESEARCH_USE}"'
    assert "'=KRAS,3" in text
