"""The answer on the Biomarkers page: a sentence, a forest plot and a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import biomarker_tables as tables
from dashboard import biomarkers, child_call, explanation_resources, resources
from dashboard.biomarker_examples import effect_of, name_of, say_example
from dashboard.biomarker_forest import (
    Asked,
    effect_line,
    forest_lines,
    gene_line,
    show_forest,
)
from dashboard.biomarker_outcomes import read_outcome
from dashboard.biomarkers import Answer, Request
from dashboard.cells import write_cells
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.formatting import p_value
from dashboard.glossary import meaning
from dashboard.model_effects import read_predicted
from dashboard.predictions import OS_RISK, TITLES
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.selection import source_lines
from dashboard.shelf import Shelf
from dashboard.widgets import plain_text, table_room
from engine.epidemiology.biomarkers import Biomarker

MOST_ANSWERS = 32

_answers: Shelf[Answer] = Shelf(MOST_ANSWERS)
"""What was asked last, by any session."""

CANCELED = "biomarker_canceled"
"""Where the session keeps the request that the reader canceled last."""

MOST_AT_ONCE = 300
"""Patients that are looked at within the page, in a third of a second; more in a child process."""

MOST_LINES = 12
MOST_ROWS = 500

RATIO_MEANING = (
    "Above 1: the outcome is more frequent, or comes earlier, with the alteration. Compared only "
    "within cohort and within what is held fixed."
)
SIDES = (1.45, 1)
"""Widths of a table and the figure beside it: on a screen 1280 wide no column is cut."""
EXAMPLES_MEANING = (
    "Alterations that were reported to go with response to checkpoint blockade, or with its lack. "
    "They are shown whatever the chosen cohorts say. Some of the reports come from cohorts that "
    "may be among them, so p is no independent test."
)
CAUTION = (
    "Associations in retrospective cohorts, not effects of a treatment: stage, lines of therapy "
    "and much else is not held fixed."
)


def find_answer(key: Published, data: MapData, request: Request) -> Answer | None:
    """Answer a request, or return the answer when anybody asked the same before.

    Many patients are looked at in a child process. Another choice on the page, or Cancel, ends it:
    Streamlit stops a run at its next sign of progress.

    Returns:
        The answer; None where the reader canceled it.
    """
    identity = (key, data.layout_id, request)
    known = _answers.get(identity)
    if known is not None or not _is_wanted(identity):
        return known
    bar = st.progress(0.0, text="Reading the tumors")
    stop = st.empty()
    counted = explanation_resources.load_counted(key, data, data.layout_id)
    with resources.service().store.read() as reader:
        outcome = read_outcome(reader, data, request.offer, request.value)
        predicted = read_predicted(reader, data, request.offer, request.value)
    chosen = np.isin(data.samples["study_id"].to_numpy(dtype=object).astype(str), request.cohorts)
    given = (counted, data, outcome, request, predicted)

    def told(stage: str, done: int, total: int) -> None:
        bar.progress(done / total if total else 0.0, text=stage)

    if int((outcome.known & chosen).sum()) <= MOST_AT_ONCE:
        found = biomarkers.answer(*given, told)
    else:
        _offer_cancel(stop, identity)
        found = child_call.call(biomarkers.answer, *given, progress=told)
    bar.empty()
    stop.empty()
    _answers.put(identity, found, 1)
    return found


def _is_wanted(identity: object) -> bool:
    """Tell whether to compute: not what the reader canceled, unless they want it after all."""
    if st.session_state.get(CANCELED) != identity:
        return True
    st.caption("It was canceled.")
    if not st.button("Compute it", icon=":material/play_arrow:", key="biomarker_start"):
        return False
    del st.session_state[CANCELED]
    return True


def _offer_cancel(place: DeltaGenerator, identity: object) -> None:
    place.button(
        "Cancel",
        icon=":material/stop_circle:",
        on_click=_cancel,
        args=(identity,),
        key="biomarker_cancel",
    )


def _cancel(identity: object) -> None:
    st.session_state[CANCELED] = identity


def show_answer(data: MapData, request: Request, title: str, found: Answer) -> None:
    """Show what was found: a sentence, the forest plot, the table."""
    names = {study: info.name for study, info in data.studies.items()}
    cited = _cite(data, request, title)
    asked = Asked(kind=found.kind, names=names, caption=cited)
    if found.singles is None:
        st.markdown(f"**{plain_text(tables.say_pairs(found.pairs))}**")
        st.caption(CAUTION)
        _show_pairs(found, asked)
        table = tables.pair_table(found)
    else:
        st.markdown(f"**{plain_text(tables.say(found.singles))}**")
        st.caption(CAUTION)
        _show_singles(found, found.singles.markers, asked)
        table = tables.single_table(found)
    if not found.model_question:
        st.caption("The model answers no such question, so there is no model effect to compare.")
    if len(table):
        _download(table, cited)
    _show_examples(found, asked)


def _show_singles(found: Answer, markers: tuple[Biomarker, ...], asked: Asked) -> None:
    if not markers:
        return
    table = tables.single_table(found)
    left, right = st.columns(SIDES, gap="medium")
    with left:
        st.header("Genes, the clearest first", anchor=False)
        rows = _choose_row(
            table, _columns(table, found), "Genes and the outcome", "biomarker_table"
        )
        st.caption("Choose a row to see the gene cohort by cohort.")
    with right:
        if rows and rows[0] < len(markers):
            _forest_of(markers[rows[0]], asked)
        else:
            st.header("Within cohort, all together", anchor=False)
            lines = [gene_line(marker) for marker in markers[:MOST_LINES]]
            show_forest(lines, asked, "the clearest genes", "biomarker_forest")


def _forest_of(marker: Biomarker, asked: Asked) -> None:
    title = f"{marker.feature.label}, cohort by cohort"
    st.header(title, anchor=False)
    lines = forest_lines(marker.by_cohort, marker.pooled, asked.names)
    show_forest(lines, asked, title, f"forest_{marker.feature.name}")
    st.caption(f"Replication: {tables.say_replication(marker)}.")


def _show_examples(found: Answer, asked: Asked) -> None:
    """Tell what is asked for most, whether or not it was found."""
    if not found.examples:
        return
    st.header("Worked examples", anchor=False, help=EXAMPLES_MEANING)
    left, right = st.columns(SIDES, gap="medium")
    with left:
        for example in found.examples:
            st.markdown(f"- {say_example(example, found.kind)}")
    with right:
        named = [(name_of(example), effect_of(example)) for example in found.examples]
        lines = [
            effect_line(name, effect, f"{effect.carriers:,} patients, {p_value(effect.p_value)}")
            for name, effect in named
            if np.isfinite(effect.ratio)
        ]
        show_forest(lines, asked, "reported alterations", "biomarker_examples")


def _choose_row(table: pd.DataFrame, columns: dict[str, Any], alt: str, key: str) -> list[int]:
    """List associations; return the row that the reader chose, if any."""
    event = table_room(len(table), f"{key}_room").dataframe(
        write_cells(table.head(MOST_ROWS), _ratios(table)),
        hide_index=True,
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        alt=alt,
        key=key,
    )
    return list(event.selection.rows)


def _show_pairs(found: Answer, asked: Asked) -> None:
    pairs = found.pairs
    if not pairs:
        return
    table = tables.pair_table(found)
    left, right = st.columns(SIDES, gap="medium")
    with left:
        st.header("Pairs, the clearest interaction first", anchor=False)
        rows = _choose_row(
            table,
            _ratio_columns(table, found),
            "Pairs of genes and the outcome",
            "biomarker_pair_table",
        )
    pair = pairs[rows[0] if rows and rows[0] < len(pairs) else 0]
    with right:
        title = f"{pair.first.name} and {pair.second.name}"
        st.header(title, anchor=False)
        st.caption("Each against patients with neither; below, both in each cohort.")
        effects = (
            (f"{pair.first.name} only", pair.first_only),
            (f"{pair.second.name} only", pair.second_only),
            ("Both", pair.both),
        )
        lines = [
            effect_line(name, effect, f"{effect.carriers:,} patients") for name, effect in effects
        ]
        if len(pair.by_cohort) > 1:
            lines += forest_lines(pair.by_cohort, pair.pooled, asked.names)
        show_forest(lines, asked, title, "biomarker_pair_forest")


def _columns(table: pd.DataFrame, found: Answer) -> dict[str, Any]:
    columns = _ratio_columns(table, found)
    columns["I2"] = st.column_config.NumberColumn("I²", format="%.0f%%", help=meaning("I²"))
    columns["Replication"] = st.column_config.TextColumn(
        help=meaning(
            "Replication",
            "Here: found by one cohort alone, all genes considered, with q below 0.1, and seen in "
            "another with p below 0.05.",
        ),
        width=150,
    )
    return columns


def _ratio_columns(table: pd.DataFrame, found: Answer) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(
            help=RATIO_MEANING if name.startswith("Ratio") else None
        )
        for name in _ratios(table)
    }
    for name in table.select_dtypes("int64").columns:
        columns[str(name)] = st.column_config.NumberColumn(format="localized")
    columns["q"] = st.column_config.NumberColumn(
        help=meaning("q-value"),
    )
    if "Model effect" in table:
        what = "percentile of risk" if found.model_question == OS_RISK else "probability"
        columns["Model effect"] = st.column_config.NumberColumn(
            format="%+.1f%%",
            help=meaning("Model effect", f"Here: {what} ({TITLES[found.model_question]})."),
        )
    return columns


def _ratios(table: pd.DataFrame) -> list[str]:
    others = ("q", "I2", "Model effect")
    return [str(name) for name in table.select_dtypes("float64").columns if name not in others]


def _cite(data: MapData, request: Request, title: str) -> list[str]:
    """Say what was asked and of whom, for the caption of a file."""
    value = f" = {request.value}" if request.value else ""
    return [
        f"Biomarkers of {title}{value}",
        f"Cohorts: {', '.join(request.cohorts)}; altered by {request.group}; held fixed: "
        f"{request.fixed.value}",
        CAUTION,
        *source_lines(data),
    ]


def _download(table: pd.DataFrame, cited: list[str]) -> None:
    offer_download(
        "Download CSV",
        lambda: to_csv(table, cited),
        file_name="tumorxy-biomarkers.csv",
        key="biomarker_csv",
    )
