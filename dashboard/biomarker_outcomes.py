"""Outcomes that the stored studies state: response, survival, and values of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.outcome_facts import TIMES, read_follow_up
from dashboard.queries import SAMPLE_LABELS, MapData, label_values, list_labels
from dashboard.regions import MOST_LABEL_VALUES
from dashboard.wording import REDUNDANT, SOURCE_PREFIX
from engine.epidemiology.effects import Outcome, Response, Survival
from engine.training.treated import Times

if TYPE_CHECKING:
    from cache.reader import Reader

Mask = npt.NDArray[np.bool_]

FEWEST_PATIENTS = 20
"""Patients of known outcome below which an outcome is not offered."""
RESPONSE = "RESPONSE"
RESPONDED, DID_NOT = ("R", "YES"), ("NR", "NO")
NO_OUTCOMES = (
    REDUNDANT
    | set(SAMPLE_LABELS)
    | {f"{prefix}_STATUS" for prefix in TIMES}
    | {RESPONSE, "DURABLE_CLINICAL_BENEFIT"}
)
"""Labels that every tumor has, and those that are outcomes of their own kind."""
NO_DRUG = "none"
"""How the drug of a patient begins who was not given checkpoint blockade."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An outcome that can be asked for.

    Attributes:
        key: `response`, `time:OS`, or `label:` and the key of a label.
        title: What it is called.
        values: Values of a label to choose one of; empty for response and survival.
    """

    key: str
    title: str
    values: tuple[str, ...] = ()


def list_offers(reader: Reader, data: MapData) -> tuple[Offer, ...]:
    """Return the outcomes that the studies of a map state for enough tumors.

    Args:
        reader: The store.
        data: The map.
    """
    offers = []
    if _is_offered(read_response(reader, data).known):
        offers.append(Offer(key="response", title="Response to treatment"))
    for prefix, title in TIMES.items():
        if _is_offered(read_times(reader, data, prefix).known):
            offers.append(Offer(key=f"time:{prefix}", title=title))
    for choice in list_labels(reader):
        if choice.key in NO_OUTCOMES or choice.key.startswith(SOURCE_PREFIX):
            continue
        counts = pd.Series(label_values(reader, data, choice.key), dtype=object).value_counts()
        if 1 < len(counts) <= MOST_LABEL_VALUES and counts.iloc[0] >= FEWEST_PATIENTS:
            values = tuple(counts.index[counts >= FEWEST_PATIENTS])
            offers.append(Offer(key=f"label:{choice.key}", title=choice.title, values=values))
    return tuple(offers)


def _is_offered(known: Mask) -> bool:
    return int(known.sum()) >= FEWEST_PATIENTS


def read_outcome(reader: Reader, data: MapData, offer: str, value: str) -> Outcome:
    """Read an outcome of the tumors of a map, in its order.

    Args:
        reader: The store.
        data: The map.
        offer: Key of an `Offer`.
        value: Value of a label that counts as having happened; empty for other outcomes.
    """
    kind, _, name = offer.partition(":")
    if kind == "response":
        return read_response(reader, data)
    if kind == "time":
        return read_times(reader, data, name)
    values = label_values(reader, data, name)
    return Response(
        name=value,
        happened=np.array([stated == value for stated in values], dtype=bool),
        known=np.array([stated is not None for stated in values], dtype=bool),
    )


def read_response(reader: Reader, data: MapData) -> Response:
    """Read the response: `RESPONSE` and, where a study has none, durable clinical benefit.

    Patients of an arm without checkpoint blockade are left out.
    """
    stated = data.align(reader.clinical(RESPONSE), "value")
    benefit = data.align(reader.clinical("DURABLE_CLINICAL_BENEFIT"), "value")
    values = [str(a or b or "").upper() for a, b in zip(stated, benefit, strict=True)]
    drugs = [str(d or "").lower() for d in data.align(reader.clinical("ICB_DRUG"), "value")]
    treated = np.array([not drug.startswith(NO_DRUG) for drug in drugs], dtype=bool)
    return Response(
        name="Response to treatment",
        happened=np.isin(values, RESPONDED),
        known=np.isin(values, (*RESPONDED, *DID_NOT)) & treated,
    )


def read_times(reader: Reader, data: MapData, prefix: str) -> Survival:
    """Read a follow-up; unknown unless both months and status are told."""
    months, ended = read_follow_up(reader, data, prefix)
    return Survival(name=TIMES[prefix], times=Times(months=months, ended=ended))


def cohorts_of(outcome: Outcome, data: MapData) -> dict[str, int]:
    """Count the tumors of known outcome by study, the largest study first."""
    counts = data.samples["study_id"][outcome.known].value_counts()
    return {str(name): int(number) for name, number in counts.items()}
