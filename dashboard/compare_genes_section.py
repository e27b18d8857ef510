"""Altered genes of groups on the Compare page: oncoprint, volcano and table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import resources
from dashboard.cells import write_cells
from dashboard.compare_controls import choose_group
from dashboard.compare_enrichment import (
    FOUND_BELOW,
    KNOWN,
    OTHERS_KNOWN,
    OTHERS_SHARE,
    SHARE,
    Enrichment,
    pair_table,
    single_table,
)
from dashboard.compare_figures import draw_volcano, points_of
from dashboard.compare_groups import Asked, Formed
from dashboard.compare_resources import load_enrichment
from dashboard.compare_who import caption_of, figure_options
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.explanation_resources import load_counted
from dashboard.figure_export import show_figure
from dashboard.glossary import meaning
from dashboard.oncoprint import MOST_DRAWN, MOST_GENES, Oncoprint, arrange, choose_genes
from dashboard.oncoprint_figure import draw_oncoprint
from dashboard.queries import MapData
from dashboard.region_section import ADJUSTED
from dashboard.region_tables import EXPECTED, LOWER, ODDS, Q_VALUE, UPPER
from dashboard.regions import Fixed
from dashboard.resources import Published
from dashboard.theme import Palette
from dashboard.widgets import plain_text, table_room
from dashboard.wording import count

MOST_LINES = 500
NUM_GENES = 12
SINGLES, PAIRS = "Genes", "Pairs"
DEFINED = (
    "The genes that the groups are made of are left out: they differ by definition. Genes of the "
    "same arm often follow."
)
PAIRS_NOTE = (
    "Pairs are chosen among genes that are enriched or frequent here: q tells how distinctive a "
    "pair is, not that it is more than its parts. Compare with “By chance”."
)


def show_oncoprint(key: Published, data: MapData, asked: Asked, formed: Formed) -> None:
    """Draw the genes that tell the groups apart, tumor by tumor."""
    offered = sorted({f.name for f in load_counted(key, data, data.layout_id).features.features})
    typed = st.multiselect(
        "Genes",
        offered,
        max_selections=MOST_GENES,
        key="genes",
        bind="query-params",
        placeholder="The clearest differences; type genes to choose your own",
        help="Without a choice: the genes that the groups are made of, and those whose frequency "
        "differs most.",
        wrap=True,
    )
    with st.spinner("Reading the genes", show_time=True):
        genes = tuple(typed) or _clearest(key, data, asked, formed)
        states = {g: resources.load_states(key, data, data.layout_id, g) for g in genes}
    if not genes:
        st.info("No gene is altered often enough to be drawn. Type genes above.")
        return
    found = arrange(states, formed.groups.codes, formed.groups.names)

    def draw(palette: Palette) -> Any:
        return draw_oncoprint(found, figure_options(data, palette))

    show_figure(
        draw,
        lambda: found.shares,
        name="Oncoprint by group",
        caption=caption_of(data, asked, formed),
        key="compare_oncoprint",
        alt=f"Oncoprint of {count(len(found.genes), 'gene')}: {_say_shares(found)}",
    )
    st.caption(_say_drawn(found))
    with st.expander("The same as numbers"):
        _show_shares(found)


def _clearest(key: Published, data: MapData, asked: Asked, formed: Formed) -> tuple[str, ...]:
    """Choose genes by the evidence of any group against the others."""
    best: dict[str, float] = {}
    for group in _compared(formed):
        found = load_enrichment(key, data, data.layout_id, asked, group, Fixed.PANEL)
        for marker in found.markers:
            name = marker.feature.name
            best[name] = max(best.get(name, 0.0), abs(marker.z))
    ranked = sorted(best, key=lambda name: -best[name])
    return choose_genes(ranked, asked.genes, NUM_GENES)


def _compared(formed: Formed) -> range:
    """Return the groups to look at: of two, one tells the same as the other."""
    return range(1 if len(formed.groups) == 2 else len(formed.groups))


def _say_drawn(found: Oncoprint) -> str:
    told = (
        "Percentages are of the tumors that were looked at for mutations in the gene. "
        "“None found” is told only of them; hatched was not looked at. Copy number colors the "
        "whole height, mutations the middle, fusions the lowest third."
    )
    cut = [block for block in found.blocks if block.num_drawn < block.num_all]
    if cut:
        told += f" Of larger groups {MOST_DRAWN} tumors are drawn, the same ones each time."
    return told


def _say_shares(found: Oncoprint) -> str:
    rows = found.shares.head(len(found.blocks) * 2)
    return "; ".join(
        f"{row['Gene']} in {row['Group']} {row['Altered']} of {row['Profiled']}"
        for row in rows.to_dict("records")
    )


def _show_shares(found: Oncoprint) -> None:
    table = found.shares.assign(
        told=[
            f"{share:.0f}% of {profiled:,}" if profiled else "not profiled"
            for share, profiled in zip(
                found.shares["Share, %"], found.shares["Profiled"], strict=True
            )
        ]
    ).pivot(index="Gene", columns="Group", values="told")
    table = table.loc[list(found.genes), [block.name for block in found.blocks]]
    st.dataframe(table, key="compare_oncoprint_table", alt="Altered share by gene and group")


def show_enrichment(key: Published, data: MapData, asked: Asked, formed: Formed) -> None:
    """Show which alterations one group has more or less often than the others."""
    group, fixed, what = _choose(formed)
    with st.spinner("Comparing the genes", show_time=True):
        found = load_enrichment(key, data, data.layout_id, asked, group, fixed)
    is_pair = what == PAIRS
    markers = found.pairs if is_pair else found.markers
    table = pair_table(found) if is_pair else single_table(found)
    st.markdown(f"**{plain_text(_say_enriched(found, is_pair=is_pair))}**")
    if not markers:
        return
    slots = (group, (1 - group) if len(formed.groups) == 2 else 7 if group != 7 else 6)
    points = points_of(markers)

    def draw(palette: Palette) -> Any:
        options = figure_options(data, palette)
        return draw_volcano(points, (found.name, found.against), slots, options)

    caption = [f"{found.name} against {found.against}; held fixed: {fixed.value}"]
    caption += caption_of(data, asked, formed)
    left, right = st.columns([1, 1.15], gap="medium")
    with left:
        show_figure(
            draw,
            lambda: table,
            name=f"{what} by group",
            caption=caption,
            key="compare_volcano",
            alt=_say_enriched(found, is_pair=is_pair),
        )
    with right:
        _show_table(table, what, caption)
        st.caption(PAIRS_NOTE if is_pair else _note(found, formed))


def _choose(formed: Formed) -> tuple[int, Fixed, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = formed.groups.names
        group = 0
        if len(names) > 2:
            group = choose_group(names, "Group", "enriched", "Set against all other groups.")
        what = st.segmented_control(
            "Look at",
            [SINGLES, PAIRS],
            default=SINGLES,
            required=True,
            key="what",
            bind="query-params",
        )
        fixed = st.selectbox(
            "Hold fixed",
            list(Fixed),
            format_func=lambda f: f.value,
            key="genes_fixed",
            bind="query-params",
            width=240,
            help=meaning("Held fixed"),
        )
    return min(group, len(names) - 1), Fixed(str(fixed)), str(what)


def _say_enriched(found: Enrichment, *, is_pair: bool) -> str:
    markers = found.pairs if is_pair else found.markers
    word = "pair" if is_pair else "alteration"
    if not markers:
        return f"No {word} is frequent enough, on both sides, to be compared."
    more = [m for m in markers if m.estimate.q_value < FOUND_BELOW and m.estimate.odds_ratio > 1]
    less = [m for m in markers if m.estimate.q_value < FOUND_BELOW and m.estimate.odds_ratio < 1]
    if not more and not less:
        return (
            f"No {word} is found more or less often in {found.name} ({found.num_group:,}) than in "
            f"{found.against} ({found.num_others:,}): none of {len(markers):,} tested has a q "
            f"below {FOUND_BELOW:g}."
        )
    return (
        f"{count(len(more), word)} more often and {len(less):,} less often in {found.name} "
        f"({found.num_group:,}) than in {found.against} ({found.num_others:,}), of "
        f"{len(markers):,} tested, q below {FOUND_BELOW:g}."
    )


def _note(found: Enrichment, formed: Formed) -> str:
    missing = found.num_group - found.num_compared
    told = f"{ADJUSTED} Shares are of the tumors that were profiled. "
    if missing:
        told += f"{count(missing, 'patient')} have nobody to be compared with. "
    return told + (DEFINED if formed.defining else "")


def _show_table(table: pd.DataFrame, what: str, caption: list[str]) -> None:
    table_room(len(table), f"compare_{what.lower()}_table").dataframe(
        write_cells(table.head(MOST_LINES), (ODDS, LOWER, UPPER)),
        hide_index=True,
        column_config=_columns(table),
        placeholder="",
        alt=f"{what} that differ between the groups",
        key=f"compare_{what.lower()}",
    )
    offer_download(
        "Download CSV",
        lambda: to_csv(table, [f"{what} by group", *caption]),
        file_name=f"tumorxy-compare-{what.lower()}.csv",
        key="compare_genes_csv",
    )


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    numbers = {
        ODDS: (None, meaning("Odds ratio", "Here of the group against the others.")),
        LOWER: (None, meaning("Confidence interval", "Its lower end, of the odds ratio.")),
        UPPER: (None, meaning("Confidence interval", "Its upper end, of the odds ratio.")),
        Q_VALUE: (None, meaning("q-value")),
        KNOWN: ("localized", "Tumors of the group that were profiled for it"),
        OTHERS_KNOWN: ("localized", "Tumors of the others that were profiled for it"),
        SHARE: ("%.1f", "Share of the group that has it, of those profiled"),
        OTHERS_SHARE: ("%.1f", "Share of the others that have it, of those profiled"),
        EXPECTED: ("%.1f", meaning("Expected share", "In %.")),
        "By chance, %": ("%.1f", meaning("By chance")),
    }
    return {
        name: st.column_config.NumberColumn(name, format=form, help=told)
        for name, (form, told) in numbers.items()
        if name in table
    }
