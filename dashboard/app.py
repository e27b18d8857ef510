"""Entry of the dashboard: the pages, and what stands around each of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.appearance import watch_appearance
from dashboard.guide import mount_guide
from dashboard.process import prepare_process
from dashboard.widgets import guarded

# Not `pages`: Streamlit runs the scripts of a folder of that name without this file, and so
# without its frame and guards, until the first session has come through here.
PAGES = Path(__file__).parent / "app_pages"
STATIC = PAGES.parent / "static"

st.set_page_config(
    page_title="TumorXY",
    page_icon=STATIC / "favicon.svg",
    layout="wide",
    initial_sidebar_state="collapsed",
    menu_items={"About": "TumorXY: a map of tumors. Research use only, not for care decisions."},
)
st.logo(str(STATIC / "logo.svg"), size="large")

page = st.navigation(
    [
        st.Page(
            PAGES / "map.py",
            title="Map",
            icon=":material/scatter_plot:",
            default=True,
            help="Every tumor as a point. Color by label, gene or number; select and export.",
        ),
        st.Page(
            PAGES / "patient.py",
            title="Patient",
            icon=":material/person_search:",
            help="One tumor, stored or uploaded: where it lies, how far to trust that, and which "
            "tumors are like it.",
        ),
        st.Page(
            PAGES / "board.py",
            title="Board",
            icon=":material/groups:",
            help="A meeting: a queue of cases under pseudonyms, shown one after the other, with "
            "what was decided.",
        ),
        st.Page(
            PAGES / "compare.py",
            title="Compare",
            icon=":material/compare_arrows:",
            help="Two or more groups, such as selections, labels or altered genes: survival, "
            "genes, labels and numbers.",
        ),
        st.Page(
            PAGES / "biomarkers.py",
            title="Biomarkers",
            icon=":material/forest:",
            help="Which altered genes, and pairs of them, go with response, survival or a label; "
            "cohort by cohort and together.",
        ),
        st.Page(
            PAGES / "data.py",
            title="Data",
            icon=":material/database:",
            help="The imported studies, what was rejected and why, and jobs with their progress.",
        ),
        st.Page(
            PAGES / "model.py",
            title="Model",
            icon=":material/model_training:",
            help="What the encoder was trained on, how well it does, and what it must not be "
            "used for.",
        ),
    ],
    position="top",
)
prepare_process()
mount_guide()
guarded(page.run)()
watch_appearance()
