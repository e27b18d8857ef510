"""The predictions on the Patient page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.card import ModelCard
from dashboard.cases import Case
from dashboard.class_names import MEANINGS, class_name
from dashboard.evidence import say
from dashboard.formatting import percent, percent_interval
from dashboard.glossary import meaning
from dashboard.head_facts import (
    ACCURACY,
    AUROC,
    ECE,
    HeadFacts,
    class_set,
    hazard_ratio,
    head_facts,
    risk_facts,
)
from dashboard.outcomes import OwnHeadSummary
from dashboard.predictions import (
    FLAGS,
    NOT_INTERPRETED,
    OK,
    OS_RISK,
    OUT_OF_DISTRIBUTION,
    THERAPY,
    TITLES,
    UNCERTAIN,
    Answer,
    RiskTold,
    answers,
    not_asked,
    risk_told,
)
from dashboard.widgets import plain_text
from dashboard.wording import count

MEANING = (
    f"Answers of models on top of the encoder. **Calibrated**: {meaning('Calibrated')} It holds "
    "unless a question is marked otherwise. The 95% interval says how far an answer depends on "
    "the patients it was learned from. The Model page shows how well each does."
)
THERAPY_MEANING = (
    "What the model says of a treatment or of the course of the disease. It learned from patients "
    "who were treated as their doctors saw fit: it tells what went together, not what a treatment "
    "would do."
)
NOT_CALIBRATED = (
    "Stated probabilities and what came true lie {value:.2f} apart on the average, on {num} "
    "tumors ({part}). Read them as an order, not as numbers. Calibration error: "
    + meaning("Calibration error")
)
OWN = (
    "You trained this head on labels of your own. Its figures come from nested cross-validation: "
    "each patient was predicted by a head that had not seen that patient. "
)
RISK_UNCERTAIN = (
    "The interval holds the median tumor of this type: it may be of higher or of lower risk."
)
RESEARCH_ONLY = "Research use only."
VALIDATION = "validation"
SCALE_ENDS = (0.005, 0.995)
"""Percentiles beyond which the ratio of hazards is at the end of its scale."""


def show_predictions(
    case: Case, own: Sequence[OwnHeadSummary], card: ModelCard | None = None
) -> None:
    """Show what the heads say, where the tumor may be interpreted at all.

    Args:
        case: The tumor.
        own: The heads that the user trained, which are marked as such.
        card: Card of the weights, for what is behind each answer.
    """
    found, risk = answers(case.predictions), risk_told(case.predictions)
    if not found and risk is None:
        return
    st.header("What the model would call it", anchor=False, help=MEANING)
    flags = {answer.flag for answer in found} | ({risk.flag} if risk else set())
    forbidden = OUT_OF_DISTRIBUTION if case.out_of_distribution else _for_all(flags)
    if forbidden:
        st.warning(FLAGS[forbidden].meaning, icon=":material/block:")
        return
    facts, mine = head_facts(card), {head.task: head for head in own}
    with st.grid(3, min_column_width=320):
        for answer in found:
            if answer.task not in THERAPY:
                _show_answer(answer, facts.get(answer.task), mine.get(answer.task))
    therapy = [answer for answer in found if answer.task in THERAPY]
    if therapy or risk is not None:
        st.header("Therapy and course", anchor=False, help=THERAPY_MEANING)
        with st.grid(3, min_column_width=320):
            for answer in therapy:
                _show_answer(answer, facts.get(answer.task), mine.get(answer.task))
            if risk is not None:
                _show_risk(risk, card)
    _say_the_rest(case)


def _for_all(flags: set[str]) -> str:
    """Return the flag that forbids every answer alike; empty where some may be read."""
    return next(iter(flags)) if len(flags) == 1 and flags <= set(NOT_INTERPRETED) else ""


def _say_the_rest(case: Case) -> None:
    skipped = not_asked(case.predictions)
    st.caption(
        "Probabilities with their 95% intervals. Research use only, not for care decisions."
        + (f" Not asked of a tumor of this type: {'; '.join(skipped)}." if skipped else "")
    )


def _show_answer(answer: Answer, facts: HeadFacts | None, own: OwnHeadSummary | None) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        _show_title(answer, facts, own)
        if answer.flag in NOT_INTERPRETED:
            st.caption(FLAGS[answer.flag].meaning)
            return
        for guess in answer.guesses:
            st.progress(guess.probability, text=plain_text(guess.text))
        if facts is not None:
            _show_set(answer, facts)
            _tell_behind(facts)
        if own is not None:
            _tell_evidence(own)


def _show_title(answer: Answer, facts: HeadFacts | None, own: OwnHeadSummary | None) -> None:
    explained = MEANINGS.get(answer.task) if facts is not None else None
    st.markdown(f"**{plain_text(answer.title)}**", help=explained)
    badges = _badges(answer.flag, FLAGS[answer.flag].meaning)
    if facts is not None and facts.is_calibrated is False:
        told = facts.figures[ECE]
        badges["not calibrated"] = NOT_CALIBRATED.format(
            value=told.estimate.value, num=f"{told.num_tumors:,}", part=told.part
        )
    _show_badges(badges, own)


def _badges(flag: str, explained: str) -> dict[str, str]:
    """Return the badge of a flag with its meaning; none where nothing speaks against reading."""
    return {} if flag == OK else {FLAGS[flag].label: explained}


def _show_badges(badges: Mapping[str, str], own: OwnHeadSummary | None = None) -> None:
    if not badges and own is None:
        return
    with st.container(horizontal=True, gap="small"):
        for label, text in badges.items():
            st.badge(label, color="orange", help=text)
        if own is not None:
            st.badge("your head", color="blue", help=OWN + own.verdict)


def _show_set(answer: Answer, facts: HeadFacts) -> None:
    codes = class_set(facts, answer.probabilities)
    names = [class_name(answer.task, code) for code in codes]
    if len(names) == 1:
        st.caption(f"95% set: {plain_text(names[0])} alone", help=meaning("95% set"))
    elif len(names) == len(answer.probabilities):
        st.caption(
            f"95% set: all {len(names)} classes, so it tells nothing", help=meaning("95% set")
        )
    elif names:
        shown = "; ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        st.caption(plain_text(f"95% set of {len(names)} classes: {shown}"), help=meaning("95% set"))


def _tell_behind(facts: HeadFacts) -> None:
    st.caption(
        plain_text(
            f"Trained on n = {facts.num_tumors:,} of {_cohorts(facts.cohorts)}{_ranking(facts)}. "
            f"{RESEARCH_ONLY}"
        ),
        help="Labeled tumors of all parts: "
        + ", ".join(
            f"{class_name(facts.task, code)} {number:,}"
            for code, number in facts.num_by_class.items()
        ),
    )
    _warn(facts)


def _warn(facts: HeadFacts) -> None:
    if facts.warning:
        st.markdown(f":small[:orange[:material/warning: {plain_text(facts.warning)}]]")


def _ranking(facts: HeadFacts) -> str:
    """Say how well the head does, on patients who chose no settings where that was measured."""
    known = [(name, facts.figures[name]) for name in (AUROC, ACCURACY) if name in facts.figures]
    known.sort(key=lambda item: item[1].part == VALIDATION)
    if not known:
        return ""
    name, told = known[0]
    whose = told.part.partition(" ")[0]
    return f"; {name} {say(told.estimate, digits=2)} on {told.num_tumors:,} {whose} tumors"


def _cohorts(cohorts: Mapping[str, int]) -> str:
    return ", ".join(cohorts) or "cohorts not stated"


def _show_risk(risk: RiskTold, card: ModelCard | None) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"**{TITLES[OS_RISK]}**", help=MEANINGS[OS_RISK])
        explained = RISK_UNCERTAIN if risk.flag == UNCERTAIN else FLAGS[risk.flag].meaning
        _show_badges(_badges(risk.flag, explained))
        if risk.flag in NOT_INTERPRETED:
            st.caption(explained)
            return
        name = class_name(OS_RISK, risk.type_name)
        interval = percent_interval(risk.lower, risk.upper)
        st.progress(
            risk.percentile,
            text=plain_text(
                f"Hazard of death higher than in {percent(risk.percentile)} ({interval}) of "
                f"tumors of the type {name}"
            ),
        )
        _show_ratio(risk, card)
        _tell_behind_risk(risk_facts(card, risk.type_name))


def _tell_behind_risk(facts: HeadFacts | None) -> None:
    if facts is None:
        return
    deaths = count(facts.num_by_class["deaths"], "death")
    st.caption(
        plain_text(
            f"Trained on n = {facts.num_tumors:,}, {deaths}, of {_cohorts(facts.cohorts)}. It "
            f"knows neither stage, age nor treatment. {RESEARCH_ONLY}"
        )
    )
    _warn(facts)


def _show_ratio(risk: RiskTold, card: ModelCard | None) -> None:
    """Say how many times the hazard of the type's median tumor it is."""
    told = [
        (hazard_ratio(card, risk.type_name, share), share)
        for share in (risk.percentile, risk.lower, risk.upper)
    ]
    words = [_ratio(ratio, share) for ratio, share in told if ratio is not None]
    if len(words) == len(told):
        value, low, high = words
        st.caption(f"{value} times the hazard of the median tumor of this type ({low} to {high})")


def _ratio(ratio: float, share: float) -> str:
    if share < SCALE_ENDS[0]:
        return f"at most {ratio:.2f}"
    return f"at least {ratio:.2f}" if share > SCALE_ENDS[1] else f"{ratio:.2f}"


def _tell_evidence(own: OwnHeadSummary) -> None:
    auroc = own.auroc
    st.caption(
        f"n = {own.num_tumors} tumors of {own.num_patients} patients; cross-validated AUROC "
        f"{auroc['value']:.2f} ({auroc['low']:.2f} to {auroc['high']:.2f})."
    )
    if not own.beats_simple:
        st.markdown(f":small[:orange[:material/warning: {plain_text(own.verdict)}]]")
