"""Model: what the encoder is, how well it does, and what it must not be used for."""

from __future__ import annotations

import importlib.metadata
import platform

import streamlit as st

from dashboard import resources
from dashboard.card import ModelCard
from dashboard.evidence_sections import show_evidence
from dashboard.model_sections import show_heads, show_identity, show_population, show_purpose
from dashboard.widgets import guarded, show_empty, show_header

PACKAGES = ("tumorxy", "streamlit", "plotly", "duckdb", "pyarrow", "numpy", "torch", "umap-learn")


def show_card(card: ModelCard) -> None:
    """Show the card and the evidence, in the order in which a careful reader asks."""
    show_identity(card)
    show_purpose()
    show_population(card)
    show_evidence(card)
    show_heads(card)


def show_facts(card: ModelCard | None) -> None:
    """Show the gene table, the versions that are installed, and every digest."""
    genes = resources.gene_table()
    with st.expander("Gene table, versions and digests", icon=":material/inventory_2:"):
        st.markdown(
            f"{len(genes.symbols):,} approved gene symbols (HGNC) with positions in GRCh37 and "
            f"GRCh38, {len(genes.panels()):,} public panels, {len(genes.pathways()):,} oncogenic "
            f"pathways and {len(genes.hallmarks()):,} hallmark sets."
        )
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        st.table({"Python": platform.python_version(), **versions}, border="horizontal")
        if card is not None:
            st.table(_digests(card), border="horizontal")
            st.json(card.facts.get("config", {}), expanded=False)


def _digests(card: ModelCard) -> dict[str, str]:
    told = {"Model": card.digest, "Pretraining data": card.facts.get("data_digest", "not stated")}
    if card.evaluation is not None:
        told["Model of the evidence"] = card.evaluation.model_digest
        told["Data of the evidence"] = card.evaluation.data_digest
    return told


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
