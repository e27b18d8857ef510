"""The section Why of the Patient page: what each alteration adds, and which pairs matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import explanation_resources, resources, warming
from dashboard.cases import Case
from dashboard.class_names import class_name
from dashboard.explaining import Explainer
from dashboard.explanations import (
    HALLMARK,
    MAP_TITLES,
    METHODS,
    PATHWAY,
    ROLL_UPS,
    SHAPLEY,
    Asked,
    Explanation,
    MethodTold,
    name_set,
    say_orders,
    say_pair,
    say_surrogate,
    say_unseen,
)
from dashboard.figure_export import show_figure
from dashboard.formatting import percent
from dashboard.glossary import meaning
from dashboard.job_waiting import wait_for_job
from dashboard.jobs import Step, start_job
from dashboard.patient_what_if import Where, show_what_if
from dashboard.predictions import (
    FLAGS,
    NOT_INTERPRETED,
    OUT_OF_DISTRIBUTION,
    TITLES,
    Answer,
    answers,
    not_asked,
    risk_told,
)
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.selection import source_lines
from dashboard.why_figures import Bar, draw_bars
from dashboard.why_tables import show_tables
from dashboard.why_upload import MOST_AT_ONCE, explain_upload
from dashboard.widgets import guarded, plain_text

if TYPE_CHECKING:
    from engine.cohort import Cohort
    from engine.tokens import TumorTokens

WANTED = "why_wanted"
"""Whether this browser session has asked for explanations; the model then stays in memory."""

BY_ALTERATION = "alteration"
METHOD_MEANINGS = {
    SHAPLEY: meaning("Shapley value"),
    METHODS[1]: meaning("Integrated gradients"),
    METHODS[2]: meaning("Leave-one-out"),
}
PAIR_MEANING = meaning(
    "Interaction",
    "It is both - first - second + neither, averaged over which other alterations are there. 0 "
    "means that they simply add up.",
)
SETS_MEANING = (
    "A gene of several sets counts for each in equal parts. In brackets: genes of the set that "
    "were sequenced in this tumor, of all its genes. What was not sequenced is unknown, not zero."
)
PLACE = "Its place on the map"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The tumor that is explained.

    Attributes:
        key: The snapshot.
        data: The map.
        case: The tumor.
        row: Its row of the map; None when it was uploaded.
        cohort: The file it was uploaded in; None when it is stored.
        named: Whether ids of tumors may be shown; never in a meeting.
    """

    key: Published
    data: MapData
    case: Case
    row: int | None = None
    cohort: Cohort | None = None
    named: bool = True

    def tokens(self, explainer: Explainer) -> TumorTokens:
        """Return the tumor as the model reads it."""
        if self.cohort is not None:
            return explanation_resources.upload_tokens(self.cohort, self.case.sample_id, explainer)
        return explanation_resources.load_tokens(self.key, *self.name, explainer)

    @property
    def name(self) -> tuple[str, str]:
        """Study and sample of a stored tumor."""
        assert self.row is not None  # it is stored
        sample = self.data.samples.iloc[self.row]
        return str(sample["study_id"]), str(sample["sample_id"])


def show_explanations(subject: Subject) -> None:
    """Show Why and What if where the tumor may be interpreted: of a stored one once it is wanted.

    What was uploaded or typed is explained at once, since the model that placed it is in memory.
    """
    if subject.case.out_of_distribution:
        st.header("Why", anchor=False, help=meaning("Attribution"))
        st.warning(
            f"{FLAGS[OUT_OF_DISTRIBUTION].meaning} Nothing is explained either, nor changed.",
            icon=":material/block:",
        )
        return
    if subject.row is not None and not st.session_state.get(WANTED):
        _offer(subject.key)
        return
    _explain(subject)


def _offer(key: Published) -> None:
    st.header("Why, and what if", anchor=False, help=meaning("Attribution"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Explain this tumor",
            icon=":material/lightbulb:",
            key="why_start",
            on_click=lambda: st.session_state.update({WANTED: True}),
        )
        st.caption(
            "What each alteration adds to a prediction, which pairs act together, and what would "
            "be said without them. The first time it takes some seconds."
        )
    warming.begin(key)


@guarded
def _explain(subject: Subject) -> None:
    with st.spinner("Loading the model"):
        explainer = explanation_resources.load_explainer(subject.key)
        tokens = subject.tokens(explainer)
    _show_why(subject, explainer, tokens)
    where = Where(key=subject.key, data=subject.data, named=subject.named)
    show_what_if(where, subject.case, explainer, tokens)


@st.fragment
@guarded
def _show_why(subject: Subject, explainer: Explainer, tokens: TumorTokens) -> None:
    st.header("Why", anchor=False, help=meaning("Attribution"))
    asked = _choose(subject, explainer)
    told = _told(subject, explainer, tokens, asked)
    _say_what_is_left_out(subject, explainer)
    if told is not None:
        _show(subject, told, partial(explainer.looked_at, tokens))


def _choose(subject: Subject, explainer: Explainer) -> Asked:
    """Let the reader choose a prediction and a class, or the place on the map."""
    known = {*explainer.shipped, *explainer.own}
    told = {
        a.title: a
        for a in answers(subject.case.predictions)
        if a.task in known and a.flag not in NOT_INTERPRETED
    }
    risk = risk_told(subject.case.predictions)
    titles = list(told)
    if risk is not None and risk.flag not in NOT_INTERPRETED:
        titles.append(TITLES["os_risk"])
    left, right = st.columns(2)
    title = left.selectbox("Explain", [*titles, PLACE], key="why_task")
    if title == PLACE:
        name = right.selectbox(
            "Which side of it", list(MAP_TITLES), format_func=MAP_TITLES.__getitem__, key="why_map"
        )
        return explainer.map_asked(name)
    if title not in told:
        assert risk is not None  # it was offered
        right.selectbox("Compared with", [class_name("os_risk", risk.type_name)], disabled=True)
        return Asked(task="os_risk", class_name=risk.type_name)
    with right:
        chosen = _choose_class(told[title], subject.case.sample_id)
    return explainer.asked(told[title].task, chosen)


def _choose_class(answer: Answer, sample_id: str) -> str:
    return st.selectbox(
        "Answer",
        sorted(answer.probabilities, key=lambda c: -answer.probabilities[c]),
        format_func=lambda c: f"{class_name(answer.task, c)}: {percent(answer.probabilities[c])}",
        key=f"why_class_{answer.task}_{sample_id}",
    )


def _say_what_is_left_out(subject: Subject, explainer: Explainer) -> None:
    """Name what is not explained, and the reason."""
    told = answers(subject.case.predictions)
    hidden = [f"{a.title} ({FLAGS[a.flag].label})" for a in told if a.flag in NOT_INTERPRETED]
    known = {*explainer.shipped, *explainer.own}
    gone = [f"{a.title} (its head is not there any more)" for a in told if a.task not in known]
    others = [f"{title} (not asked of this type)" for title in not_asked(subject.case.predictions)]
    if hidden or gone or others:
        st.caption(plain_text(f"Not explained: {'; '.join([*hidden, *gone, *others])}."))


def _told(
    subject: Subject, explainer: Explainer, tokens: TumorTokens, asked: Asked
) -> Explanation | None:
    """Find the explanation, compute it, or let a job compute it; None while that runs."""
    if subject.row is None:
        return explain_upload(tokens, asked, explainer)
    digest = explainer.model_digest
    stored = explanation_resources.load_explanation(*subject.name, asked, digest)
    if stored is not None and stored.pairs is not None:
        return stored
    if explanation_resources.num_units(tokens, explainer) <= MOST_AT_ONCE:
        return explanation_resources.explain_now(
            subject.key, *subject.name, asked, tokens, explainer
        )
    study_id, sample_id = subject.name
    shown = subject.case.sample_id
    step = Step(
        verb="explain",
        arguments={
            "study_id": study_id,
            "sample_id": sample_id,
            "task": asked.task,
            "class_name": asked.class_name,
        },
    )
    wait_for_job(
        f"why {subject.data.snapshot} {subject.row} {asked.task} {asked.class_name}",
        lambda: start_job(resources.settings(), f"Explain {shown}: {asked.title}", [step]),
        "This tumor has many alterations: explaining it takes some seconds, in a process of its "
        "own. The result is kept in the store.",
    )
    return stored


LookedAt = Callable[[str], Mapping[str, tuple[int, int]]]
"""By roll-up, the genes of each set that were looked at, and all of them."""


def _show(subject: Subject, told: Explanation, looked_at: LookedAt) -> None:
    said, by = _choose_look(told)
    cited = [f"{subject.case.sample_id}: {told.asked.title}", *source_lines(subject.data)]
    first, second = st.columns([1.3, 1], gap="medium")
    with first:
        st.markdown(f"**{plain_text(told.asked.title)}**", help=METHOD_MEANINGS[said.method])
        seen = looked_at(by) if by in (PATHWAY, HALLMARK) else {}
        bars = _bars(said, by, seen)
        if bars:
            show_figure(
                partial(draw_bars, bars, said.scale),
                lambda: pd.DataFrame([asdict(bar) for bar in bars]),
                name=f"What each {by} adds to {told.asked.title}",
                caption=cited,
                key="why_bars",
            )
        if seen:
            st.caption(say_unseen(seen), help=SETS_MEANING)
    with second:
        _show_words(subject, told, said)
        _show_pairs(told)
    with st.expander("All alterations and pairs as tables"):
        show_tables(told, cited)


def _choose_look(told: Explanation) -> tuple[MethodTold, str]:
    """Let the reader choose a method, and by what its values are added up."""
    left, right = st.columns(2)
    methods = [one.method for one in told.methods]
    method = left.segmented_control(
        "Method",
        methods,
        default=methods[0],
        required=True,
        key=f"why_method_{len(methods)}",
    )
    by = right.segmented_control(
        "Added up by",
        (BY_ALTERATION, *(name for name in ROLL_UPS if name in told.methods[0].rolled)),
        default=BY_ALTERATION,
        required=True,
        key="why_by",
    )
    return told.by(method), by


def _bars(said: MethodTold, by: str, seen: Mapping[str, tuple[int, int]]) -> list[Bar]:
    if by == BY_ALTERATION:
        return [Bar(label=unit.label, value=unit.value, error=unit.error) for unit in said.units]
    return [Bar(label=name_set(name, seen), value=v) for name, v in said.rolled[by].items()]


def _show_words(subject: Subject, told: Explanation, said: MethodTold) -> None:
    st.markdown(
        f"From **{said.baseline_value:+.2f}** to **{said.value:+.2f}** {said.scale}.",
        help=f"The first is {said.baseline}.",
    )
    st.caption(f"Compared with {said.baseline}.")
    st.caption(
        f"{said.method[:1].upper()}{said.method[1:]} miss what they should add up to by "
        f"{said.gap:.1%}.",
        help=meaning("Completeness gap"),
    )
    x = subject.data.places.x
    width = float(x.max() - x.min())
    remarks = (say_orders(said), say_surrogate(told.asked, said, subject.case.place, width))
    for remark in filter(None, remarks):
        st.caption(remark)
    for method in told.methods[1:]:
        st.caption(plain_text(f"{method.agreement[:1].upper()}{method.agreement[1:]}"))


def _show_pairs(told: Explanation) -> None:
    pairs = told.pairs
    if pairs is None:
        return
    st.markdown("**Together, beyond their sum**", help=PAIR_MEANING)
    if not pairs.pairs:
        st.caption("There are fewer than two alterations, so no pair.")
        return
    for pair in pairs.pairs[:5]:
        st.markdown(f"- {plain_text(say_pair(pair, pairs.scale))}")
    left_out = f", without the {pairs.num_left_out} that add least" if pairs.num_left_out else ""
    st.caption(
        f"The strongest of {pairs.num_pairs:,} pairs{left_out}. They were chosen for being large, "
        "so they look larger than they are."
    )
