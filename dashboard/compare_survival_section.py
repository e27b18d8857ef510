"""The survival of groups on the Compare page: curves, hazard ratios, and their check."""

from __future__ import annotations

import functools
import textwrap
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard import compare_survival as survival
from dashboard import compare_words as words
from dashboard.biomarker_figures import Line, draw_forest
from dashboard.cells import write_cells
from dashboard.compare_controls import choose_group
from dashboard.compare_groups import Asked, Formed, Source
from dashboard.compare_resources import load_comparison
from dashboard.compare_survival import Comparison, Covariate, Fixed, Request
from dashboard.compare_who import caption_of, source_of
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.figure_export import draw_for_page, offer_figure, show_figure
from dashboard.formatting import p_value
from dashboard.glossary import meaning
from dashboard.outcome_facts import Endpoint
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.survival_figures import CurveOptions, draw_curves
from dashboard.theme import Palette
from dashboard.widgets import plain_text
from engine.epidemiology.group_survival import GroupHazards

PLAIN_CONFIG = {"displayModeBar": False, "responsive": True}
NOTE_PIXELS, NAME_LENGTH = 160, 22
"""Width of what stands at the right of a hazard ratio, and letters of what stands at its left."""
HAZARD_MEANING = meaning("Hazard ratio", "From a proportional-hazards model (Cox).")
COVARIATE_MEANING = meaning(
    "Covariate",
    "Here: age per ten years, sex, and the binary logarithm of the mutations per megabase. "
    "Patients of whom one is not known are left out.",
)
TIME_MEANING = (
    "Time runs from where each study begins to count: diagnosis, sequencing, or start of "
    "treatment. Where that is long before the tumor was sequenced, nobody could die in between "
    "(immortal time), and survival looks longer than it is."
)
COLUMNS = {
    "p": meaning("p-value", "Here: of the hypothesis that the hazards are the same."),
    "p of change over time": meaning(
        "Proportional hazards",
        "A small p says that it does not hold, by the scaled Schoenfeld residuals (Grambsch and "
        "Therneau).",
    ),
    "Hazard ratio": HAZARD_MEANING,
    "Lower": meaning("Confidence interval", "Its lower end."),
    "Upper": meaning("Confidence interval", "Its upper end."),
    "Median, months": meaning("Median survival"),
    "Median from": meaning("Confidence interval", "Its lower end, of the median."),
    "Median to": meaning("Confidence interval", "Its upper end; empty where it was not reached."),
}


def show_survival(
    key: Published, data: MapData, asked: Asked, where: tuple[Formed, Endpoint | None]
) -> None:
    """Show the survival of groups, or say that no study states it."""
    formed, endpoint = where
    if endpoint is None:
        st.info(
            "No follow-up is stated for the patients of these groups. Studies state it in the "
            "columns OS_MONTHS and OS_STATUS, or PFS_MONTHS and PFS_STATUS, of their clinical file."
        )
        return
    request = _choose(formed, endpoint, asked.source)
    with st.spinner("Comparing the survival", show_time=True):
        found = load_comparison(key, data, data.layout_id, asked, request)
    if found is None:
        st.info("Fewer than two groups have a patient of known follow-up. Choose wider groups.")
        return
    st.markdown(f"**{plain_text(words.say_difference(found))}.**")
    left, right = st.columns([1.3, 1], gap="medium")
    caption = caption_of(data, asked, formed)
    with left:
        _show_curves(data, found, caption)
    with right:
        _show_hazards(found, formed, request, caption)
    _show_tables(found, caption)


def _choose(formed: Formed, endpoint: Endpoint, source: Source) -> Request:
    names = formed.groups.names
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reference = choose_group(
            names,
            "Against",
            "reference",
            "The group that the hazards of the others are set against.",
            # Of genes, wild type or neither; of a selection, all others.
            first=0 if source is Source.LABEL else len(names) - 1,
        )
        fixed = st.pills(
            "Compare only within the same",
            list(Fixed),
            selection_mode="multi",
            default=[Fixed.TYPE, Fixed.STUDY],
            format_func=lambda f: f.value,
            key="within",
            bind="query-params",
            help=meaning("Held fixed"),
        )
        covariates = st.pills(
            "Adjust for",
            list(Covariate),
            selection_mode="multi",
            format_func=lambda c: c.value,
            key="adjust",
            bind="query-params",
            help=COVARIATE_MEANING,
        )
    return Request(
        endpoint=endpoint,
        reference=min(reference, len(formed.groups) - 1),
        fixed=tuple(f for f in Fixed if f in (fixed or [])),
        covariates=tuple(c for c in Covariate if c in (covariates or [])),
    )


def _show_curves(data: MapData, found: Comparison, caption: list[str]) -> None:
    def draw(palette: Palette) -> Any:
        options = CurveOptions(
            palette=palette,
            endpoint=found.endpoint.words,
            source=source_of(data),
            synthetic=data.synthetic,
            slots=found.slots,
        )
        return draw_curves(found.curves, options, found.log_rank)

    st.plotly_chart(
        draw_for_page(draw),
        config=PLAIN_CONFIG,
        key="compare_curves",
        alt=f"Survival curves: {words.say_difference(found)}",
    )
    st.caption(TIME_MEANING)
    offer_figure(
        draw,
        lambda: survival.step_table(found),
        name=f"{found.endpoint.words} by group",
        caption=caption,
        key="compare_curves",
    )


def _show_hazards(found: Comparison, formed: Formed, request: Request, caption: list[str]) -> None:
    names = formed.groups.names
    hazards, held = _choose_model(found, request)
    if hazards is None:
        st.caption(
            "No hazard ratio: fewer than two groups have an event, or the reference has none."
        )
        return
    reference = names[hazards.reference]
    st.markdown(f"**Hazard ratios against {plain_text(reference)}**", help=HAZARD_MEANING)
    told = f"{held[:1].upper()}{held[1:]}." if held else "Nothing is held fixed."
    st.caption(plain_text(f"{told} Beside each: {found.endpoint.event} of patients."))
    lines = _lines(hazards, found)
    if lines:
        show_figure(
            functools.partial(_draw_hazards, lines),
            functools.partial(survival.hazard_table, found),
            name=f"{found.endpoint.words}: hazard ratios against {reference}",
            caption=[*caption, told],
            key="compare_hazards",
            alt="; ".join(
                words.say_hazard(line, reference, found.endpoint.event) for line in hazards.groups
            ),
        )
    for line in hazards.groups:
        if not 0 < line.ratio < np.inf:
            st.caption(plain_text(f"{words.say_hazard(line, reference, found.endpoint.event)}."))
    for told in words.say_model(hazards, names):
        st.caption(plain_text(told))
    check = words.say_proportionality(hazards, found)
    if check:
        st.caption(plain_text(check))


def _draw_hazards(lines: list[Line], palette: Palette) -> go.Figure:
    return draw_forest(lines, "hazard ratio", palette).update_layout(margin_r=NOTE_PIXELS)


def _choose_model(found: Comparison, request: Request) -> tuple[GroupHazards | None, str]:
    """Return the model that is shown and what it holds fixed; the crude one if that tells all."""
    held = words.say_held(request.fixed, request.covariates)
    if found.adjusted is None:
        return found.crude, ""
    if found.adjusted.num_compared:
        return found.adjusted, held
    st.caption(
        plain_text(
            f"Nothing can be told when {held}: nobody of one group agrees in it with anybody of "
            "another. Choose less above."
        )
    )
    return found.crude, ""


def _lines(hazards: GroupHazards, found: Comparison) -> list[Line]:
    return [
        Line(
            name=textwrap.shorten(line.name, NAME_LENGTH, placeholder="…"),
            ratio=line.ratio,
            lower=line.lower,
            upper=line.upper,
            note=f"{p_value(line.p_value)}; {line.events:,} of {line.patients:,}",
            is_found=line.p_value < words.SURE_BELOW,
        )
        for line in hazards.groups
        if 0 < line.ratio < np.inf
    ]


def _show_tables(found: Comparison, caption: list[str]) -> None:
    with st.expander("All numbers: medians, means, hazard ratios of covariates"):
        curves, hazards = survival.curve_table(found), survival.hazard_table(found)
        for name, table in (("groups", curves), ("hazards", hazards)):
            if not len(table):
                continue
            st.dataframe(
                write_cells(table, ("Hazard ratio", "Lower", "Upper")),
                hide_index=True,
                column_config=_columns(table.columns.tolist()),
                placeholder="",
                alt=f"Survival: {name}",
                key=f"compare_{name}_table",
            )
            offer_download(
                "Download CSV",
                functools.partial(to_csv, table, ["Survival by group", *caption]),
                file_name=f"tumorxy-compare-{name}.csv",
                key=f"compare_{name}_csv",
            )


def _columns(names: list[str]) -> dict[str, Any]:
    whole = ("Group", "Compared", "Model", "Patients", "Events")
    return {
        name: st.column_config.NumberColumn(name, help=COLUMNS.get(name))
        for name in names
        if name not in whole
    }
