"""`tumorxy evaluate`: the evidence for a model, measured anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Voice
from dashboard.settings import Settings
from dashboard.tables import draw_evaluation


def evaluate(
    sections: Annotated[
        list[str] | None, typer.Argument(help="Sections of the protocol; all when none.")
    ] = None,
    *,
    model: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Model folder; the installed one.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of study folders, without importing."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="JSON to write.")] = Path(
        "evaluation.json"
    ),
    ablations: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Train short variants too; a result of each goes here."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Measure the model beside simple baselines, on patients who were not trained on."""
    from dashboard.service import Service
    from dashboard.training import DEFAULT_STUDIES, TREATED_STUDIES, Sources

    voice, models = Voice(json=json), Service(Settings.from_environment().home).models
    sources = Sources(study_ids=DEFAULT_STUDIES, treated=TREATED_STUDIES, data=data)
    with voice.progress() as progress:
        evaluation = models.evaluate(sources, model, sections or (), progress)
        if ablations is not None:
            evaluation = models.add_ablations(evaluation, sources, ablations, model, progress)
    out.write_text(evaluation.to_json(), encoding="utf-8")
    voice.show(evaluation, lambda console: draw_evaluation(console, evaluation))
