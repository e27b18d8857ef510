"""The forms in which a report is written: PDF, HTML, JSON and phenopacket."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from dashboard.cases import Case
from dashboard.coloring import color_labels
from dashboard.documents import to_json
from dashboard.queries import MapData
from dashboard.report import Report
from dashboard.report_formats import FORMS
from dashboard.report_html import to_html
from dashboard.report_map import draw_map
from dashboard.report_phenopacket import to_phenopacket

UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def write_report(report: Report, data: MapData, case: Case, form: str) -> bytes:
    """Write a report.

    Args:
        report: The report.
        data: The map that it was made from.
        case: The tumor.
        form: One of `FORMS`.

    Returns:
        The bytes of the file.
    """
    if form == "phenopacket":
        return to_json(to_phenopacket(report)).encode()
    if form == "json":
        return to_json(report).encode()
    drawing = draw_case(data, case) if report.trust.interpretable else ""
    if form == "html":
        return to_html(report, drawing).encode()
    # typst is loaded only where a PDF is made.
    from dashboard.report_pdf import to_pdf

    return to_pdf(report, drawing)


def draw_case(data: MapData, case: Case) -> str:
    """Draw a tumor and its nearest tumors on the map, without any name."""
    types = data.samples["cancer_type"].iloc[case.neighbors]
    coloring = color_labels("Cancer type", list(types.where(types.notna(), None)))
    return draw_map(data.places, case.place, case.neighbors, coloring)


def tumor_query(data: MapData, row: int) -> str:
    """Return what stands behind `?` in an address of the Patient page that reopens a tumor.

    Args:
        data: The map; the address tells on which version it was made.
        row: The tumor.
    """
    from dashboard.address import DIGEST_LENGTH, MADE_ON, MADE_WITH, SAMPLE, SEPARATOR

    sample = data.samples.iloc[row]
    return urlencode(
        {
            SAMPLE: f"{sample['study_id']}/{sample['sample_id']}",
            MADE_ON: f"{data.name}{SEPARATOR}{data.layout_id}",
            MADE_WITH: data.model_digest[:DIGEST_LENGTH],
        }
    )


def file_name(report: Report, form: str) -> str:
    """Name the file of a report: letters, digits, `_`, `.` and `-` alone."""
    name = UNSAFE.sub("_", report.tumor.name).strip("._")[:80] or "tumor"
    return f"tumorxy-{name}{FORMS[form].suffix}"
