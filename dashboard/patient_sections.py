"""The sections of the Patient page, in the order in which a tumor board asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import resources
from dashboard.cases import Case, Test
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.figure_export import show_figure
from dashboard.formatting import percent
from dashboard.glossary import meaning
from dashboard.intervals import Share, shares
from dashboard.neighbor_facts import NeighborFact
from dashboard.origins import say_of_neighbors
from dashboard.patient_figures import draw_composition
from dashboard.queries import MapData, Objects
from dashboard.selection import source_lines
from dashboard.theme import SYNTHETIC_NOTE
from dashboard.trust import assumed, distance_sentence, doubts, num_near_on_map, untested, verdict
from dashboard.widgets import plain_text
from dashboard.wording import (
    count,
    day,
    title_of,
)
from engine.study_effects import StudyEffect

COLUMN_TITLES = {
    "hugo_symbol": "Gene",
    "kind": "Kind",
    "protein_change": "Protein change",
    "vaf": "Variant fraction",
    "chromosome": "Chromosome",
    "start_position": "Position",
    "reference_allele": "Reference",
    "tumor_allele": "Tumor",
    "variant_classification": "As in the file",
}


def show_sequenced(case: Case) -> None:
    """Say what was looked at, and what is unknown."""
    with st.container(border=True, gap="small"):
        st.header("What was sequenced", anchor=False)
        st.markdown(f"**{plain_text(case.sample_id)}**")
        # Of a stored tumor nobody counts tokens; without a study it stands under a pseudonym.
        unnamed = "study not named" if case.num_tokens is None else "uploaded, not stored"
        origin = plain_text(case.study) if case.study else unnamed
        kind = plain_text(case.cancer_type) if case.cancer_type else "cancer type not given"
        st.markdown(f"{kind}  \n{origin}  \nPositions count in {case.genome}")
        if case.synthetic:
            st.badge("Synthetic", icon=":material/labs:", color="violet", help=SYNTHETIC_NOTE)
        for test in case.tests:
            _show_test(test)
        read = f"{count(len(case.altering), 'altering change')}, {len(case.others):,} others"
        st.markdown(f"Read: {read}")
        if case.num_tokens is not None:
            st.caption(
                f"The model reads {case.num_tokens:,} of them one by one; the others enter as "
                "counts."
            )
        if case.notes:
            with st.expander(f"What was assumed ({len(case.notes)})", type="compact"):
                for note in case.notes:
                    st.caption(plain_text(note))


def _show_test(test: Test) -> None:
    if test.panel is None:
        st.markdown(f":material/remove: {test.name}: **not tested**", help=meaning("Not profiled"))
        return
    genes = f", {test.num_genes:,} genes" if test.num_genes else ""
    told = f":material/check: {test.name}: {plain_text(test.panel)}{genes}"
    if test.is_assumed:
        st.markdown(f"{told}, assumed, not stated", help=meaning("Assumed panel"))
    else:
        st.markdown(told)


def show_trust(case: Case, origins: Sequence[StudyEffect]) -> None:
    """Say how far the answer can be trusted, before it is given.

    Args:
        case: The tumor.
        origins: By which study or panel its neighborhood is explained.
    """
    with st.container(border=True, gap="small"):
        st.header("Can this be trusted?", anchor=False)
        _show_verdict(case)
        _show_strangeness(case)
        st.markdown(
            f"**{num_near_on_map(case)} of its {len(case.neighbors)}** nearest tumors are also "
            "nearest on the map.",
            help=meaning("Agreement with the map"),
        )
        for doubt in doubts(case):
            st.warning(doubt, icon=":material/warning:")
        if unknown := untested(case):
            st.caption(unknown)
        if guessed := assumed(case):
            st.caption(guessed, help=meaning("Assumed panel"))
        for effect in origins:
            st.warning(plain_text(say_of_neighbors(effect)), icon=":material/science:")


def _show_strangeness(case: Case) -> None:
    if case.strangeness is not None:
        st.markdown(
            f"Stranger than **{percent(case.strangeness)}** of the reference tumors.",
            help=meaning("Out of distribution"),
        )
    st.markdown(distance_sentence(case), help=meaning("Distance from the reference"))


def _show_verdict(case: Case) -> None:
    title, sentence = verdict(case)
    if case.out_of_distribution:
        st.error(sentence, title=title, icon=":material/block:")
    else:
        st.success(sentence, title=title, icon=":material/check_circle:")


def map_source(data: MapData) -> str:
    """Name the map and its model in a few words, as figures state them."""
    return (
        f"map {data.name} v{data.layout_id}, {day(data.created_at)} · model {data.model_digest[:8]}"
    )


def show_neighbors(
    data: MapData, case: Case, facts: Sequence[NeighborFact], labels: Mapping[str, Objects]
) -> None:
    """List the nearest tumors with treatment and outcome, and count what they are.

    Args:
        data: The map.
        case: The tumor.
        facts: What is known of its K nearest tumors.
        labels: Labels of them by title, (K,) each. The first is always shown, the others where a
            neighbor has them.
    """
    total = len(case.neighbors)
    if not total:
        st.info("It is the only tumor of the map: there is none to compare it with.")
        return
    st.header(f"The {count(total, 'tumor')} most like it", anchor=False)
    left, right = st.columns([1, 1.7], gap="medium")
    given = {
        title: values
        for title, values in labels.items()
        if title == next(iter(labels)) or any(v is not None for v in values)
    }
    with left:
        title = st.selectbox(
            "Count them by", list(given), key="patient_by", help=meaning("Wilson interval")
        )
        found = shares(list(given[title]))
        show_figure(
            partial(draw_composition, found),
            partial(tabulate_shares, found),
            name=f"Neighbors by {title}: " + "; ".join(f"{s.name} {s.count}" for s in found),
            caption=[f"The {total} tumors nearest to {case.sample_id}", *source_lines(data)],
            key="patient_composition",
        )
        st.caption(
            f"Share of {total} tumors with its 95% interval", help=meaning("Wilson interval")
        )
    with right:
        _show_neighbor_table(data, case, tabulate_neighbors(facts, given))


def tabulate_shares(found: Sequence[Share]) -> pd.DataFrame:
    """List shares with their counts and intervals."""
    return pd.DataFrame(
        [(s.name, s.count, s.total, s.share, s.low, s.high) for s in found],
        columns=["Category", "Tumors", "Of", "Share", "Lower", "Upper"],
    )


def name_neighbor(fact: NeighborFact) -> str:
    """Name a neighbor by its id, or by its rank where ids are withheld."""
    name = fact.sample_id or f"Neighbor {fact.rank}"
    return f"{name} (same patient)" if fact.same_patient else name


def tabulate_neighbors(
    facts: Sequence[NeighborFact], labels: Mapping[str, Objects]
) -> pd.DataFrame:
    """List the nearest tumors: name, distance, treatment, response, survival and labels.

    Args:
        facts: What is known of K tumors.
        labels: Labels by title, (K,) each.

    Returns:
        K rows; treatment, response and survival only where one of them has it.
    """
    table = pd.DataFrame(
        {
            "Sample": [name_neighbor(fact) for fact in facts],
            "Distance": [fact.distance for fact in facts],
        }
    )
    first, *others = labels
    table[first] = labels[first]
    known = {
        "Treatment": [fact.treatment for fact in facts],
        "Response": [fact.response for fact in facts],
        "Survival": [fact.outcome for fact in facts],
    }
    for title, values in (known | {title: labels[title] for title in others}).items():
        if any(value is not None for value in values):
            table[title] = values
    return table


def _show_neighbor_table(data: MapData, case: Case, table: pd.DataFrame) -> None:
    st.dataframe(
        table,
        hide_index=True,
        placeholder="not given",
        column_config={
            "Distance": st.column_config.NumberColumn(
                format="%.3f",
                help=meaning("Distance"),
            ),
            "Survival": st.column_config.TextColumn(help=meaning("Survival time")),
        },
        key="patient_neighbors",
        alt="Nearest tumors with their labels",
    )
    untold = [title for title in ("Treatment", "Response", "Survival") if title not in table]
    if untold:
        st.caption(f"{', '.join(untold)}: not known of any of them.")
    offer_download(
        "Download CSV",
        lambda: to_csv(table, [f"Tumors nearest to {case.sample_id}", *source_lines(data)]),
        file_name="tumorxy-neighbors.csv",
        key="patient_neighbors_csv",
    )


def show_alterations(case: Case) -> None:
    """List what alters a gene; the rest stays folded."""
    altering = case.altering
    st.header(f"Alterations: {count(len(altering), 'altering change')}", anchor=False)
    if len(altering):
        first = altering["hugo_symbol"].isin(resources.offered_genes())
        _show_alteration_table(altering.iloc[(~first).argsort(kind="stable")], "patient_altering")
        st.caption("Genes of a common cancer panel come first.")
    else:
        st.caption("None was found among the genes that were looked at.")
    others = case.others
    if len(others):
        with st.expander(
            f"{len(others):,} silent, noncoding or single-copy changes, never counted as altering"
        ):
            _show_alteration_table(others, "patient_others")


def _show_alteration_table(table: pd.DataFrame, key: str) -> None:
    given = [name for name in COLUMN_TITLES if table[name].notna().any()]
    st.dataframe(
        table[given].rename(columns=COLUMN_TITLES),
        hide_index=True,
        placeholder="–",  # noqa: RUF001 - the usual sign for an empty cell
        column_config={
            "Variant fraction": st.column_config.ProgressColumn(
                min_value=0,
                max_value=1,
                format="percent",
                help=meaning("Variant fraction"),
            ),
            "Position": st.column_config.NumberColumn(format="localized"),
        },
        key=key,
        alt="Alterations of this tumor",
    )


def show_clinical(case: Case) -> None:
    """List what else the study says about the tumor."""
    if not case.clinical:
        return
    with st.expander(f"Clinical facts ({len(case.clinical)})"):
        facts = sorted((title_of(key, None), value) for key, value in case.clinical.items())
        st.dataframe(
            pd.DataFrame(facts, columns=["Fact", "Value"]),
            hide_index=True,
            key="patient_clinical",
            alt="Clinical facts of this tumor",
        )
