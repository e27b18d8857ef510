"""The tumors that the evidence is measured on, with everything that is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.head_tasks import CANCER_TYPE, ONCOTREE_TYPE
from engine.tokens import TumorTokens
from engine.training.split import part_of
from engine.type_names import type_code


@dataclass(frozen=True, kw_only=True)
class EvaluationCohort:
    """N tumors of the training studies.

    Args:
        tokens: The tumors.
        study_ids: Study of each tumor.
        patient_ids: Patient of each tumor; they decide its part.
        cancer_types: Stated type of each tumor, None where not known.
        labels: By task, the class of each tumor, None where unknown.
        attributes: By clinical attribute, its value for each tumor, None where unknown.
    """

    tokens: TumorTokens
    study_ids: Sequence[str]
    patient_ids: Sequence[str]
    cancer_types: Sequence[str | None]
    labels: Mapping[str, Sequence[str | None]]
    attributes: Mapping[str, Sequence[str | None]]

    @property
    def parts(self) -> npt.NDArray[np.str_]:
        """Part of each tumor, (N,)."""
        return part_of(self.patient_ids)

    @property
    def type_codes(self) -> npt.NDArray[np.str_]:
        """Type of each tumor under one name in all studies, (N,): a code where one is stated."""
        nothing = [None] * len(self.tokens)
        tcga, tree = (self.labels.get(task, nothing) for task in (CANCER_TYPE, ONCOTREE_TYPE))
        return np.array(
            [type_code(*told) for told in zip(tcga, tree, self.cancer_types, strict=True)]
        )

    def labeled(self, task: str) -> npt.NDArray[np.int64]:
        """Return the tumors with a label of a task."""
        column = self.labels.get(task, ())
        return np.array([i for i, label in enumerate(column) if label is not None], dtype=np.int64)
