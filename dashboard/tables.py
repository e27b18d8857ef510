"""Outcomes as rich tables, for a reader in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.documents import plain
from dashboard.formatting import duration
from dashboard.outcomes import (
    Check,
    DemoOutcome,
    EmbedOutcome,
    ImportOutcome,
    LayoutOutcome,
    PlacedTumor,
    PlaceOutcome,
    Prediction,
    Status,
)

if TYPE_CHECKING:
    from engine.evaluation.rows import Estimate, Evaluation
    from engine.training.pretrain import PretrainResult

RESEARCH_USE = "Research use only. Not for decisions about the care of a patient."
SHOWN_NEIGHBORS = 5
SHOWN_TUMORS = 10
STATUS_STYLE = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def draw_import(console: Console, outcome: ImportOutcome) -> None:
    """Print what was taken in, and the account of every line."""
    console.print(
        f"[bold]{outcome.study_id}[/]: {outcome.num_samples:,} tumors of "
        f"{outcome.num_patients:,} patients, {outcome.num_alterations:,} alterations "
        f"({duration(outcome.elapsed_s)})"
    )
    draw_report(console, outcome.files, outcome.findings, outcome.notes)


def draw_report(
    console: Console, files: pa.Table, findings: pa.Table, notes: Sequence[str]
) -> None:
    """Print the account of every line: lines read = loaded + rejected + skipped."""
    numbers = ("lines_read", "loaded", "rejected", "skipped")
    _print(console, "Lines", ("file", *numbers), files.to_pylist())
    if findings.num_rows:
        shown = ("file", "outcome", "rule", "count", "line", "column", "value", "message")
        _print(console, "Findings, with the first example of each", shown, findings.to_pylist())
    for note in notes:
        console.print(Text(f"Note: {note}"))


def draw_embed(console: Console, outcome: EmbedOutcome) -> None:
    """Print how many embeddings were computed and how many were there."""
    console.print(
        f"{outcome.num_tumors:,} tumors of {_count(len(outcome.study_ids), 'study', 'studies')}: "
        f"{outcome.num_computed:,} embeddings computed, {outcome.num_reused:,} tumors reused, "
        f"{outcome.num_placed:,} placed on the current map, {outcome.num_predicted:,} predicted "
        f"({duration(outcome.elapsed_s)})"
    )
    console.print(f"Model {outcome.model_digest[:12]}")


def draw_layout(console: Console, outcome: LayoutOutcome) -> None:
    """Print the version of the map and how faithful it is."""
    console.print(
        f"Map [bold]{outcome.name}[/], version {outcome.layout_id}: {outcome.num_tumors:,} tumors "
        f"({duration(outcome.elapsed_s)})"
    )
    measures = [(f.name, getattr(outcome.quality, f.name)) for f in fields(outcome.quality)]
    rows = [_measure_row(name, found) for name, found in measures if found is not None]
    _print(console, "Quality, with 95% intervals", ("measure", "value", "low", "high"), rows)


def _measure_row(name: str, found: Any) -> dict[str, Any]:
    """Return a row of the quality table; a plain number has no interval."""
    low, high = (getattr(found, end, None) for end in ("low", "high"))
    value = getattr(found, "value", found)
    return {"measure": name.replace("_", " "), "value": value, "low": low, "high": high}


def draw_place(console: Console, outcome: PlaceOutcome) -> None:
    """Print where each tumor lies, how far to trust it, and what lies around it."""
    rows = [_tumor_row(tumor) for tumor in outcome.tumors]
    title = f"On the map {outcome.layout}, version {outcome.layout_id}"
    _print(console, title, tuple(rows[0]), rows)
    for tumor in outcome.tumors[:SHOWN_TUMORS]:
        nearest = [plain(neighbor) for neighbor in tumor.neighbors[:SHOWN_NEIGHBORS]]
        _print(console, f"Nearest to {tumor.sample_id}", NEIGHBOR_COLUMNS, nearest)
        if tumor.predictions:
            _print(console, f"Classes of {tumor.sample_id}", CLASS_COLUMNS, _likeliest(tumor))
    if len(outcome.tumors) > SHOWN_TUMORS:
        console.print(
            f"Neighbors and classes of the first {SHOWN_TUMORS} tumors are shown; --json has all."
        )
    console.print(Text(outcome.rule))
    if outcome.saved_as is not None:
        console.print(Text(f"Stored as the study {outcome.saved_as}."))
    draw_report(console, outcome.files, outcome.findings, outcome.notes)
    console.print(Text(RESEARCH_USE, style="italic"))


NEIGHBOR_COLUMNS = ("study_id", "sample_id", "cancer_type", "distance")
CLASS_COLUMNS = ("task", "class_name", "probability", "lower", "upper", "flag")


def _likeliest(tumor: PlacedTumor) -> list[dict[str, Any]]:
    """Return the likeliest class of each task that applies."""
    best: dict[str, Prediction] = {}
    for told in tumor.predictions:
        if told.probability is not None:
            known = best.get(told.task, told)
            best[told.task] = max(known, told, key=lambda p: p.probability or 0)
    return [plain(told) for told in best.values()]


def _tumor_row(tumor: PlacedTumor) -> dict[str, Any]:
    return {
        "sample_id": tumor.sample_id,
        "x": tumor.x,
        "y": tumor.y,
        "agreement": tumor.agreement,
        "ood_score": tumor.ood_score,
        "reading": "do not interpret" if tumor.is_strange else "within the reference",
        "num_alterations": tumor.num_alterations,
        "num_tokens": tumor.num_tokens,
    }


def draw_studies(console: Console, studies: pa.Table) -> None:
    """Print the imported studies."""
    if studies.num_rows == 0:
        console.print("No study is imported. Begin with `tumorxy demo` or `tumorxy import PATH`.")
        return
    columns = ("study_id", "name", "genome", "num_samples", "num_patients", "num_alterations")
    rows = [
        {**row, "data": "synthetic" if row["synthetic"] else "imported"}
        for row in studies.to_pylist()
    ]
    _print(console, "Studies", (*columns, "data", "imported_at"), rows)


def draw_export(console: Console, files: Iterable[Path], num_rows: Iterable[int]) -> None:
    """Print the files that were written."""
    rows = [
        {"file": file.name, "rows": count, "megabytes": file.stat().st_size / 1e6}
        for file, count in zip(files, num_rows, strict=True)
    ]
    _print(console, "Exported", ("file", "rows", "megabytes"), rows)


def draw_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print a row per figure: ours, the best baseline, and the paired difference."""
    table = Table(title=f"Model {evaluation.model_digest[:12]}", title_justify="left")
    for heading in ("Task", "View", "Figure", "n", "Ours", "Best baseline", "Difference", "Aim"):
        table.add_column(heading, overflow="fold")
    for row in evaluation.rows:
        best = row.baselines.get(row.best_baseline or "")
        table.add_row(
            row.task,
            row.view,
            row.metric,
            f"{row.num_tumors:,}",
            _interval(row.ours),
            f"{row.best_baseline}: {_interval(best)}" if best else "",
            _interval(row.difference) if row.difference else "",
            "" if row.reach is None else f"{row.reach:g} {'yes' if row.is_reached else 'no'}",
        )
    console.print(table)
    if evaluation.ablations:
        _draw_ablations(console, evaluation.ablations)


def _draw_ablations(console: Console, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a row per variant, its figures on validation patients beside it."""
    table = Table(title="Validation, linear probes of the embedding", title_justify="left")
    table.add_column("Variant")
    for heading in next(iter(results.values()))["figures"]:
        table.add_column(heading, justify="right")
    for name, result in results.items():
        table.add_row(name, *(f"{value:.3f}" for value in result["figures"].values()))
    console.print(table)


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def draw_pretrain(console: Console, result: PretrainResult) -> None:
    """Print the digest of the weights and how well they reconstruct hidden genes."""
    console.print(
        f"Model {result.model_digest[:12]} in {result.directory.name}, trained in "
        f"{result.card['elapsed_s'] / 60:.0f} min. Scores of hidden genes, validation tumors:"
    )
    scores = result.card["reconstruction"]["validation"]
    _print(console, "Reconstruction", tuple(scores[0]), scores)


def draw_demo(console: Console, outcome: DemoOutcome) -> None:
    """Print that the bundled cohort's map is there."""
    state = "is there already" if outcome.was_ready else "is built"
    console.print(
        f"The map of {outcome.study_id} ({outcome.num_tumors:,} synthetic tumors) {state} "
        f"({duration(outcome.elapsed_s)})."
    )


def draw_checks(console: Console, checks: Sequence[Check]) -> None:
    """Print what the doctor found."""
    table = Table("", "check", "found", "what to do", title="Doctor", title_justify="left")
    for check in checks:
        mark = Text(check.status.value, style=STATUS_STYLE[check.status])
        table.add_row(mark, check.name, check.found, check.advice)
    console.print(table)


def _print(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    table = Table(title=title, title_justify="left")
    for name in columns:
        number = any(isinstance(row[name], int | float) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if number else "left")
    for row in rows:
        # Values come from files: as Text they cannot carry markup.
        table.add_row(*(Text(_cell(row[name])) for name in columns))
    console.print(table)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
