"""What the Patient and Board pages share between reruns and sessions, each with a bound.

As in `dashboard.resources`: nothing may change what is cached, and each key holds the snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard import outcome_facts, resources
from dashboard.cases import Case
from dashboard.neighbor_facts import RESPONSES, TREATMENTS, Outcomes
from dashboard.neighborhood import Center
from dashboard.neighborhood_survival import NeighborhoodSurvival, compare_neighborhood
from dashboard.outcome_facts import Survival
from dashboard.queries import MapData, Objects
from dashboard.resources import Published, shared


@shared(max_entries=2)
def load_survival(key: Published, _data: MapData, layout_id: int) -> Survival:
    """Return the follow-up to death of the tumors of a map."""
    with resources.service().store.read() as reader:
        return outcome_facts.load_survival(reader, _data)


@shared(max_entries=64)
def _compare(
    key: Published, _data: MapData, layout_id: int, vector: bytes, asked: tuple[str | None, int]
) -> NeighborhoodSurvival | None:
    cancer_type, row = asked
    space = resources.load_space(key, _data, layout_id)
    center = Center(
        vector=np.frombuffer(vector, dtype=np.float32),
        cancer_type=cancer_type,
        row=None if row < 0 else row,
    )
    survival = load_survival(key, _data, layout_id)
    return compare_neighborhood(_data, space, center, survival)


def load_comparison(key: Published, data: MapData, center: Center) -> NeighborhoodSurvival | None:
    """Return the survival of the neighborhood of a tumor; None where too little is known."""
    asked = (center.cancer_type, -1 if center.row is None else center.row)
    vector = np.ascontiguousarray(center.vector, dtype=np.float32).tobytes()
    return _compare(key, data, data.layout_id, vector, asked)


def load_outcomes(key: Published, data: MapData, case: Case) -> Outcomes:
    """Return what is known of the nearest tumors of a tumor."""
    return Outcomes(
        treatments=_stated(key, data, case, TREATMENTS),
        responses=_stated(key, data, case, RESPONSES),
        survival=load_survival(key, data, data.layout_id),
    )


def _stated(
    key: Published, data: MapData, case: Case, attributes: Sequence[str]
) -> dict[str, Objects]:
    known = {choice.key for choice in resources.load_choices(key).labels}
    return {
        name: resources.load_labels(key, data, data.layout_id, name).at(case.neighbors)
        for name in attributes
        if name in known
    }
