"""The evidence on the Model page: beside simple baselines, by group, calibration, ablations."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.card import ModelCard
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.evidence import (
    Section,
    ablation_table,
    compare_with_baselines,
    evidence_table,
    group_table,
    long_table,
    reliability_table,
    sections_of,
    shared_words,
    tally,
)
from dashboard.figure_export import show_figure
from dashboard.formatting import estimate, percent, percent_interval
from dashboard.glossary import meaning
from dashboard.head_facts import head_facts
from dashboard.model_figures import draw_groups, draw_reconstruction, draw_reliability
from dashboard.predictions import QUESTIONS
from dashboard.theme import RESEARCH_USE
from dashboard.widgets import guarded
from dashboard.wording import count
from engine.evaluation.rows import Evaluation

HOW_TO_READ = (
    "Every figure is measured on patients who took no part in training, with a 95% interval by "
    "bootstrap over patients; baselines were trained on the same patients, and the best of them "
    "is bold. The difference is paired: ours minus the best baseline on the same patients. The "
    "aims were written down before anything was measured."
)
NO_EVIDENCE = (
    "Nothing was measured on test patients for these weights. Run `tumorxy evaluate --data DIR` "
    "with the training studies; until then the figures below come from validation patients, who "
    "were used to choose settings."
)
OF_ANOTHER = (
    "The evidence beside these weights belongs to another model ({found}, not {expected}), so it "
    "is not shown. Measure these weights with `tumorxy evaluate`."
)
GROUPS = ("cancer type", "sex", "age", "ancestry")
"""What patients should be told apart by."""


def show_evidence(card: ModelCard) -> None:
    """Show how well the model does, or say why that is not known."""
    st.header("How well does it do?", anchor=False, help=HOW_TO_READ)
    evidence = card.evidence
    if evidence is None:
        _say_nothing_measured(card)
        _show_reconstruction(card)
        return
    reached, stated = tally(evidence)
    ahead, behind, compared = compare_with_baselines(evidence)
    st.markdown(
        f"**{reached} of {stated}** figures reach the aim that was set before anything was "
        f"measured. Beyond chance, **{ahead} of {compared}** are ahead of the best simple "
        f"baseline, and **{behind}** behind it. All are shown."
    )
    sections = sections_of(evidence)
    for tab, section in zip(st.tabs([s.title for s in sections]), sections, strict=True):
        with tab:
            _show_section(section)
            if section.title == "Hidden genes":
                _show_reconstruction(card)
    offer_download(
        "Download every figure as CSV",
        lambda: to_csv(long_table(evidence), [f"Evidence of model {card.digest}", RESEARCH_USE]),
        file_name="tumorxy-evidence.csv",
        key="model_evidence_csv",
    )
    _show_groups(card, evidence)
    _show_reliability(card, evidence)
    _show_ablations(evidence)


def _say_nothing_measured(card: ModelCard) -> None:
    found = card.evaluation
    text = (
        NO_EVIDENCE
        if found is None
        else OF_ANOTHER.format(found=found.model_digest[:12], expected=card.digest[:12])
    )
    st.warning(text, icon=":material/warning:")


def _show_section(section: Section) -> None:
    st.markdown(section.question)
    st.table(
        evidence_table(section.rows),
        hide_index=True,
        border="horizontal",
        alt=f"Evidence: {section.title}",
    )
    shared = shared_words(section.rows)
    if shared:
        st.caption(f"In all rows, {shared}.")


def _show_groups(card: ModelCard, evidence: Evaluation) -> None:
    if not evidence.slices:
        return
    st.header("For whom does it do worse?", anchor=False)
    st.markdown(
        "Accuracy of the cancer type on test patients, by group with the number of tumors: the "
        "types of TCGA, and 42 OncoTree types of the hospital cohort (MSK)."
    )
    _show_groupings(card, evidence)
    missing = [
        name for name in GROUPS if not any(told.startswith(name) for told in evidence.slices)
    ]
    if missing:
        st.caption(
            f"Not measured by {', '.join(missing)}: the study with these labels does not state it. "
            "What a panel costs is told above, under Cancer type."
        )


@st.fragment
@guarded
def _show_groupings(card: ModelCard, evidence: Evaluation) -> None:
    """Show the grouping that the reader chose; drawing all of them would hold up the page."""
    titles = [f"By {name}" for name in evidence.slices]
    tabs = st.tabs(titles, key="model_groupings", on_change="rerun")
    for tab, (name, rows) in zip(tabs, evidence.slices.items(), strict=True):
        if tab.open:
            with tab:
                _show_grouping(card, name, group_table(name, rows))


def _show_grouping(card: ModelCard, name: str, groups: pd.DataFrame) -> None:
    title = f"Accuracy of the cancer type by {name}"
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        show_figure(
            functools.partial(draw_groups, groups),
            lambda: groups,
            name=title,
            caption=_cite(card, f"{groups['n'].sum():,} test tumors"),
            key=f"model_groups_{name}",
        )
    with right:
        shown = groups.assign(
            Accuracy=[
                f"{percent(value)} ({percent_interval(low, high)})"
                for value, low, high in groups[["Value", "Low", "High"]].to_numpy()
            ]
        )
        st.table(
            shown[["Group", "n", "Accuracy"]].astype(str),
            hide_index=True,
            border="horizontal",
            alt=f"{title}, in numbers",
        )


def _show_reliability(card: ModelCard, evidence: Evaluation) -> None:
    bins: dict[str, Any] = evidence.facts.get("reliability", {})
    facts = head_facts(card)
    titles = {}
    for task, found in bins.items():
        told = facts.get(task)
        verdict = "not calibrated" if told and told.is_calibrated is False else ""
        titles["<br>".join(filter(None, (QUESTIONS.get(task, task), verdict)))] = found
    if not titles:
        return
    st.header(
        "Do its probabilities come true?",
        anchor=False,
        help=meaning(
            "Calibrated",
            "Tumors stand in ten bins by the probability of the likeliest class. Below the dotted "
            "line the model is too sure of itself.",
        ),
    )
    show_figure(
        functools.partial(draw_reliability, titles),
        lambda: reliability_table(titles),
        name="Stated against observed frequency of the likeliest class",
        caption=_cite(card, "Test tumors in ten bins by stated probability"),
        key="model_reliability",
        width=1280,
    )


def _show_ablations(evidence: Evaluation) -> None:
    if not evidence.ablations:
        return
    st.header("What makes the difference?", anchor=False)
    st.markdown(
        "The same short pretraining with one thing changed, each for the same number of steps; "
        "linear probes of the embedding, on validation patients."
    )
    st.table(
        ablation_table(evidence.ablations),
        hide_index=True,
        border="horizontal",
        alt="Ablations of the encoder",
    )


def _show_reconstruction(card: ModelCard) -> None:
    results = card.reconstruction
    if not len(results):
        return
    share = card.facts.get("reconstruction", {}).get("hidden_share", 0)
    tumors = int(results["Tumors"].max())
    st.markdown(
        f"In {count(tumors, 'tumor')} of {card.reconstruction_part} patients, {share:.0%} of the "
        "profiled genes were hidden, and it was asked which of them are altered. To be useful it "
        "must beat the frequency of the alteration in the tumor's cancer type.",
        help=f"AUROC: {meaning('AUROC')} Intervals by bootstrap over tumors.",
    )
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        show_figure(
            functools.partial(draw_reconstruction, results),
            lambda: results,
            name="AUROC of hidden alterations, encoder against frequency in the cancer type",
            caption=_cite(card, f"{count(tumors, 'tumor')} of {card.reconstruction_part} patients"),
            key="model_reconstruction",
        )
    with right:
        _show_numbers(results)


def _show_numbers(results: pd.DataFrame) -> None:
    rows = [
        {
            "Hidden alteration": row["Hidden alteration"],
            "Altered": f"{row['Altered']:,}",
            **{name: _with_interval(row, name) for name in ("Encoder", "Baseline", "Gain")},
            "Precision": _against(row["Precision"], row["Baseline precision"]),
        }
        for _, row in results.iterrows()
    ]
    st.table(
        pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Reconstruction in numbers"
    )
    st.caption(
        "AUROC with 95% intervals; the gain is encoder minus baseline.",
        help="Altered: hidden alterations that were there. Precision: average precision of the "
        f"encoder against that of the baseline. {meaning('Average precision')}",
    )


def _cite(card: ModelCard, patients: str) -> list[str]:
    """Say whose figures these are, for the caption of a saved figure."""
    studies = ", ".join(card.training["Study"]) or "studies not stated"
    return [f"Model: {card.digest}", f"Trained on: {studies}", patients]


def _with_interval(row: pd.Series[Any], name: str) -> str:
    return estimate(row[name], row[f"{name} low"], row[f"{name} high"], digits=3)


def _against(value: float | None, baseline: float | None) -> str:
    return "" if value is None or baseline is None else f"{value:.2f} against {baseline:.2f}"
