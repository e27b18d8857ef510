"""Model: what the encoder is, how well it does, and what it must not be used for."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import resources
from dashboard.card import ModelCard
from dashboard.model_figures import draw_reconstruction
from dashboard.widgets import current_palette, guarded, show_empty, show_header
from dashboard.wording import count

USES = (
    "Place tumors of a cohort on one map and look for groups",
    "Find tumors whose alterations resemble those of one tumor, as a start for reading",
    "Compare cohorts that were sequenced with different panels",
)
MISUSES = (
    "Decide about diagnosis or treatment of a patient",
    "Read anything into a tumor marked “do not interpret”",
    "Tell germline from somatic changes, or judge a single variant",
    "Compare tumors of builds or panels that were stated wrongly",
)
LIMITS = (
    "It sees alterations only: no expression, methylation, histology or treatment.",
    "Its tumors come from a few large centers; rare cancer types are few, and some ancestries "
    "are rare.",
    "A tumor with few alterations carries little information: its neighbors say little.",
    "Panels look at a few hundred genes; what lies outside is unknown, never wild type.",
)
PACKAGES = ("tumorxy", "streamlit", "plotly", "duckdb", "pyarrow", "numpy", "torch", "umap-learn")


def show_card(card: ModelCard) -> None:
    """Show what the weights are."""
    facts = card.facts
    training = card.training
    with st.grid(4, min_column_width=200):
        st.metric(
            "Model digest",
            card.digest[:12],
            border=True,
            help="Identity of weights, settings and vocabulary together. Every stored embedding, "
            f"coordinate and prediction carries it. In full: {card.digest}",
        )
        trained = int(training["Training"].sum())
        st.metric("Tumors trained on", _number(trained), border=True)
        st.metric("Genes known", _number(facts.get("num_genes")), border=True)
        st.metric("Parameters", _number(facts.get("num_parameters")), border=True)
    st.caption(facts.get("objective", ""))
    left, right = st.columns(2, gap="medium")
    with left:
        _list("Made for", USES, ":material/check:")
    with right:
        _list("Must not be used to", MISUSES, ":material/block:")
    _show_reconstruction(card)
    _show_questions(card)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(
            "Trained on",
            anchor=False,
            help="Patients were split first: all tumors of one patient are in one part. Nothing "
            "was chosen by the test part.",
        )
        st.table(
            training.map(lambda value: f"{value:,}" if isinstance(value, int) else value),
            hide_index=True,
            border="horizontal",
            alt="Tumors by study",
        )
    with right:
        _list("Limits", LIMITS, ":material/info:")


def _number(value: int | None) -> str:
    return f"{value:,}" if value else "not stated"


def _list(title: str, lines: tuple[str, ...], icon: str) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        st.subheader(title, anchor=False)
        for line in lines:
            st.markdown(f"{icon} {line}")


def _show_reconstruction(card: ModelCard) -> None:
    results = card.reconstruction
    if not len(results):
        return
    share = card.facts.get("reconstruction", {}).get("hidden_share", 0)
    tumors = int(results["Tumors"].max())
    st.subheader(
        "Does it know the genes it was not shown?",
        anchor=False,
        help="AUROC: how often an altered gene is ranked above one that is not altered; 0.5 is "
        "guessing, 1 is perfect. Intervals by bootstrap over tumors.",
    )
    st.markdown(
        f"In {count(tumors, 'tumor')} of patients it never saw, {share:.0%} of the profiled genes "
        "were hidden, and it was asked which of them are altered. To be useful it must beat the "
        "frequency of the alteration in the tumor's cancer type."
    )
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        st.plotly_chart(
            draw_reconstruction(results, current_palette()),
            key="model_reconstruction",
            config={"displayModeBar": False},
            alt="AUROC of hidden alterations, encoder against frequency in the cancer type",
        )
    with right:
        _show_numbers(results)


def _show_questions(card: ModelCard) -> None:
    questions = card.questions
    if not len(questions):
        return
    st.subheader(
        "How often are its answers right?",
        anchor=False,
        help="Answers on the Patient page. By chance: always answering the most frequent class. "
        "AUROC of several classes is the mean over the classes. Calibration error: mean gap "
        "between a stated probability and how often it was right; 0 is best.",
    )
    st.table(questions, hide_index=True, border="horizontal", alt="Test of the answers")
    st.caption("On test patients of TCGA, with 95% intervals. Other hospitals were not tested.")


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
        "encoder against that of the baseline; it is low where an alteration is rare.",
    )


def _with_interval(row: pd.Series[Any], name: str) -> str:
    return f"{row[name]:.3f} ({row[f'{name} low']:.3f} to {row[f'{name} high']:.3f})"


def _against(value: float | None, baseline: float | None) -> str:
    return "" if value is None or baseline is None else f"{value:.2f} against {baseline:.2f}"


def show_facts(card: ModelCard | None) -> None:
    """Show the gene table and the versions that are installed."""
    genes = resources.gene_table()
    with st.expander("Gene table and versions", icon=":material/inventory_2:"):
        st.markdown(
            f"{len(genes.symbols):,} approved gene symbols (HGNC) with positions in GRCh37 and "
            f"GRCh38, {len(genes.panels()):,} public panels, {len(genes.pathways()):,} oncogenic "
            f"pathways and {len(genes.hallmarks()):,} hallmark sets."
        )
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        st.table({"Python": platform.python_version(), **versions}, border="horizontal")
        if card is not None:
            st.json(card.facts.get("config", {}), expanded=False)


@guarded
def show_page() -> None:
    """Show the card, or say that no weights are installed."""
    show_header("Model", synthetic=False)
    card = resources.load_card()
    if card is None:
        show_empty(
            "No weights are installed",
            "Install the package again, or train weights with `tumorxy pretrain`.",
            ":material/model_training:",
        )
    else:
        show_card(card)
    show_facts(card)


show_page()
