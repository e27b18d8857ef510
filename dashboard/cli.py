"""The `tumorxy` command.

Progress and errors go to stderr, the result to stdout: tables for a reader, or with `--json`
exactly one JSON document. Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage,
130 stopped with Ctrl-C.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dashboard import tables
from dashboard.console import Voice
from dashboard.edge import FAILED, Commands
from dashboard.errors import NotConfirmedError, ServeError
from dashboard.evaluate_command import evaluate
from dashboard.explain_command import explain
from dashboard.finetune_command import finetune
from dashboard.outcomes import Status
from dashboard.pairs_command import pairs
from dashboard.report_command import report
from dashboard.settings import Settings
from dashboard.workspace_command import workspace

if TYPE_CHECKING:
    from dashboard.service import Service
    from engine.readers.options import ReadOptions

app = typer.Typer(
    name="tumorxy",
    cls=Commands,
    help="A map of tumors: where a sequenced tumor lies, what lies around it, and how far to "
    "trust that. Research use only.",
    add_completion=False,
    rich_markup_mode="rich",
)

Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
]
StudyId = Annotated[
    str | None, typer.Option("--study", metavar="ID", help="Name of the study in the store.")
]
Genome = Annotated[
    str | None, typer.Option(metavar="BUILD", help="GRCh37 or GRCh38, where the file is silent.")
]
Panel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Panel of a bare MAF, VCF or table: its public name, or `exome`."
    ),
]
CancerType = Annotated[
    str | None, typer.Option(metavar="TYPE", help="Cancer type of a bare MAF, VCF or table.")
]


@app.command("import")
def import_study(
    path: Annotated[Path, typer.Argument(help="Study folder, MAF, VCF or table of alterations.")],
    *,
    study: StudyId = None,
    genome: Genome = None,
    panel: Panel = None,
    cancer_type: CancerType = None,
    json: Json = False,
) -> None:
    """Take a study into the store; every line is accounted for."""
    voice, service = _begin(json=json)
    options = _options(study, genome, panel, cancer_type)
    with voice.progress() as progress:
        outcome = service.import_path(path, options, progress)
    voice.show(outcome, lambda console: tables.draw_import(console, outcome))


@app.command()
def embed(
    studies: Annotated[list[str] | None, typer.Argument(help="Studies; all when none.")] = None,
    *,
    json: Json = False,
) -> None:
    """Compute the embeddings that are not there yet."""
    voice, service = _begin(json=json)
    with voice.progress() as progress:
        outcome = service.embed(studies or None, progress)
    voice.show(outcome, lambda console: tables.draw_embed(console, outcome))


@app.command()
def layout(
    *,
    name: Annotated[str, typer.Option(help="Name of the map.")] = "main",
    json: Json = False,
) -> None:
    """Fit a map of all embedded tumors."""
    voice, service = _begin(json=json)
    with voice.progress() as progress:
        outcome = service.layout(name, progress)
    voice.show(outcome, lambda console: tables.draw_layout(console, outcome))


@app.command()
def place(
    file: Annotated[Path, typer.Argument(help="MAF, VCF, table or study folder.")],
    *,
    save: Annotated[bool, typer.Option("--save", help="Store the tumors as a study.")] = False,
    study: StudyId = None,
    genome: Genome = None,
    panel: Panel = None,
    cancer_type: CancerType = None,
    json: Json = False,
) -> None:
    """Put tumors on the current map; nobody else moves."""
    voice, service = _begin(json=json)
    options = _options(study, genome, panel, cancer_type)
    with voice.progress() as progress:
        outcome = service.place(file, options, save=save, progress=progress)
    voice.show(outcome, lambda console: tables.draw_place(console, outcome))


@app.command()
def export(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name of the study.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into.")],
    json: Json = False,
) -> None:
    """Write a study and what was computed from it as Parquet."""
    import pyarrow.parquet as pq

    voice, service = _begin(json=json)
    files = service.export(study, out)
    num_rows = [pq.read_metadata(file).num_rows for file in files]
    rows = [{"file": f.name, "num_rows": n} for f, n in zip(files, num_rows, strict=True)]
    document = {"study_id": study, "directory": out.absolute(), "files": rows}
    voice.show(document, lambda console: tables.draw_export(console, files, num_rows))


@app.command("list")
def list_studies(*, json: Json = False) -> None:
    """List the imported studies."""
    voice, service = _begin(json=json)
    studies = service.list_studies()
    voice.show({"studies": studies}, lambda console: tables.draw_studies(console, studies))


@app.command()
def remove(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name of the study.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Delete a study with all that was computed from it."""
    voice, service = _begin(json=json)
    if not (yes or json) and _has_terminal():
        _confirm(study)
    service.remove(study)
    voice.show({"removed": study}, lambda console: console.print(f"{study} is removed."))


@app.command()
def serve(
    *,
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 8501.")] = None,
    host: Annotated[str, typer.Option(help="Network interface to open on.")] = "127.0.0.1",
    json: Json = False,
) -> None:
    """Open the dashboard in a browser, until Ctrl-C."""
    _serve(Voice(json=json), host, port, {})


@app.command()
def pretrain(
    studies: Annotated[
        list[str] | None,
        typer.Argument(help="Studies; the three of the shipped weights when none."),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the weights; models/encoder of the home."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of study folders, to train without importing."),
    ] = None,
    treated: Annotated[
        list[str] | None,
        typer.Option(help="Cohort under checkpoint blockade, for response and survival; repeat."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the tumors.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the checkpoint in the folder.")
    ] = False,
    json: Json = False,
) -> None:
    """Train an encoder into a folder; nothing installed changes."""
    from dashboard.training import DEFAULT_STUDIES, Sources
    from engine.config import PretrainConfig

    voice, service = _begin(json=json)
    config = PretrainConfig() if epochs is None else PretrainConfig(epochs=epochs)
    with voice.progress() as progress:
        result = service.models.pretrain(
            Sources(study_ids=studies or DEFAULT_STUDIES, treated=treated or (), data=data),
            out or service.home / "models" / "encoder",
            config,
            resume=resume,
            progress=progress,
        )
    voice.show(result, lambda console: tables.draw_pretrain(console, result))


app.command()(finetune)


app.command()(evaluate)


app.command()(explain)


app.command()(pairs)


app.command()(report)


app.command()(workspace)


@app.command()
def doctor(*, json: Json = False) -> None:
    """Tell what this installation is made of, and what to fix."""
    voice, service = _begin(json=json)
    checks = service.doctor()
    failed = any(check.status is Status.FAIL for check in checks)
    document = {"ok": not failed, "checks": checks}
    voice.show(document, lambda console: tables.draw_checks(console, checks))
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def demo(
    *,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open it then.")] = True,
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 8501.")] = None,
    json: Json = False,
) -> None:
    """Build the map of the bundled synthetic cohort, and open it."""
    voice, service = _begin(json=json)
    with voice.progress() as progress:
        outcome = service.demo(progress)
    if not json or not serve:
        voice.show(outcome, lambda console: tables.draw_demo(console, outcome))
    if serve:
        from dashboard.demo import explain_in_background

        explain_in_background(Settings.from_environment())
        _serve(voice, "127.0.0.1", port, {"demo": outcome})


@app.command("run-job", hidden=True)
def run_job(job_id: str, *, json: Json = False) -> None:
    """Carry out a job of the Data page."""
    from dashboard.job_runner import run

    voice = Voice(json=json)
    result = run(Settings.from_environment(), job_id)
    voice.show(result, lambda console: console.print(result))
    if result["error"] is not None:
        raise typer.Exit(FAILED)


def _begin(*, json: bool) -> tuple[Voice, Service]:
    from dashboard.service import Service

    return Voice(json=json), Service(Settings.from_environment().home)


def _options(
    study: str | None, genome: str | None, panel: str | None, cancer_type: str | None
) -> ReadOptions:
    from engine.readers.options import ReadOptions

    try:
        return ReadOptions(study_id=study, genome=genome, panel=panel, cancer_type=cancer_type)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _has_terminal() -> bool:
    return sys.stdin.isatty()


def _confirm(study: str) -> None:
    if not typer.confirm(f"Delete {study} with everything derived from it?", err=True):
        raise NotConfirmedError(f"{study} was not removed: nobody said yes.")


def _serve(voice: Voice, host: str, port: int | None, document: dict[str, Any]) -> None:
    from dashboard import serving

    address = serving.choose_address(host, port)
    if not address.is_private:
        voice.say(
            f"{host} is open to other machines, and the dashboard asks nobody for a password: "
            "whoever reaches this address sees the data."
        )

    told = False

    def ready() -> None:
        nonlocal told
        told = True
        voice.show(
            {"address": address.url, **document},
            lambda console: console.print(f"TumorXY is open at {address.url} (Ctrl-C closes it)."),
        )

    try:
        serving.serve(Settings.from_environment(), address, ready)
    except ServeError as error:
        if not (voice.json and told):
            raise
        voice.say(str(error))  # stdout has its one document already
        raise typer.Exit(FAILED) from error


def _raise_interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line: the entry point of `tumorxy`."""
    # A job is stopped with SIGTERM; as an interrupt it removes its temporary files on the way out.
    signal.signal(signal.SIGTERM, _raise_interrupt)
    app()


if __name__ == "__main__":
    main()
