"""A report made by hand, for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard.neighbor_facts import NeighborFact
from dashboard.report import (
    AlterationTold,
    CallTold,
    ClassTold,
    CurveTold,
    PartTold,
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

LINK = "http://localhost:8501/patient?sample=some_study%2FTUMOR-1"
MAP = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="2"/></svg>'
)


def a_curve(name: str) -> CurveTold:
    """Return a curve of four patients, two of whom died."""
    return CurveTold(
        name=name,
        num_tumors=4,
        num_events=2,
        median=12.0,
        median_interval=(6.0, None),
        times=(0.0, 6.0, 12.0),
        survival=(1.0, 0.75, 0.5),
        lower=(1.0, 0.3, 0.1),
        upper=(1.0, 0.95, 0.9),
        last_month=24.0,
        ticks=(0.0, 12.0, 24.0),
        at_risk=(4, 3, 1),
    )


def an_alteration(gene: str = "KRAS", **other: Any) -> AlterationTold:
    """Return a missense mutation with its place on the genome."""
    told = AlterationTold(
        gene=gene,
        kind="missense",
        protein_change="p.G12C",
        vaf=0.31,
        chromosome="12",
        position=25_398_285,
        reference="C",
        alternate="A",
    )
    return replace(told, **other)


def a_tumor(**other: Any) -> TumorTold:
    """Return a tumor with two alterations, one of which has no place."""
    told = TumorTold(
        name="TUMOR-1",
        is_pseudonym=False,
        study="Some study",
        cancer_type="Non-Small Cell Lung Cancer",
        genome="GRCh37",
        synthetic=False,
        tests=(
            TestTold(name="Mutations", panel="IMPACT468", num_genes=468),
            TestTold(name="Fusions", panel=None, num_genes=0),
        ),
        altering=(
            an_alteration(),
            AlterationTold(
                gene="STK11",
                kind="deep deletion",
                protein_change=None,
                vaf=None,
                chromosome=None,
                position=None,
                reference=None,
                alternate=None,
            ),
        ),
        num_others=3,
        facts={"Sex": "Female", "Age": "61"},
        notes=("The panel was recognized by its genes.",),
    )
    return replace(told, **other)


TRUST = TrustTold(
    interpretable=True,
    verdict="Within the reference",
    sentence="It is like tumors that the model knows.",
    rule="The rule.",
    strangeness=0.4,
    map_strangeness=0.3,
    num_neighbors=15,
    num_near_on_map=11,
    warnings=("Not tested: fusions. What they would show is unknown.",),
)
NEIGHBOR = NeighborFact(
    rank=1,
    sample_id="TUMOR-2",
    study="Some study",
    cancer_type="Non-Small Cell Lung Cancer",
    distance=0.21,
    treatment="Nivolumab",
    response="PR",
    outcome="alive at 31 months",
)
CALL = CallTold(
    task="msi",
    title="Microsatellites",
    group="subtype",
    flag="uncertain",
    flag_label="uncertain",
    classes=(ClassTold(name="Stable", probability=0.62, lower=0.41, upper=0.8),),
    num_tumors=5_660,
    is_calibrated=False,
    warning="",
)
SOURCE = SourceTold(
    model_digest="ab" * 32,
    map_name="main",
    map_version=3,
    map_date="2026-07-24T10:00:00+00:00",
    num_tumors=3_600,
    snapshot=7,
    program="0.1.0",
    studies=(
        StudyTold(
            study_id="some_study",
            name="Some study",
            source_digest="cd" * 32,
            num_samples=3_600,
            synthetic=False,
        ),
    ),
)


def a_report(**other: Any) -> Report:
    """Return a report of a tumor that may be interpreted."""
    told = Report(
        tumor=a_tumor(),
        trust=TRUST,
        place=PlaceTold(x=1.0, y=2.0),
        neighbors=(NEIGHBOR,),
        survival=SurvivalTold(
            endpoint="Overall survival",
            cancer_type="Non-Small Cell Lung Cancer",
            curves=(a_curve("The 4 most like it"), a_curve("The other 4 of its type")),
            p_value=0.4,
            caveats=("The curves describe, they do not forecast this patient.",),
        ),
        calls=(CALL,),
        why=WhyTold(
            title="Microsatellites: stable",
            method="Shapley values",
            scale="log odds",
            baseline="the same tumor without any alteration",
            genes=(PartTold(label="KRAS missense", value=1.2, error=0.1),),
            pairs=(PartTold(label="KRAS missense and STK11 deep deletion", value=0.5, error=0.1),),
            caveat="It explains the model, not the biology.",
        ),
        source=SOURCE,
        made_at="2026-07-25T09:30:00+00:00",
        link=LINK,
    )
    return replace(told, **other)


def a_refused_report() -> Report:
    """Return a report of a tumor that must not be interpreted, as building one returns it."""
    trust = replace(TRUST, interpretable=False, verdict="Do not interpret", sentence="Unlike all.")
    return a_report(trust=trust, place=None, neighbors=(), survival=None, calls=(), why=None)
