"""What became of the nearest tumors: treatment, response and survival in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard import formatting
from dashboard.cases import Case
from dashboard.outcome_facts import Survival
from dashboard.queries import MapData, Objects

TREATMENTS = ("TREATMENT", "ICB_DRUG", "DRUG", "TREATMENT_TYPE", "THERAPY")
"""Attributes that name a treatment, the most telling first."""

RESPONSES = ("RESPONSE", "RECIST", "BEST_RESPONSE", "DURABLE_BENEFIT", "DURABLE_CLINICAL_BENEFIT")
"""Attributes that tell how a tumor answered to it, the most telling first."""


@dataclass(frozen=True, kw_only=True)
class NeighborFact:
    """One of the nearest tumors.

    Attributes:
        rank: 1 is the nearest.
        sample_id: Its name; None where names are withheld.
        study: Name of its study; None where names are withheld.
        cancer_type: As its study states it.
        distance: In the full space, 0..2.
        treatment: What it was treated with; None where not known.
        response: How it answered; None where not known.
        outcome: Survival in words; None where not known.
        same_patient: Whether it is another tumor of the same patient.
    """

    rank: int
    sample_id: str | None
    study: str | None
    cancer_type: str | None
    distance: float
    treatment: str | None
    response: str | None
    outcome: str | None
    same_patient: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcomes:
    """What is known of the nearest tumors of a tumor, K of them.

    Attributes:
        treatments: By attribute, (K,) text or None.
        responses: By attribute, (K,) text or None.
        survival: Follow-up to death of all tumors of the map; None where no study tells it.
    """

    treatments: Mapping[str, Objects]
    responses: Mapping[str, Objects]
    survival: Survival | None


def tell_neighbors(
    data: MapData, case: Case, known: Outcomes, *, named: bool, row: int | None = None
) -> tuple[NeighborFact, ...]:
    """Tell what is known of the nearest tumors of a tumor.

    Args:
        data: The map.
        case: The tumor.
        known: What is known of them.
        named: Whether samples and studies are named.
        row: Row of the tumor on the map; None when it is not on it.

    Returns:
        One fact for each neighbor, the nearest first.
    """
    facts = []
    patient = None if row is None else _patient(data, row)
    for place, (near, distance) in enumerate(zip(case.neighbors, case.distances, strict=True)):
        sample = data.samples.iloc[near]
        cancer_type = sample["cancer_type"]
        facts.append(
            NeighborFact(
                rank=place + 1,
                sample_id=str(sample["sample_id"]) if named else None,
                study=data.studies[sample["study_id"]].name if named else None,
                cancer_type=cancer_type if isinstance(cancer_type, str) else None,
                distance=float(distance),
                treatment=_first(known.treatments, place),
                response=_first(known.responses, place),
                outcome=_outcome(known.survival, near),
                same_patient=patient is not None and _patient(data, near) == patient,
            )
        )
    return tuple(facts)


def _patient(data: MapData, row: int) -> tuple[str, str]:
    sample = data.samples.iloc[row]
    return str(sample["study_id"]), str(sample["patient_id"])


def say_outcome(months: float, *, died: bool) -> str | None:
    """Write survival for a reader; None where it is not known.

    Args:
        months: Months to death or last contact; NaN where not known.
        died: Whether the patient died then.
    """
    if not np.isfinite(months):
        return None
    return f"{'died after' if died else 'alive at'} {formatting.months(months)}"


def _outcome(survival: Survival | None, row: int) -> str | None:
    if survival is None:
        return None
    return say_outcome(float(survival.months[row]), died=bool(survival.died[row]))


def _first(values: Mapping[str, Objects], place: int) -> str | None:
    found = (texts[place] for texts in values.values())
    return next((str(text) for text in found if text), None)
