from __future__ import annotations

import re
import zlib

import pytest

from dashboard import figure_pdf
from dashboard.errors import FigureError
from dashboard.figure_pdf import to_pdf

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(content: str) -> str:
    return f'<svg {NAMESPACE} width="120" height="40"><g>{content}</g></svg>'


def streams(pdf: bytes) -> bytes:
    """Return everything that is packed within a PDF."""
    found = b""
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found += zlib.decompress(part)
        except zlib.error:
            found += part
    return found


def test_a_picture_becomes_one_page_of_its_size_with_its_text() -> None:
    pdf = to_pdf(
        svg('<text x="4" y="20" font-family="DejaVu Sans">TP53 ≥ 1</text>'), "What TP53 adds"
    )
    assert pdf.startswith(b"%PDF-")
    packed = pdf + streams(pdf)
    assert len(re.findall(rb"/MediaBox", packed)) == 1
    assert re.search(rb"/MediaBox\s*\[\s*0 0 90 30\s*\]", packed)
    assert b"DejaVuSans" in packed
    assert b"What TP53 adds" in packed


def test_shapes_stay_shapes() -> None:
    packed = streams(to_pdf(svg('<rect width="9" height="5" fill="#0072B2"/>'), "A box"))
    assert b"/Image" not in packed


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (svg("<script>1</script>"), "<script> that no figure has"),
        (svg('<use xlink:href="#a"/>'), "<use> that no figure has"),
        (svg("<foreignObject/>"), "<foreignObject> that no figure has"),
        (svg('<image xlink:href="file:///etc/passwd"/>'), "refers to another file"),
        (svg('<image href="http://example.invalid/a.png"/>'), "refers to another file"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "declares entities"),
        ("<svg><g></svg>", "not whole"),
    ],
)
def test_what_no_figure_has_is_refused(picture: str, told: str) -> None:
    with pytest.raises(FigureError, match=re.escape(told)):
        to_pdf(picture, "A figure")


def test_a_picture_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_pdf, "MOST_BYTES", 10)
    with pytest.raises(FigureError, match="expected at most"):
        to_pdf(svg(""), "A figure")


def test_what_typst_cannot_read_is_told() -> None:
    with pytest.raises(FigureError, match="Save it as SVG"):
        to_pdf("<g/>", "A figure")
