"""Build the report of one tumor from what the pages know of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

import pandas as pd
import pyarrow as pa

from dashboard.card import ModelCard
from dashboard.cases import Case
from dashboard.class_names import class_name
from dashboard.head_facts import HeadFacts, head_facts, risk_facts
from dashboard.neighbor_facts import NeighborFact
from dashboard.outcomes import OwnHeadSummary
from dashboard.predictions import (
    FLAGS,
    NOT_INTERPRETED,
    OK,
    OS_RISK,
    THERAPY,
    TITLES,
    Answer,
    answers,
    risk_told,
)
from dashboard.queries import MapData
from dashboard.report import (
    AlterationTold,
    CallTold,
    ClassTold,
    PlaceTold,
    Report,
    SourceTold,
    StudyTold,
    SurvivalTold,
    TestTold,
    TrustTold,
    TumorTold,
    WhyTold,
)
from dashboard.trust import assumed, distance_sentence, doubts, num_near_on_map, untested, verdict
from dashboard.wording import STRANGENESS, title_of

FACTS = ("SEX", "AGE", "AGE_AT_SEQUENCING", "SAMPLE_TYPE", "STAGE", "TMB_NONSYNONYMOUS", "TMB")
"""Clinical attributes that a report names, none of which identifies a person."""
LONGEST_LINK = 1_000
"""Characters of an address that a printed code can hold and a phone can read."""
SUBTYPE_GROUP, THERAPY_GROUP = "subtype", "therapy and course"


@dataclass(frozen=True, kw_only=True, eq=False)
class Behind:
    """What a report is built from, beside the tumor itself.

    Attributes:
        data: The map.
        studies: The imported studies, as `cache.reader.Reader.list_studies` returns them.
        neighbors: What is known of the nearest tumors.
        survival: Of the neighborhood; None where too few outcomes are known.
        origins: By which study or panel the neighborhood is explained, one sentence each.
        facts: What is behind each head, by task.
        own: The heads that the user trained.
        why: The explanation; None where there is none.
        first_genes: Genes that are named before the others, those of a common cancer panel.
        pseudonym: Stands for every id; None where ids may be shown.
        link: Address that reopens the state; None where there is none.
        made_at: Now, with a time zone.
    """

    data: MapData
    studies: pa.Table
    made_at: datetime
    neighbors: tuple[NeighborFact, ...] = ()
    survival: SurvivalTold | None = None
    origins: tuple[str, ...] = ()
    facts: Mapping[str, HeadFacts] = field(default_factory=dict)
    own: Sequence[OwnHeadSummary] = ()
    why: WhyTold | None = None
    first_genes: Collection[str] = ()
    pseudonym: str | None = None
    link: str | None = None


def all_facts(card: ModelCard | None, case: Case) -> dict[str, HeadFacts]:
    """Collect what is behind each answer about a tumor, by task.

    Args:
        card: Card of the weights.
        case: The tumor.
    """
    risk = risk_told(case.predictions)
    behind = None if risk is None else risk_facts(card, risk.type_name)
    return head_facts(card) | ({OS_RISK: behind} if behind else {})


def build_report(case: Case, behind: Behind) -> Report:
    """Put together what a report says of a tumor.

    Args:
        case: The tumor, masked where a pseudonym is given.
        behind: What else is known.

    Returns:
        The report; of a tumor that must not be interpreted only what was sequenced.
    """
    readable = not case.out_of_distribution
    return Report(
        tumor=_tumor(case, behind),
        trust=_trust(case, behind.origins if readable else ()),
        place=PlaceTold(x=case.place[0], y=case.place[1]) if readable else None,
        neighbors=behind.neighbors if readable else (),
        survival=behind.survival if readable else None,
        calls=_calls(case, behind) if readable else (),
        why=behind.why if readable else None,
        source=_source(behind),
        made_at=behind.made_at.isoformat(timespec="seconds"),
        link=behind.link if behind.link and len(behind.link) <= LONGEST_LINK else None,
    )


def _tumor(case: Case, behind: Behind) -> TumorTold:
    first = set(behind.first_genes)
    altering = [_alteration(row) for row in case.altering.to_dict("records")]
    facts = {title_of(key, None): case.clinical[key] for key in FACTS if key in case.clinical}
    return TumorTold(
        name=case.sample_id,
        is_pseudonym=behind.pseudonym is not None,
        study=case.study,
        cancer_type=case.cancer_type,
        genome=case.genome,
        synthetic=case.synthetic,
        tests=tuple(
            TestTold(name=test.name, panel=test.panel, num_genes=test.num_genes)
            for test in case.tests
        ),
        altering=tuple(sorted(altering, key=lambda told: told.gene not in first)),
        num_others=len(case.others),
        facts=facts,
        notes=case.notes,
    )


def _alteration(row: Mapping[Any, Any]) -> AlterationTold:
    def given(name: str) -> Any:
        return None if pd.isna(row[name]) else row[name]

    position, vaf = given("start_position"), given("vaf")
    return AlterationTold(
        gene=str(given("hugo_symbol") or "gene not stated"),
        kind=str(row["kind"]),
        protein_change=given("protein_change"),
        vaf=None if vaf is None else float(vaf),
        chromosome=given("chromosome"),
        position=None if position is None else int(position),
        reference=given("reference_allele"),
        alternate=given("tumor_allele"),
    )


def _trust(case: Case, origins: Sequence[str]) -> TrustTold:
    title, sentence = verdict(case)
    gaps = [told for told in (untested(case), assumed(case)) if told]
    return TrustTold(
        interpretable=not case.out_of_distribution,
        verdict=title,
        sentence=sentence,
        rule=STRANGENESS if case.strangeness is not None else distance_sentence(case),
        strangeness=case.strangeness,
        map_strangeness=case.map_strangeness,
        num_neighbors=len(case.neighbors),
        num_near_on_map=num_near_on_map(case),
        warnings=(*doubts(case), *gaps, *origins),
    )


def _calls(case: Case, behind: Behind) -> tuple[CallTold, ...]:
    own = {head.task: head for head in behind.own}
    told = [
        _call(answer, behind.facts.get(answer.task), own.get(answer.task))
        for answer in answers(case.predictions)
    ]
    risk = _risk(case, behind.facts.get(OS_RISK))
    return (*told, *([risk] if risk else []))


def _call(answer: Answer, facts: HeadFacts | None, own: OwnHeadSummary | None) -> CallTold:
    hidden = answer.flag in NOT_INTERPRETED
    classes = tuple(
        ClassTold(name=g.name, probability=g.probability, lower=g.lower, upper=g.upper)
        for g in answer.guesses
    )
    warning = facts.warning if facts else ""
    if own is not None and not own.beats_simple:
        warning = own.verdict
    num_tumors = own.num_tumors if own else (facts.num_tumors if facts else None)
    return CallTold(
        task=answer.task,
        title=answer.title,
        group=THERAPY_GROUP if answer.task in THERAPY else SUBTYPE_GROUP,
        flag=answer.flag,
        flag_label="" if answer.flag == OK else FLAGS[answer.flag].label,
        classes=() if hidden else classes,
        num_tumors=num_tumors,
        is_calibrated=facts.is_calibrated if facts else None,
        warning=FLAGS[answer.flag].meaning if hidden else warning,
    )


def _risk(case: Case, facts: HeadFacts | None) -> CallTold | None:
    risk = risk_told(case.predictions)
    if risk is None:
        return None
    hidden = risk.flag in NOT_INTERPRETED
    told = ClassTold(
        name=f"Hazard of death higher than in this share of {class_name(OS_RISK, risk.type_name)}",
        probability=risk.percentile,
        lower=risk.lower,
        upper=risk.upper,
    )
    return CallTold(
        task=OS_RISK,
        title=TITLES[OS_RISK],
        group=THERAPY_GROUP,
        flag=risk.flag,
        flag_label="" if risk.flag == OK else FLAGS[risk.flag].label,
        classes=() if hidden else (told,),
        num_tumors=facts.num_tumors if facts else None,
        is_calibrated=None,
        warning=FLAGS[risk.flag].meaning if hidden else (facts.warning if facts else ""),
    )


def _source(behind: Behind) -> SourceTold:
    data, named = behind.data, behind.pseudonym is None
    on_map = [row for row in behind.studies.to_pylist() if row["study_id"] in data.studies]
    return SourceTold(
        model_digest=data.model_digest,
        map_name=data.name,
        map_version=data.layout_id,
        map_date=data.created_at.isoformat(timespec="seconds"),
        num_tumors=len(data),
        snapshot=data.snapshot,
        program=version("tumorxy"),
        studies=tuple(
            StudyTold(
                study_id=row["study_id"] if named else None,
                name=row["name"] if named else None,
                source_digest=row["source_digest"],
                num_samples=row["num_samples"],
                synthetic=row["synthetic"],
            )
            for row in on_map
        ),
    )
