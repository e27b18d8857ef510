"""The form for what a file may not say, shared by the pages that read files."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.glossary import meaning
from engine.readers.options import ReadOptions

FILE_TYPES = ["maf", "txt", "tsv", "csv", "vcf", "gz"]
FROM_FILE = "As the file says"
GENOMES = (FROM_FILE, "GRCh37", "GRCh38")
WHOLE_EXOME = "exome"


def choose_options(key: str, used: ReadOptions | None = None) -> ReadOptions:
    """Let the reader state genome build, panel and cancer type.

    Args:
        key: Beginning of the names of the widgets.
        used: What a file that is still shown was read with. Streamlit forgets the widgets of a
            page that was left; they begin with this again.

    Returns:
        What is stated, without a study id.
    """
    if used is not None:
        st.session_state.setdefault(f"{key}_genome", used.genome or FROM_FILE)
        st.session_state.setdefault(f"{key}_panel", used.panel or FROM_FILE)
        st.session_state.setdefault(f"{key}_cancer_type", used.cancer_type or "")
    genome = st.selectbox(
        "Genome build",
        GENOMES,
        key=f"{key}_genome",
        help=meaning("Genome build"),
    )
    panels = [FROM_FILE, WHOLE_EXOME, *sorted(resources.gene_table().panels())]
    panel = st.selectbox(
        "Gene panel",
        panels,
        key=f"{key}_panel",
        help=meaning(
            "Gene panel", "For a file that does not name it. A wrong panel misplaces a tumor."
        ),
    )
    cancer_type = st.text_input(
        "Cancer type", key=f"{key}_cancer_type", placeholder="For example Melanoma"
    )
    return ReadOptions(
        genome=None if genome == FROM_FILE else genome,
        panel=None if panel == FROM_FILE else panel,
        cancer_type=(cancer_type or "").strip() or None,
    )
