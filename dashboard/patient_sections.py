"""The sections of the Patient page, in the order in which a tumor board asks."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import resources
from dashboard.cases import OOD_RULE_SHARE, Case, Test
from dashboard.coloring import color_labels
from dashboard.csv_export import to_csv
from dashboard.figures import MAP_CONFIG, MapOptions
from dashboard.formatting import percent
from dashboard.intervals import shares
from dashboard.patient_figures import draw_composition, draw_neighborhood
from dashboard.queries import MapData, Objects
from dashboard.selection import source_lines
from dashboard.theme import SYNTHETIC_NOTE
from dashboard.widgets import current_palette, plain_text
from dashboard.wording import (
    AGREEMENT,
    DISTANCE,
    NOT_PROFILED,
    OUT_OF_DISTRIBUTION,
    STRANGENESS,
    WILSON,
    count,
    day,
    title_of,
)
from engine.study_effects import StudyEffect

LOW_AGREEMENT = 0.4
"""Below this share the place on the map says little; 0.4 is 6 of 15."""

IMAGE = {"filename": "tumorxy-patient", "scale": 2}

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
        st.subheader("What was sequenced", anchor=False)
        st.markdown(f"**{plain_text(case.sample_id)}**")
        origin = plain_text(case.study) if case.study else "uploaded, not stored"
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
        st.markdown(f":material/remove: {test.name}: **not tested**", help=NOT_PROFILED)
        return
    genes = f", {test.num_genes:,} genes" if test.num_genes else ""
    st.markdown(f":material/check: {test.name}: {plain_text(test.panel)}{genes}")


def show_trust(case: Case, origins: Sequence[StudyEffect]) -> None:
    """Say how far the answer can be trusted, before it is given.

    Args:
        case: The tumor.
        origins: By which study or panel its neighborhood is explained.
    """
    with st.container(border=True, gap="small"):
        st.subheader("Can this be trusted?", anchor=False)
        _show_verdict(case)
        _show_strangeness(case)
        total = len(case.neighbors)
        near = round(case.agreement * total)
        st.markdown(
            f"**{near} of its {total}** nearest tumors are also nearest on the map.",
            help=AGREEMENT,
        )
        _show_doubts(case)
        for effect in origins:
            st.warning(plain_text(effect.sentence), icon=":material/science:")


def _show_strangeness(case: Case) -> None:
    if case.strangeness is not None:
        st.markdown(
            f"Stranger than **{percent(case.strangeness)}** of the reference tumors.",
            help=STRANGENESS,
        )
    st.markdown(
        f"Farther from its nearest tumors than **{percent(case.map_strangeness)}** of the tumors "
        f"on this map; {OOD_RULE_SHARE:.0%} is far.",
        help=OUT_OF_DISTRIBUTION,
    )


def _show_verdict(case: Case) -> None:
    if case.out_of_distribution:
        st.error(
            "It is unlike the tumors that the model knows. Do not interpret its place, its "
            "neighbors or its predictions.",
            title="Do not interpret",
            icon=":material/block:",
        )
    else:
        st.success(
            "It is like tumors that the model knows.",
            title="Within the reference",
            icon=":material/check_circle:",
        )


def _show_doubts(case: Case) -> None:
    if case.is_far and not case.out_of_distribution:
        st.warning(
            "Nothing on this map is near it: its neighbors say little.",
            icon=":material/warning:",
        )
    if len(case.neighbors) and case.agreement < LOW_AGREEMENT:
        st.warning(
            "Its place on the map says little: read the nearest tumors below instead.",
            icon=":material/warning:",
        )
    if not len(case.altering):
        st.warning(
            "No altering change was found in it. Tumors without one lie together, whatever they "
            "are.",
            icon=":material/warning:",
        )
    missing = [test.name.lower() for test in case.tests if test.panel is None]
    if missing:
        st.caption(f"Not tested: {', '.join(missing)}. What they would show is unknown.")


def show_place(data: MapData, case: Case) -> None:
    """Draw the tumor and its nearest tumors on the map."""
    types = data.samples["cancer_type"].iloc[case.neighbors]
    coloring = color_labels("Cancer type", list(types.where(types.notna(), None)))
    options = MapOptions(
        palette=current_palette(),
        source=f"map {data.name} v{data.layout_id}, {day(data.created_at)} · model "
        f"{data.model_digest[:8]}",
        synthetic=data.synthetic or case.synthetic,
        narrow=True,
    )
    figure = draw_neighborhood(
        data.places, (case.sample_id, *case.place), case.neighbors, coloring, options
    )
    with st.container(border=True, height="stretch", key="patient_map_card"):
        st.subheader("Where it lies", anchor=False, help=DISTANCE)
        st.plotly_chart(
            figure,
            key="patient_map",
            height="stretch",
            config={**MAP_CONFIG, "toImageButtonOptions": IMAGE},
            alt=f"{case.sample_id} and its nearest tumors on the map",
        )


def show_neighbors(data: MapData, case: Case, labels: dict[str, Objects]) -> None:
    """List the nearest tumors, and count what they are.

    Args:
        data: The map.
        case: The tumor.
        labels: Labels by title, one value per tumor of the map. The first is always shown, the
            others where a neighbor has them.
    """
    total = len(case.neighbors)
    if not total:
        st.info("It is the only tumor of the map: there is none to compare it with.")
        return
    st.subheader(f"The {count(total, 'tumor')} most like it", anchor=False)
    left, right = st.columns([1, 1.7], gap="medium")
    given = {
        title: values[case.neighbors]
        for title, values in labels.items()
        if title == next(iter(labels)) or any(v is not None for v in values[case.neighbors])
    }
    with left:
        title = st.selectbox("Count them by", list(given), key="patient_by", help=WILSON)
        found = shares(list(given[title]))
        st.plotly_chart(
            draw_composition(found, current_palette()),
            key="patient_composition",
            config={"displayModeBar": False},
            alt=f"Neighbors by {title}: " + "; ".join(f"{s.name} {s.count}" for s in found),
        )
        st.caption(f"Share of {total} tumors with its 95% interval", help=WILSON)
    with right:
        samples = data.samples.iloc[case.neighbors]
        table = pd.DataFrame(
            {
                "Sample": samples["sample_id"].to_numpy(dtype=object),
                "Distance": case.distances,
                **given,
            }
        )
        _show_neighbor_table(data, case, table)


def _show_neighbor_table(data: MapData, case: Case, table: pd.DataFrame) -> None:
    st.dataframe(
        table,
        hide_index=True,
        height=36 + 35 * min(len(table), 11),
        placeholder="not given",
        column_config={
            "Distance": st.column_config.NumberColumn(
                format="%.3f",
                help="In the full model: 0 is the same, 2 the most different. It does not depend "
                "on the map.",
            ),
        },
        key="patient_neighbors",
        alt="Nearest tumors with their labels",
    )
    st.download_button(
        "Download CSV",
        data=lambda: to_csv(table, [f"Tumors nearest to {case.sample_id}", *source_lines(data)]),
        file_name="tumorxy-neighbors.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="patient_neighbors_csv",
    )


def show_alterations(case: Case) -> None:
    """List what alters a gene; the rest stays folded."""
    altering = case.altering
    st.subheader(f"Alterations: {count(len(altering), 'altering change')}", anchor=False)
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
        height=36 + 35 * min(len(table), 10),
        placeholder="–",  # noqa: RUF001 - the usual sign for an empty cell
        column_config={
            "Variant fraction": st.column_config.ProgressColumn(
                min_value=0,
                max_value=1,
                format="percent",
                help="Share of the sequencing reads at this place that carry the change",
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
