"""The forest plots on the Biomarkers page: their lines, the figure, and what it cites."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import biomarker_tables as tables
from dashboard.biomarker_figures import Line, draw_forest
from dashboard.figure_export import show_figure
from dashboard.formatting import q_value
from dashboard.wording import count
from engine.epidemiology.biomarkers import Biomarker, Pool
from engine.epidemiology.effects import Effect


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What forest plots of one answer share.

    Attributes:
        kind: What the axis shows: `odds ratio` or `hazard ratio`.
        names: Name of each study, by id.
        caption: What a saved figure cites, a line each.
    """

    kind: str
    names: Mapping[str, str]
    caption: Sequence[str]


def show_forest(lines: Sequence[Line], asked: Asked, what: str, key: str) -> None:
    """Show ratios with their intervals.

    Args:
        lines: The first is on top.
        asked: Kind of ratio, and what is cited.
        what: What the lines are of, for the title.
        key: Unique name of the figure.
    """
    if not lines:
        st.caption("No cohort has an estimate.")
        return
    show_figure(
        functools.partial(draw_forest, lines, asked.kind),
        functools.partial(_tabulate, lines),
        name=f"{asked.kind.capitalize()}s, {what}",
        caption=asked.caption,
        key=key,
    )


def _tabulate(lines: Sequence[Line]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": [line.name for line in lines],
            "Ratio": [line.ratio for line in lines],
            "Lower": [line.lower for line in lines],
            "Upper": [line.upper for line in lines],
            "Note": [line.note for line in lines],
        }
    )


def gene_line(marker: Biomarker) -> Line:
    """Make the line of a gene, all cohorts together."""
    effect = marker.overall
    return Line(
        name=marker.feature.name,
        ratio=effect.ratio,
        lower=effect.lower,
        upper=effect.upper,
        note=f"{effect.carriers:,} of {effect.known:,} altered, {q_value(marker.q_value)}",
        is_found=marker.q_value < tables.FOUND_BELOW,
    )


def effect_line(name: str, effect: Effect, note: str) -> Line:
    """Make the line of one effect."""
    return Line(
        name=name,
        ratio=effect.ratio,
        lower=effect.lower,
        upper=effect.upper,
        note=note,
        is_found=effect.p_value < 0.05,
    )


def forest_lines(
    by_cohort: tuple[tuple[str, Effect], ...], pooled: Pool, names: Mapping[str, str]
) -> list[Line]:
    """Make the lines of a forest plot: the cohorts, and their mean where there are several.

    Args:
        by_cohort: Effect in each cohort.
        pooled: Mean of the effects.
        names: Name of each study, by id.
    """
    lines = [
        effect_line(
            names.get(study, study),
            effect,
            f"{effect.carriers:,} of {effect.known:,} altered, {effect.events:,} events",
        )
        for study, effect in by_cohort
    ]
    if pooled.num_cohorts > 1:
        lines.append(
            Line(
                name="Mean of the cohorts",
                ratio=pooled.ratio,
                lower=pooled.lower,
                upper=pooled.upper,
                note=f"{count(pooled.num_cohorts, 'cohort')}, I² {pooled.inconsistency:.0%}",
                is_pooled=True,
                is_found=pooled.p_value < 0.05,
            )
        )
    return lines
