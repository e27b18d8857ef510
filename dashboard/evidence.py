"""The evidence as tables of words: by section, by group of patients, by ablation. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import formatting
from dashboard.class_names import class_name
from dashboard.predictions import TITLES
from engine.evaluation.rows import HIGHER, Estimate, Evaluation, Row

CALIBRATION = ("ECE", "coverage")
"""Figures that tell of every head whether its probabilities hold."""

TASKS = {
    "hidden alterations": "Hidden alterations",
    "luminal A against B": "Luminal A against B",
    "hpv, head and neck": "HPV, head and neck only",
    "out of distribution": "Unlike the reference",
    "same tumor, two panels": "The same tumor through two panels",
    "study told from embedding": "Telling the study within a tumor type",
    "studies mixed": "Neighbors of the other study, 1 is a perfect mixture",
    "type of mixed studies": "Telling the tumor type, the same tumors",
}
"""Tasks of the evidence that no head answers, in words."""

SHORT = {
    "ECE": "calibration error",
    "external cohorts, pooled (random effects)": "cohorts pooled",
}


SHARED = {"Patients": "part", "Seen": "view", "Figure": "metric", "Note": "note"}
"""Columns of a table that are told once where all rows agree, and the field of a row."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the evidence that is read together.

    Attributes:
        title: What it is about.
        question: What it asks, a sentence.
        rows: Its figures.
    """

    title: str
    question: str
    rows: tuple[Row, ...]


SECTIONS = {
    "Hidden genes": "A fifth of a tumor's genes is hidden: does the encoder tell which of them "
    "are altered?",
    "Cancer type": "Does it tell the cancer type, from all that was measured and from less?",
    "Subtypes": "Does it tell molecular subtypes within a cancer type?",
    "Few labels": "Trained on 25, 50 or 94 labeled tumors, how good is a new head? Each figure is "
    "the mean of ten draws.",
    "Response": "Does it tell who responds to checkpoint blockade, in cohorts that it was not "
    "fitted on? Burden alone is the bar.",
    "Survival": "Does it rank patients of one tumor type by their survival? 0.5 is guessing.",
    "Unknown tumors": "Does it flag what it does not know, and few of the others?",
    "Calibration": "Do its probabilities come true, and do its 95% sets hold the true class?",
    "Panels and studies": "Does a tumor stay in its place when another panel is used, and do "
    "studies mix where their tumors are of one type?",
}
"""Sections of the evidence and what each asks, in the order in which they are shown."""
OTHERS = "Others"


def sections_of(evaluation: Evaluation) -> tuple[Section, ...]:
    """Group the rows of the evidence by what they are about.

    Args:
        evaluation: The evidence.

    Returns:
        Sections that have rows, in the order of `SECTIONS`; what is of none of them comes last.
    """
    found: dict[str, list[Row]] = {title: [] for title in (*SECTIONS, OTHERS)}
    for row in evaluation.rows:
        found[_section(row)].append(row)
    return tuple(
        Section(title=title, question=SECTIONS.get(title, ""), rows=tuple(rows))
        for title, rows in found.items()
        if rows
    )


def _section(row: Row) -> str:
    if row.metric in CALIBRATION:
        return "Calibration"
    if row.metric.endswith("labels"):
        return "Few labels"
    by_task = {
        "hidden alterations": "Hidden genes",
        "cancer_type": "Cancer type",
        "oncotree_type": "Cancer type",
        "icb_response": "Response",
        "os_risk": "Survival",
        "out of distribution": "Unknown tumors",
        "same tumor, two panels": "Panels and studies",
        "study told from embedding": "Panels and studies",
        "studies mixed": "Panels and studies",
        "type of mixed studies": "Panels and studies",
        **dict.fromkeys(("luminal A against B", "hpv, head and neck"), "Subtypes"),
    }
    return by_task.get(row.task, "Subtypes" if row.task in TITLES else OTHERS)


def task_title(task: str) -> str:
    """Write the task of a row in words."""
    return TASKS.get(task) or TITLES.get(task) or _capital(task)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def say(estimate: Estimate | None, *, signed: bool = False, digits: int = 3) -> str:
    """Write a figure with its 95% interval; nothing for None, no decimals from ten on."""
    if estimate is None:
        return ""
    return formatting.estimate(
        estimate.value, estimate.low, estimate.high, digits=digits, signed=signed
    )


def evidence_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Write rows as a table for reading: ours, every baseline, the paired difference, the aim.

    Args:
        rows: Rows of one section.

    Returns:
        Markdown, one row each, the best baseline bold; columns that say nothing are left out.
    """
    baselines = list(dict.fromkeys(name for row in rows for name in row.baselines))
    table = pd.DataFrame(
        [
            {
                "Question": task_title(row.task),
                "Seen": row.view,
                "Patients": SHORT.get(row.part, row.part),
                "Figure": SHORT.get(row.metric, row.metric),
                "n": f"{row.num_tumors:,}",
                "TumorXY": say(row.ours),
                **{_capital(name): _baseline(row, name) for name in baselines},
                "Difference to the best": say(row.difference, signed=True),
                "Aim": _colored(row),
                "Note": row.note,
            }
            for row in rows
        ]
    )
    told = [name for name in table if (table[name] != "").any()]
    alike = [name for name in SHARED if table[name].nunique() == 1]
    return table[[name for name in told if name not in alike]]


def shared_words(rows: Sequence[Row]) -> str:
    """Say what all rows of a table have in common, which has no column there."""
    parts, views, metrics = (
        {getattr(r, name) for r in rows} for name in ("part", "view", "metric")
    )
    words = [f"patients: {parts.pop()}"] if len(parts) == 1 else []
    words += [f"seen: {views.pop()}"] if len(views) == 1 else []
    words += [f"figure: {metrics.pop()}"] if len(metrics) == 1 else []
    return "; ".join(words)


def aim(row: Row) -> str:
    """Say what was aimed at, and whether it was reached; nothing where no aim was stated."""
    if row.reach is None:
        return ""
    sign = "≥" if row.better == HIGHER else "≤"
    return f"{sign} {row.reach:.3g}, {'reached' if row.is_reached else 'missed'}"


def _colored(row: Row) -> str:
    words, color = aim(row), "green" if row.is_reached else "orange"
    return f":{color}[{words}]" if words else ""


def _baseline(row: Row, name: str) -> str:
    told = row.baselines.get(name)
    if told is None:
        return ""
    digits = 0 if abs(told.value) >= 10 else 3
    value = f"{told.value:.{digits}f}"
    return f"**{value}**" if name == row.best_baseline else value


def tally(evaluation: Evaluation) -> tuple[int, int]:
    """Count the aims that were reached, and all that were stated."""
    told = [row.is_reached for row in evaluation.rows if row.is_reached is not None]
    return sum(told), len(told)


def compare_with_baselines(evaluation: Evaluation) -> tuple[int, int, int]:
    """Count where we are ahead of the best baseline beyond chance, where behind, and all.

    Beyond chance: the 95% interval of the paired difference does not hold 0.
    """
    told = [
        (row.difference if row.better == HIGHER else _turned(row.difference))
        for row in evaluation.rows
        if row.difference is not None and row.difference.low is not None
    ]
    ahead = sum((gap.low or 0) > 0 for gap in told)
    return ahead, sum((gap.high or 0) < 0 for gap in told), len(told)


def _turned(gap: Estimate) -> Estimate:
    """Turn a difference around, so that more is better."""
    return Estimate(value=-gap.value, low=-(gap.high or 0), high=-(gap.low or 0))


def long_table(evaluation: Evaluation) -> pd.DataFrame:
    """List every figure with its interval for an export, one row per method."""
    rows: list[dict[str, Any]] = []
    groups = {"": evaluation.rows, **evaluation.slices}
    for group, members in groups.items():
        for row in members:
            told = {"TumorXY": row.ours, **row.baselines}
            if row.difference is not None:
                told[f"difference to {row.best_baseline}"] = row.difference
            rows += [_exported(group, row, name, estimate) for name, estimate in told.items()]
    return pd.DataFrame(rows)


def _exported(group: str, row: Row, method: str, estimate: Estimate) -> dict[str, Any]:
    return {
        "group": group,
        "task": row.task,
        "view": row.view,
        "part": row.part,
        "metric": row.metric,
        "method": method,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "num_tumors": row.num_tumors,
        "aim": row.reach,
        "note": row.note,
    }


def group_table(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Write a slice of the evidence for a figure, the best group first.

    Args:
        name: What patients are grouped by.
        rows: One row per group.

    Returns:
        `Group`, `n`, `Value`, `Low`, `High`.
    """
    title = class_name if name == "cancer type" else lambda _task, group: group
    table = pd.DataFrame(
        [
            {
                "Group": title("cancer_type", row.task),
                "n": row.num_tumors,
                "Value": row.ours.value,
                "Low": row.ours.low,
                "High": row.ours.high,
            }
            for row in rows
        ]
    )
    return table.sort_values("Value", ascending=False, kind="stable").reset_index(drop=True)


def reliability_table(bins: Mapping[str, Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """List the bins of stated probabilities.

    Args:
        bins: By title of the question, its `engine.reliability.ReliabilityBin`s as JSON values.

    Returns:
        One row for each bin: `Question`, and what a bin tells.
    """
    return pd.DataFrame(
        [
            {"Question": title.replace("<br>", ", "), **row}
            for title, rows in bins.items()
            for row in rows
        ]
    )


def ablation_table(ablations: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Write the figures of every variant of the encoder, text.

    Args:
        ablations: By variant, as `engine.evaluation.ablations.run_ablations` returns them.
    """
    return pd.DataFrame(
        [
            {
                "Variant": _capital(name),
                **{_figure(figure): f"{value:.3f}" for figure, value in told["figures"].items()},
            }
            for name, told in ablations.items()
        ]
    )


def _figure(name: str) -> str:
    """Write `cancer_type, accuracy` in words."""
    task, _, metric = name.partition(", ")
    return f"{task_title(task)}: {metric}"
