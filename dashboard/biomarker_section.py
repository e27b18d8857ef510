"""The answer on the Biomarkers page: a sentence, a forest plot and a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import biomarker_tables as tables
from dashboard import biomarkers, explanation_resources, resources
from dashboard.biomarker_figures import Line, draw_forest
from dashboard.biomarker_outcomes import read_outcome
from dashboard.biomarkers import Answer, Request
from dashboard.csv_export import to_csv
from dashboard.formatting import P_COLUMN, q_value
from dashboard.predictions import QUESTIONS
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.selection import source_lines
from dashboard.widgets import current_palette, plain_text
from dashboard.wording import count
from engine.epidemiology.biomarkers import Biomarker, Pool
from engine.epidemiology.effects import Effect
from engine.epidemiology.pair_biomarkers import PairBiomarker

ANSWER = "biomarker_answer"
"""Where the session keeps the last answer, with what it answers."""

MOST_LINES = 12
MOST_ROWS = 500
TABLE_PIXELS = 430
FOREST_CONFIG = {"displayModeBar": False, "responsive": True}

RATIO_MEANING = (
    "Above 1: the outcome is more frequent, or comes earlier, with the alteration. Compared only "
    "within cohort and within what is held fixed."
)
CAUTION = (
    "Associations in retrospective cohorts, not effects of a treatment: stage, lines of therapy "
    "and much else is not held fixed."
)


def find_answer(key: Published, data: MapData, request: Request) -> Answer:
    """Answer a request, or return the last answer when it was the same request.

    Another choice on the page stops the work: Streamlit ends a run at its next sign of progress.
    """
    identity = (key, data.layout_id, request)
    last = st.session_state.get(ANSWER)
    if last is not None and last[0] == identity:
        return last[1]  # type: ignore[no-any-return]
    bar = st.progress(0.0, text="Reading the tumors")
    counted = explanation_resources.load_counted(key, data, data.layout_id)
    with resources.service().store.read() as reader:
        outcome = read_outcome(reader, data, request.offer, request.value)
        predicted = biomarkers.read_predicted(reader, data, request)

    def told(stage: str, done: int, total: int) -> None:
        bar.progress(done / total if total else 0.0, text=stage)

    found = biomarkers.answer(counted, data, outcome, request, predicted, told)
    bar.empty()
    st.session_state[ANSWER] = (identity, found)
    return found


def show_answer(data: MapData, request: Request, title: str, found: Answer) -> None:
    """Show what was found: a sentence, the forest plot, the table."""
    names = {study: info.name for study, info in data.studies.items()}
    if found.singles is None:
        st.markdown(f"**{plain_text(tables.say_pairs(found.pairs))}**")
        st.caption(CAUTION)
        _show_pairs(found.pairs, found.kind, names)
        table = tables.pair_table(found.pairs)
    else:
        st.markdown(f"**{plain_text(tables.say(found.singles))}**")
        st.caption(CAUTION)
        _show_singles(found, found.singles.markers, names)
        table = tables.single_table(found)
    if len(table):
        _download(data, request, title, table)


def _show_singles(found: Answer, markers: tuple[Biomarker, ...], names: dict[str, str]) -> None:
    if not markers:
        return
    table = tables.single_table(found)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        st.header("Genes, the clearest first", anchor=False)
        event = st.dataframe(
            table.head(MOST_ROWS),
            hide_index=True,
            height=TABLE_PIXELS,
            column_config=_columns(table, found),
            on_select="rerun",
            selection_mode="single-row",
            placeholder="",
            alt="Genes and the outcome",
            key="biomarker_table",
        )
        st.caption("Choose a row to see the gene cohort by cohort.")
    rows = event.selection.rows
    with right:
        if rows and rows[0] < len(markers):
            _forest_of(markers[rows[0]], found.kind, names)
        else:
            st.header("Within cohort, all together", anchor=False)
            lines = [_line_of(marker) for marker in markers[:MOST_LINES]]
            _draw(lines, found.kind, "biomarker_forest")


def _line_of(marker: Biomarker) -> Line:
    effect = marker.overall
    return Line(
        name=marker.feature.name,
        ratio=effect.ratio,
        lower=effect.lower,
        upper=effect.upper,
        note=f"{effect.carriers:,} of {effect.known:,} altered, {q_value(marker.q_value)}",
        is_found=marker.q_value < tables.FOUND_BELOW,
    )


def _forest_of(marker: Biomarker, kind: str, names: dict[str, str]) -> None:
    st.header(f"{marker.feature.label}, cohort by cohort", anchor=False)
    _draw(
        forest_lines(marker.by_cohort, marker.pooled, names), kind, f"forest_{marker.feature.name}"
    )
    st.caption(f"Replication: {tables.say_replication(marker)}.")


def forest_lines(
    by_cohort: tuple[tuple[str, Effect], ...], pooled: Pool, names: dict[str, str]
) -> list[Line]:
    """Make the lines of a forest plot: the cohorts, and their mean where there are several.

    Args:
        by_cohort: Effect in each cohort.
        pooled: Mean of the effects.
        names: Name of each study, by id.
    """
    lines = [
        Line(
            name=names.get(study, study),
            ratio=effect.ratio,
            lower=effect.lower,
            upper=effect.upper,
            note=f"{effect.carriers:,} of {effect.known:,} altered, {effect.events:,} events",
            is_found=effect.p_value < 0.05,
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


def _show_pairs(pairs: tuple[PairBiomarker, ...], kind: str, names: dict[str, str]) -> None:
    if not pairs:
        return
    table = tables.pair_table(pairs)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        st.header("Pairs, the clearest interaction first", anchor=False)
        event = st.dataframe(
            table.head(MOST_ROWS),
            hide_index=True,
            height=TABLE_PIXELS,
            column_config=_ratio_columns(table),
            on_select="rerun",
            selection_mode="single-row",
            placeholder="",
            alt="Pairs of genes and the outcome",
            key="biomarker_pair_table",
        )
    rows = event.selection.rows
    pair = pairs[rows[0] if rows and rows[0] < len(pairs) else 0]
    with right:
        st.header(f"{pair.first.name} and {pair.second.name}", anchor=False)
        st.caption("Each against patients with neither; below, both in each cohort.")
        effects = (
            (f"{pair.first.name} only", pair.first_only),
            (f"{pair.second.name} only", pair.second_only),
            ("Both", pair.both),
        )
        lines = [
            Line(
                name=name,
                ratio=effect.ratio,
                lower=effect.lower,
                upper=effect.upper,
                note=f"{effect.carriers:,} patients",
                is_found=effect.p_value < 0.05,
            )
            for name, effect in effects
        ]
        lines += forest_lines(pair.by_cohort, pair.pooled, names) if len(pair.by_cohort) > 1 else []
        _draw(lines, kind, "biomarker_pair_forest")


def _draw(lines: list[Line], kind: str, key: str) -> None:
    if not lines:
        st.caption("No cohort has an estimate.")
        return
    st.plotly_chart(
        draw_forest(lines, kind, current_palette()),
        config=FOREST_CONFIG,
        key=key,
        alt=f"Forest plot: {kind} of {count(len(lines), 'line')}",
    )


def _columns(table: pd.DataFrame, found: Answer) -> dict[str, Any]:
    columns = _ratio_columns(table)
    columns["I2"] = st.column_config.NumberColumn(
        "I²", format="%.0f%%", help="Share of the differences between cohorts beyond chance"
    )
    columns["Replication"] = st.column_config.TextColumn(
        help="Found by one cohort alone, all genes considered (q below 0.1), and seen in another "
        "on the same side (p below 0.05)",
        width=150,
    )
    if "Model effect" in table:
        columns["Model effect"] = st.column_config.NumberColumn(
            format="%+.1f%%",
            help="Mean difference of the model's predicted probability between tumors with and "
            f"without the alteration, within tumor type ({QUESTIONS[found.model_question]}). It "
            "tells what the model does, not what patients do; the model may have learned from "
            "these tumors.",
        )
    return columns


def _ratio_columns(table: pd.DataFrame) -> dict[str, Any]:
    numbers = table.select_dtypes("float64").columns
    ratios = [str(name) for name in numbers if name not in ("q", "I2")]
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(
            format="%.2f", help=RATIO_MEANING if name.startswith("Ratio") else None
        )
        for name in ratios
    }
    columns["q"] = st.column_config.NumberColumn(
        format=P_COLUMN,
        help="False discovery rate: of all findings with this q or a smaller one, about this "
        "share is chance",
    )
    return columns


def _download(data: MapData, request: Request, title: str, table: pd.DataFrame) -> None:
    value = f" = {request.value}" if request.value else ""
    st.download_button(
        "Download CSV",
        data=lambda: to_csv(
            table,
            [
                f"Biomarkers of {title}{value}",
                f"Cohorts: {', '.join(request.cohorts)}; altered by {request.group}; held fixed: "
                f"{request.fixed.value}",
                CAUTION,
                *source_lines(data),
            ],
        ),
        file_name="tumorxy-biomarkers.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="biomarker_csv",
    )
