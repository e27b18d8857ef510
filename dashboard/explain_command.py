"""`tumorxy explain`: why the model says what it says of one tumor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.console import Voice
from dashboard.explanations import SHAPLEY, Explanation, say_pair
from dashboard.formatting import duration
from dashboard.settings import Settings
from dashboard.tables import RESEARCH_USE
from dashboard.wording import count

if TYPE_CHECKING:
    from dashboard.service import Service

MOST_ROWS = 15


def explain(
    sample: Annotated[
        str | None, typer.Argument(metavar="SAMPLE", help="Name of a stored tumor.")
    ] = None,
    *,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Every stored tumor, by integrated gradients; goes on where it stopped."
        ),
    ] = False,
    task: Annotated[
        str | None,
        typer.Option(metavar="TASK", help="What is explained, for example `msi`; `cancer_type`."),
    ] = None,
    class_name: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="The likeliest when none.")
    ] = None,
    study: Annotated[
        str | None, typer.Option(metavar="ID", help="Study, where several have such a tumor.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Tell what each alteration of a tumor adds to a prediction, and which pairs matter."""
    from dashboard.explain_verb import choose_asked, explain_stored, find_stored
    from dashboard.own_cards import head_versions
    from dashboard.service import Service

    voice, service = Voice(json=json), Service(Settings.from_environment().home)
    if every:
        _explain_all(voice, service, task, study)
        return
    if sample is None:
        raise typer.BadParameter("Name a tumor, or ask for every one with --all.")
    tumor = find_stored(service.store, sample, study)
    with service.store.read() as reader:
        versions = head_versions(service.heads.folder)
        asked = choose_asked(reader, service.model_digest, tumor, task, class_name, versions)
    with voice.progress() as progress:
        told = explain_stored(service, tumor, asked, progress)
    document = {
        "study_id": tumor[0],
        "sample_id": sample,
        "model_digest": service.model_digest,
        "explanation": told,
    }
    voice.show(document, lambda console: draw_explanation(console, sample, told))


def _explain_all(voice: Voice, service: Service, task: str | None, study: str | None) -> None:
    from dashboard.explain_all import explain_all

    with voice.progress() as progress:
        told = explain_all(service, task, None if study is None else [study], progress)
    voice.show(
        told,
        lambda console: console.print(
            Text(
                f"{told.task}: {count(told.num_explained, 'tumor')} explained, {told.num_reused:,} "
                f"explained before, in {duration(told.elapsed_s)}. {RESEARCH_USE}"
            )
        ),
    )


def draw_explanation(console: Console, sample: str, told: Explanation) -> None:
    """Print the strongest alterations by every method, and the pairs.

    Args:
        console: Where to print.
        sample: Name of the tumor.
        told: The explanation.
    """
    first = told.by(SHAPLEY)
    title = f"{sample}, {told.asked.title}: what each alteration adds ({first.scale})"
    table = Table(title=title, title_justify="left")
    for heading in ("Alteration", "Shapley value", "Standard error", "Gradients", "Leave one out"):
        table.add_column(heading)
    order = sorted(range(len(first.units)), key=lambda i: -abs(first.units[i].value))
    for i in order[:MOST_ROWS]:
        values = [f"{method.units[i].value:+.3f}" for method in told.methods]
        values.insert(1, f"{first.units[i].error or 0:.3f}")
        table.add_row(Text(first.units[i].label), *values)
    console.print(table)
    if len(order) > MOST_ROWS:
        console.print(Text(f"{len(order) - MOST_ROWS} smaller ones are not listed."))
    console.print(Text(f"From {first.baseline_value:+.2f} to {first.value:+.2f} {first.scale}."))
    console.print(Text(f"Compared with {first.baseline}."))
    for method in told.methods[1:]:
        console.print(Text(f"{method.agreement} Gap of {method.method}: {method.gap:.1%}."))
    for pair in told.pairs.pairs if told.pairs else ():
        console.print(Text(say_pair(pair, first.scale)))
    console.print(Text(RESEARCH_USE, style="italic"))
