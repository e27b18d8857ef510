"""Persons behind tumors: nobody counts twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_GLOBAL_PATIENT = re.compile(r"P-\d{7}|TCGA-\w{2}-\w{4}|RCC_\d+")
"""MSK and TCGA numbers, and the renal series that two checkpoint-blockade studies share."""


def patient_keys(study_ids: Sequence[str], patient_ids: Sequence[str]) -> tuple[str, ...]:
    """Name patients across studies: some numbers are of one person wherever they stand.

    Args:
        study_ids: Study of each tumor, N.
        patient_ids: Patient of each tumor; `Pt1` of two studies are two persons.

    Returns:
        N keys, equal for tumors of one person.
    """
    return tuple(
        patient if _GLOBAL_PATIENT.fullmatch(patient) else f"{study}\0{patient}"
        for study, patient in zip(study_ids, patient_ids, strict=True)
    )


def one_per_patient(patients: Sequence[str], preferred: Mask | None = None) -> Mask:
    """Keep one tumor of each patient, so that nobody counts twice.

    Args:
        patients: Patient of each tumor, N, as `patient_keys` names them.
        preferred: Tumors that are kept rather than others of the patient, (N,); the first of
            them, otherwise the first of all.

    Returns:
        Which tumors are kept, (N,), bool.
    """
    first = np.zeros(len(patients), dtype=bool) if preferred is None else preferred
    order = np.argsort(~first, kind="stable")
    codes = pd.factorize(np.asarray(patients, dtype=object))[0][order]
    kept = np.zeros(len(patients), dtype=bool)
    kept[order[np.unique(codes, return_index=True)[1]]] = True
    return kept
