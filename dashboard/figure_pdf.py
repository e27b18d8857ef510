"""Figures as PDF: what a browser drew, put on a page of its size by Typst. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import typst

from dashboard.errors import FigureError
from dashboard.typesetting import program_fonts

MOST_BYTES = 8_000_000
"""Largest picture that is turned into a page; a larger one would not open fluently either."""

SHAPES = frozenset(
    {
        *("svg", "g", "defs", "title", "desc", "style", "metadata"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("text", "tspan", "a", "image", "clipPath", "linearGradient", "radialGradient", "stop"),
    }
)
"""Elements of figures. None of them repeats another one, or loads anything by itself."""

PAGE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#set document(title: sys.inputs.title)
#image(bytes(sys.inputs.figure), format: "svg", alt: sys.inputs.title)
"""
_DECLARATION = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def to_pdf(svg: str, title: str) -> bytes:
    """Turn a picture into a PDF of one page; shapes and text stay what they are.

    Args:
        svg: The picture. It comes from a browser, so nothing in it is trusted.
        title: Title of the document.

    Returns:
        The PDF.

    Raises:
        FigureError: If it is no picture of a figure, or too large.
    """
    _require_figure(svg)
    try:
        made = typst.compile(
            PAGE,
            format="pdf",
            font_paths=program_fonts(),
            sys_inputs={"figure": svg, "title": title},
        )
    except typst.TypstError as error:
        raise FigureError(
            f"The picture could not be turned into a PDF ({error.message}). Save it as SVG."
        ) from error
    assert isinstance(made, bytes)  # a PDF is one file, however many pages it has
    return made


def _require_figure(svg: str) -> None:
    if len(svg) > MOST_BYTES:
        raise FigureError(
            f"The picture has {len(svg) / 1e6:.0f} MB; expected at most {MOST_BYTES / 1e6:.0f} MB. "
            "Save it as SVG or PNG."
        )
    if _DECLARATION.search(svg):
        raise FigureError("The picture declares entities, which no figure does. Save it as SVG.")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise FigureError(f"The picture is not whole ({error}). Reload the page.") from error
    for element in root.iter():
        _require_shape(element)


def _require_shape(element: ElementTree.Element) -> None:
    name = str(element.tag).rpartition("}")[2]
    if name not in SHAPES:
        raise FigureError(f"The picture has a part <{name}> that no figure has. Save it as SVG.")
    for attribute, value in element.attrib.items():
        is_link = attribute.rpartition("}")[2] == "href"
        if is_link and name == "image" and not value.startswith("data:image/png;base64,"):
            raise FigureError("The picture refers to another file. Save it as SVG.")
