"""The card on the Model page: what the weights are, what they are for, and what is behind them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.card import ModelCard
from dashboard.evidence import say
from dashboard.glossary import meaning
from dashboard.head_facts import ACCURACY, AUROC, ECE, HeadFacts, head_facts
from dashboard.predictions import FLAGS, NOT_APPLICABLE, QUESTIONS
from dashboard.widgets import table_room

USES = (
    "Place tumors of a cohort on one map and look for groups",
    "Find tumors whose alterations resemble those of one tumor, as a start for reading",
    "Raise a question about subtype or origin that another test then answers",
    "Compare cohorts that were sequenced with different panels",
)
MISUSES = (
    "Decide about diagnosis or treatment of a patient",
    "Give or withhold checkpoint blockade: the answer on response is not shown to be better than "
    "counting mutations",
    "Tell a patient's prognosis: the risk knows neither stage, age nor treatment",
    "Read anything into a tumor marked “do not interpret”, or a number marked “not calibrated”",
    "Tell germline from somatic changes, or judge a single variant",
)
POPULATION = {
    "tcga_pancan": "The Cancer Genome Atlas: 33 types, 95% primary tumors; whole exome, and copy "
    "number in five levels",
    "msk_met_2021": "MSK-MET: primary tumors and metastases of one hospital; IMPACT panels",
    "msk_impact_2017": "MSK-IMPACT: patients of the same hospital who are not in MSK-MET; IMPACT "
    "panels",
}
"""What is known of the training studies."""
WHO = (
    "Adults, nearly all with solid tumors; about half are women; median age 60 (TCGA) and 64 "
    "(MSK-MET).",
    "One tumor of each patient, and no patient in two parts, across studies either.",
    "79% of the patients of MSK-MET are White; the other studies do not state race, so by ancestry "
    "it was measured on MSK-MET alone.",
)
LIMITS = (
    "It sees alterations only: no expression, methylation, histology or treatment.",
    "Labels of subtypes come from TCGA alone: nobody has tested them in another hospital.",
    "The map is fitted to mix studies and panels within a cancer type, but not all that tells them "
    "apart is gone.",
    "Cancer types that it was never shown are mostly not flagged as unknown.",
    "A tumor with few alterations carries little information: its neighbors say little.",
    "Panels look at a few hundred genes; a gene outside of them is unknown, not wild type.",
)
PROCEDURE = (
    "Genes are hidden, as if the panel had not covered them, and told from the rest of the tumor; "
    "a second view of the same tumor, through another real panel, must be found among those of "
    "others. A linear map then keeps what differs between tumors and cancer types, and shrinks "
    "what differs between panels, and between studies of one type: the embedding. Low-rank "
    "adapters and linear heads are fitted on the training patients; "
    "settings were chosen on the validation patients. The test patients took no part in any of it."
)


TEST = "test"


def show_identity(card: ModelCard) -> None:
    """Show which weights these are, in figures."""
    training, facts = card.training, card.facts
    with st.container(key="model_identity"), st.grid(5, min_column_width=170):
        st.metric(
            "Model digest",
            card.digest[:12],
            border=True,
            help=meaning("Model digest", f"In full: {card.digest}"),
        )
        st.metric("Tumors at hand", _number(int(training["All"].sum())), border=True)
        st.metric("Tumors trained on", _number(int(training["Training"].sum())), border=True)
        st.metric("Genes known", _number(facts.get("num_genes")), border=True)
        st.metric("Parameters", _number(facts.get("num_parameters")), border=True)


def show_purpose() -> None:
    """Show what the model is for, and what it must not be used for."""
    left, right = st.columns(2, gap="medium")
    with left:
        _list("Made for", USES, ":material/check:")
    with right:
        _list("Must not be used to", MISUSES, ":material/block:")


def show_population(card: ModelCard) -> None:
    """Show whom the model was trained on, how it was made, and its limits."""
    left, right = st.columns([1.25, 1], gap="medium")
    with left, st.container(border=True, height="stretch", gap="small"):
        st.header("Trained on", anchor=False, help=WHO[1])
        _show_training(card)
        for line in WHO:
            st.markdown(f":material/group: {line}")
    with right:
        _list("Limits", LIMITS, ":material/info:")
    with st.container(border=True, gap="small"):
        st.header("How it was made", anchor=False)
        st.markdown(PROCEDURE)
        st.caption(_made(card))


def _show_training(card: ModelCard) -> None:
    training = card.training
    if not len(training):
        st.markdown("The card of these weights does not state it.")
        return
    total = {"Study": "**All**"} | {
        name: training[name].sum() for name in training.columns if name != "Study"
    }
    table = pd.concat([training, pd.DataFrame([total])], ignore_index=True)
    shown = table.map(lambda value: value if isinstance(value, str) else f"{int(value):,}")
    shown.insert(1, "What it is", table["Study"].map(lambda name: POPULATION.get(name, "")))
    if not shown["What it is"].any():
        shown = shown.drop(columns="What it is")
    table_room(len(shown), "model_training_table").table(
        shown, hide_index=True, border="horizontal", alt="Tumors by study and part"
    )


def _made(card: ModelCard) -> str:
    facts = card.facts
    told = [facts.get("objective", "")]
    if facts.get("elapsed_s"):
        told.append(
            f"Pretraining took {facts['elapsed_s'] / 60:.0f} minutes on "
            f"{facts.get('hardware', 'hardware not stated')}"
        )
    if facts.get("data_digest"):
        told.append(f"Data digest {facts['data_digest'][:12]}")
    return ". ".join(line.rstrip(".") for line in told if line)


def show_heads(card: ModelCard) -> None:
    """Show what is behind each question that the Patient page answers."""
    facts = head_facts(card)
    if not facts:
        return
    st.header(
        "What is behind each answer",
        anchor=False,
        help=f"AUROC: {meaning('AUROC')} Of several classes it is the mean. Calibration error: "
        f"{meaning('Calibration error')}",
    )
    st.table(
        pd.DataFrame([_head_row(told) for told in facts.values()]),
        hide_index=True,
        border="horizontal",
        alt="Training tumors, cohorts and figures of each head",
    )
    st.caption(
        "Figures with 95% intervals, on test patients where nothing else is said; external: "
        "cohorts that the head was not fitted on. A calibration error above 0.05 is called not "
        "calibrated: read such probabilities as an order, not as numbers."
    )
    with st.expander("What the flags of an answer mean", icon=":material/flag:"):
        for name, flag in FLAGS.items():
            where = " The question is left out." if name == NOT_APPLICABLE else ""
            st.markdown(f"**{flag.label.capitalize()}** (`{name}`): {flag.meaning}{where}")


def _head_row(facts: HeadFacts) -> dict[str, str]:
    return {
        "Question": QUESTIONS[facts.task],
        "Trained on": f"{facts.num_tumors:,}",
        "Cohorts": ", ".join(facts.cohorts),
        "Classes": str(len(facts.num_by_class)),
        "Accuracy": _figure(facts, ACCURACY),
        "AUROC": _figure(facts, AUROC),
        "Calibration error": _figure(facts, ECE),
        "Verdict": {None: "not measured", True: "calibrated", False: "**not calibrated**"}[
            facts.is_calibrated
        ],
    }


def _figure(facts: HeadFacts, name: str) -> str:
    told = facts.figures.get(name)
    if told is None:
        return ""
    whose = "" if told.part == TEST else f", {told.part.partition(' ')[0]}"
    return say(told.estimate, digits=3 if name == ECE else 2) + whose


def _number(value: int | None) -> str:
    return f"{value:,}" if value else "not stated"


def _list(title: str, lines: Sequence[str], icon: str) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        st.header(title, anchor=False)
        for line in lines:
            st.markdown(f"{icon} {line}")
