"""`tumorxy report`: one tumor for the board, as PDF, HTML, JSON or phenopacket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dashboard.child_call import Child
from dashboard.console import Voice, print_document
from dashboard.errors import ReportError
from dashboard.report_formats import FORMS, Wanted
from dashboard.settings import Settings
from dashboard.tables import RESEARCH_USE

if TYPE_CHECKING:
    from dashboard.report import Report
    from dashboard.report_making import Made
    from dashboard.service import Service
    from engine.readers.options import ReadOptions

AHEAD = ("dashboard.report_why", "engine.predictor")
"""What a child process imports for an explanation while it is found out whether one is needed."""


def report(
    tumor: Annotated[
        str | None,
        typer.Argument(metavar="SAMPLE|FILE", help="Name of a stored tumor, or MAF, VCF or table."),
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write, or a folder.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORM", help=f"{', '.join(FORMS)}; as --out ends, else pdf."
        ),
    ] = None,
    pseudonym: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Stands for every id of samples and studies."),
    ] = None,
    study: Annotated[
        str | None, typer.Option(metavar="ID", help="Study, where several have such a tumor.")
    ] = None,
    one: Annotated[
        str | None,
        typer.Option("--tumor", metavar="SAMPLE", help="Which tumor of a file that holds several."),
    ] = None,
    genome: Annotated[
        str | None, typer.Option(metavar="BUILD", help="GRCh37 or GRCh38, where a file is silent.")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Panel of a file, or `exome`.")
    ] = None,
    cancer_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Cancer type of a file.")
    ] = None,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where the dashboard is opened, for the link.")
    ] = "http://localhost:8501",
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of reports, and nothing else.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Write the report of one tumor for the tumor board; nothing of a file is stored."""
    if schema:
        from dashboard.report_schema import report_schema

        print_document(report_schema())
        return
    if tumor is None or out is None:
        raise typer.BadParameter("Name a tumor or a file, and --out FILE.")
    options = _options(genome, panel, cancer_type)
    chosen = choose_form(form, out)
    made = _make(tumor, (study, one), options, Wanted(pseudonym=pseudonym, url=url))
    _deliver(Voice(json=json), made, out, chosen)


def _deliver(voice: Voice, made: Made, out: Path, form: str) -> None:
    """Write a report that was made, and say so."""
    from dashboard.report_forms import write_report

    content = write_report(made.report, made.data, made.case, form)
    path = write(out, made.report, content, form)
    document = {
        "file": path.absolute(),
        "format": form,
        "interpretable": made.report.trust.interpretable,
    }
    voice.show(document, lambda console: console.print(Text(say(made.report, path))))


def _options(genome: str | None, panel: str | None, cancer_type: str | None) -> ReadOptions:
    from engine.readers.options import ReadOptions

    try:
        return ReadOptions(genome=genome, panel=panel, cancer_type=cancer_type)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _make(
    tumor: str, chosen: tuple[str | None, str | None], options: ReadOptions, wanted: Wanted
) -> Made:
    study, one = chosen
    if Path(tumor).exists():
        from dashboard.report_making import report_file

        return report_file(_service(), Path(tumor), options, wanted, one)
    with Child(*AHEAD) as child:
        from dashboard.explain_verb import find_stored
        from dashboard.report_making import report_stored

        service = _service()
        return report_stored(service, find_stored(service.store, tumor, study), wanted, child)


def _service() -> Service:
    from dashboard.service import Service

    return Service(Settings.from_environment().home)


def choose_form(stated: str | None, out: Path) -> str:
    """Choose the form of a report: as stated, else as the file's name ends, else PDF.

    Raises:
        ReportError: If there is no such form.
    """
    if stated is None:
        endings = sorted(FORMS, key=lambda form: -len(FORMS[form].suffix))
        return next((f for f in endings if out.name.lower().endswith(FORMS[f].suffix)), "pdf")
    if stated not in FORMS:
        raise ReportError(f"There is no form {stated!r}. Choose one of {', '.join(FORMS)}.")
    return stated


def write(out: Path, told: Report, content: bytes, form: str) -> Path:
    """Write a report as a whole, readable by its owner only.

    Args:
        out: File, or a folder that is there.
        told: The report, for the name of a file in a folder.
        content: Its bytes.
        form: Its form.

    Returns:
        The file.

    Raises:
        ReportError: If the folder is not there or may not be written to.
    """
    from dashboard.report_forms import file_name

    path = out / file_name(told, form) if out.is_dir() else out
    part = path.with_name(f".{path.name}.part")
    try:
        part.touch(mode=0o600)
        part.write_bytes(content)
        return part.replace(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise ReportError(
            f"{path.name} cannot be written: its folder is not there, or may not be written to. "
            "Name another --out."
        ) from error


def say(told: Report, path: Path) -> str:
    """Say what was written and whether it may be interpreted."""
    name = told.tumor.name
    verdict = f"{name}: {told.trust.verdict}. {told.trust.sentence}"
    return f"{verdict}\n{path} is written. {RESEARCH_USE}"
