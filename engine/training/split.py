"""The one split of patients into training, validation and test, fixed before anything is fitted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SALT = b"tumorxy patient split 1"
TRAIN_SHARE, VALIDATION_SHARE = 0.70, 0.15


def part_of(patient_ids: Sequence[str]) -> npt.NDArray[np.str_]:
    """Tell which part each patient belongs to.

    The study is not hashed: a patient who appears in two studies under the same id falls in the
    same part, so no patient is in two parts.

    Args:
        patient_ids: Patient ids, N strings.

    Returns:
        `train` (70%), `validation` (15%) or `test` (15%) for each patient, (N,).
    """
    return np.array([_part(patient) for patient in patient_ids], dtype=np.str_)


def _part(patient_id: str) -> str:
    digest = hashlib.sha256(SALT + b"\0" + patient_id.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    if share < TRAIN_SHARE:
        return TRAIN
    return VALIDATION if share < TRAIN_SHARE + VALIDATION_SHARE else TEST
