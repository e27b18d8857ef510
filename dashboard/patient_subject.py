"""The tumor that a board looks at, with what the pages look up about it once a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard import resources
from dashboard.cases import Case
from dashboard.masking import mask_case, mask_cohort, mask_data, mask_effects
from dashboard.neighbor_facts import NeighborFact, tell_neighbors
from dashboard.neighborhood import Center
from dashboard.neighborhood_survival import NeighborhoodSurvival
from dashboard.origins import explain_by_source
from dashboard.patient_resources import load_comparison, load_outcomes
from dashboard.patient_why import Subject
from dashboard.queries import MapData
from dashboard.resources import Published
from engine.study_effects import StudyEffect

if TYPE_CHECKING:
    from engine.cohort import Cohort


@dataclass(frozen=True, kw_only=True, eq=False)
class BoardSubject:
    """The tumor that a board looks at.

    Attributes:
        key: The snapshot.
        data: The map.
        case: The tumor, as it is.
        row: Its row of the map; None when it was uploaded or typed.
        cohort: What it was read from; None when it is stored.
        vector: Its embedding, (D,), float32; None when it is stored.
        pseudonym: Stands for its id, and hides every id of samples and studies; None for none.
        link: Address that reopens it; None for that of the Patient page, where it is stored.
    """

    key: Published
    data: MapData
    case: Case
    row: int | None = None
    cohort: Cohort | None = None
    vector: npt.NDArray[np.float32] | None = None
    pseudonym: str | None = None
    link: str | None = None

    @cached_property
    def shown(self) -> Case:
        """The tumor as the page shows it."""
        return (
            self.case
            if self.pseudonym is None
            else mask_case(self.case, self.pseudonym, tuple(self.data.studies))
        )

    @cached_property
    def shown_data(self) -> MapData:
        """The map with names of studies, or without."""
        return self.data if self.pseudonym is None else mask_data(self.data)

    @cached_property
    def origins(self) -> tuple[StudyEffect, ...]:
        """By which study or panel its neighborhood is explained."""
        found = explain_by_source(self.data, self.case.neighbors)
        return found if self.pseudonym is None else mask_effects(found)

    @cached_property
    def neighbors(self) -> tuple[NeighborFact, ...]:
        """What is known of its nearest tumors."""
        known = load_outcomes(self.key, self.data, self.case)
        return tell_neighbors(
            self.data, self.case, known, named=self.pseudonym is None, row=self.row
        )

    @cached_property
    def survival(self) -> NeighborhoodSurvival | None:
        """Outcome of its neighborhood; None where too little is known or it may not be read."""
        vector = self._vector
        if vector is None or self.case.out_of_distribution:
            return None
        center = Center(vector=vector, cancer_type=self.case.cancer_type, row=self.row)
        return load_comparison(self.key, self.data, center)

    def prepare(self) -> None:
        """Read what takes long, so that it is there when the tumor is shown."""
        load_outcomes(self.key, self.data, self.case)
        _ = self.survival

    @property
    def _vector(self) -> npt.NDArray[np.float32] | None:
        if self.row is None:
            return self.vector
        space = resources.load_space(self.key, self.data, self.data.layout_id)
        vector: npt.NDArray[np.float32] = space.vectors[self.row]
        return vector

    @property
    def explained(self) -> Subject:
        """The tumor as the sections Why and What if take it."""
        cohort = self.cohort
        if cohort is not None and self.pseudonym is not None:
            cohort = mask_cohort(cohort, self.case.sample_id, self.pseudonym)
        return Subject(
            key=self.key,
            data=self.shown_data,
            case=self.shown,
            row=self.row,
            cohort=cohort,
            named=self.pseudonym is None,
        )
