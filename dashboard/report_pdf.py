"""A report as one page of PDF, set by typst without a browser and without a network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typst

from dashboard.documents import to_json
from dashboard.report import Report
from dashboard.report_figures import draw_qr, draw_survival
from dashboard.report_view import view_report
from dashboard.typesetting import program_fonts

TEMPLATE = Path(__file__).parent / "static" / "report" / "report.typ"
PNG_DOTS_PER_INCH = 110.0


def to_pdf(report: Report, map_svg: str) -> bytes:
    """Set a report on one page.

    Args:
        report: The report.
        map_svg: The map, as `dashboard.report_map.draw_map` returns it; not used where the tumor
            must not be interpreted.

    Returns:
        The PDF, tagged for screen readers. The same report gives the same bytes.
    """
    pdf = typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=program_fonts(),
        sys_inputs=_inputs(report, map_svg),
        timestamp=datetime.fromisoformat(report.made_at),
    )
    assert isinstance(pdf, bytes)  # a PDF is one file, however many pages it has
    return pdf


def to_png(report: Report, map_svg: str) -> list[bytes]:
    """Draw the pages of the PDF as pictures, for a look at them.

    Args:
        report: The report.
        map_svg: The map.

    Returns:
        One PNG for each page.
    """
    pages = typst.compile(
        TEMPLATE,
        format="png",
        ppi=PNG_DOTS_PER_INCH,
        font_paths=program_fonts(),
        sys_inputs=_inputs(report, map_svg),
    )
    return pages if isinstance(pages, list) else [pages] if pages else []


def _inputs(report: Report, map_svg: str) -> dict[str, str]:
    """Pass everything as data: no text of a file is ever read as markup."""
    drawings = {"map": map_svg}
    if report.survival is not None:
        drawings["survival"] = draw_survival(report.survival)
    if report.link is not None:
        drawings["qr"] = draw_qr(report.link)
    return {"view": to_json(view_report(report)), **drawings}
