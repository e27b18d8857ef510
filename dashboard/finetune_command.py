"""`tumorxy finetune`: train, list and remove heads of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.console import Voice
from dashboard.outcomes import FinetuneOutcome, OwnHeadSummary
from dashboard.settings import Settings
from dashboard.tables import RESEARCH_USE

OF_ANOTHER_MODEL = (
    "Not used: it reads another model than the installed one. Train it again on the same labels."
)


def finetune(
    *,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table with `sample_id` and `label`; `study_id` where a sample is in several.",
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the head, for example `chemo`.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the heads instead.")] = False,
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Delete a head instead.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Train a head on your own labels, from 25 tumors up; simple models beside it."""
    from dashboard.published_map import installed_digest
    from dashboard.service import Service

    voice, service = Voice(json=json), Service(Settings.from_environment().home)
    if sum([show, remove is not None, labels is not None or task is not None]) != 1:
        raise typer.BadParameter("name both --labels FILE and --task NAME, or --list, or --remove")
    if show:
        heads, model = service.heads.list_all(), installed_digest()
        document = {"heads": heads, "model_digest": model}
        voice.show(document, lambda console: draw_heads(console, heads, model))
    elif remove is not None:
        service.heads.remove(remove)
        voice.show({"removed": remove}, lambda console: console.print(f"{remove} is removed."))
    elif labels is None or task is None:
        raise typer.BadParameter("--labels FILE and --task NAME go together")
    else:
        with voice.progress() as progress:
            outcome = service.heads.train(labels, task, progress)
        voice.show(outcome, lambda console: draw_finetune(console, outcome))


def draw_finetune(console: Console, outcome: FinetuneOutcome) -> None:
    """Print how well a new head does beside simple models, and whether it is worth it."""
    head = outcome.head
    table = Table(title=f"{head.task}: cross-validated by patient", title_justify="left")
    for heading in ("Model", "AUROC", "95% interval", "This head minus it", "95% interval"):
        table.add_column(heading)
    table.add_row("this head", *_figure(head.auroc), "", "")
    for name, told in head.baselines.items():
        table.add_row(name, *_figure(told), *_figure(head.differences[name], "+.3f"))
    console.print(table)
    classes = ", ".join(f"{name} {count}" for name, count in head.num_by_class.items())
    console.print(Text(f"{head.num_tumors} tumors of {head.num_patients} patients: {classes}."))
    console.print(Text(head.verdict, style="bold"))
    for note in outcome.notes:
        console.print(Text(f"Note: {note}"))
    console.print(
        Text(
            f"{outcome.num_predicted:,} stored tumors predicted; the head is on the Patient and "
            f"Map pages ({outcome.elapsed_s:.1f} s)."
        )
    )
    console.print(Text(RESEARCH_USE, style="italic"))


def draw_heads(console: Console, heads: tuple[OwnHeadSummary, ...], model_digest: str) -> None:
    """Print the heads that the user trained, and which of them the installed model cannot use."""
    if not heads:
        console.print("There is no head yet. Train one with `tumorxy finetune`.", markup=False)
        return
    table = Table(title="Your heads", title_justify="left")
    for heading in ("Name", "Classes", "Tumors", "AUROC", "95% interval", "Trained", "Verdict"):
        table.add_column(heading, overflow="fold")
    for head in heads:
        table.add_row(
            head.task,
            ", ".join(head.classes),
            str(head.num_tumors),
            *_figure(head.auroc),
            head.created_at[:10],
            head.verdict if head.model_digest == model_digest else OF_ANOTHER_MODEL,
        )
    console.print(table)


def _figure(told: dict[str, Any], form: str = ".3f") -> tuple[str, str]:
    interval = f"{told['low']:{form}} to {told['high']:{form}}" if told["low"] is not None else ""
    return f"{told['value']:{form}}", interval
