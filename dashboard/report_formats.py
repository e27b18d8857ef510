"""Names of the forms of a report. It loads nothing, for the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form: its title, the end of its file's name, and its media type."""

    title: str
    suffix: str
    mime: str


FORMS = {
    "pdf": Form(title="PDF", suffix=".pdf", mime="application/pdf"),
    "html": Form(title="HTML", suffix=".html", mime="text/html"),
    "json": Form(title="JSON", suffix=".json", mime="application/json"),
    "phenopacket": Form(title="Phenopacket", suffix=".phenopacket.json", mime="application/json"),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a report shall be.

    Attributes:
        pseudonym: Stands for every id; None where ids may be shown.
        url: Where the dashboard is opened, for the link to a stored tumor.
    """

    pseudonym: str | None = None
    url: str = "http://localhost:8501"
