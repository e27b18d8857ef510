"""Follow-up of the tumors of a map: months, whether the event came, and of whom it is known.

No Streamlit, no torch, no scipy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.queries import MapData
from engine.epidemiology.patients import patient_keys

if TYPE_CHECKING:
    from cache.reader import Reader

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TIMES = {
    "OS": "Overall survival",
    "PFS": "Progression-free survival",
    "DSS": "Disease-specific survival",
}
"""What follow-ups wait for, by how the names of their attributes begin."""


class Endpoint(StrEnum):
    """What a follow-up waits for; the value begins the names of its attributes."""

    OVERALL = "OS"
    PROGRESSION_FREE = "PFS"

    @property
    def words(self) -> str:
        """What a page calls it."""
        return TIMES[self.value]

    @property
    def event(self) -> str:
        """What the event is called, in the plural."""
        return "deaths" if self is Endpoint.OVERALL else "progressions or deaths"


@dataclass(frozen=True, kw_only=True, eq=False)
class Survival:
    """Follow-up of the N tumors of a map, in its order.

    Attributes:
        endpoint: What it waits for.
        months: Time to the event or to the last contact, (N,), float64, NaN where not known.
        died: Whether it ends with the event, (N,), bool.
        patients: Person behind each tumor, N; tumors of one person have one follow-up.
    """

    endpoint: Endpoint
    months: Floats
    died: Mask
    patients: tuple[str, ...]

    @property
    def known(self) -> Mask:
        """Of which tumors the follow-up is known and longer than no time, (N,), bool."""
        followed: Mask = self.months > 0
        return followed


def load_survival(reader: Reader, data: MapData, endpoint: Endpoint = Endpoint.OVERALL) -> Survival:
    """Read the follow-up of the tumors of a map.

    Args:
        reader: The store.
        data: The map, N tumors.
        endpoint: Overall or progression-free survival.
    """
    months, died = read_follow_up(reader, data, endpoint.value)
    patients = patient_keys(data.samples["study_id"].tolist(), data.samples["patient_id"].tolist())
    return Survival(endpoint=endpoint, months=months, died=died, patients=patients)


def read_follow_up(reader: Reader, data: MapData, prefix: str) -> tuple[Floats, Mask]:
    """Read months and status of a follow-up; unknown unless both are told.

    Args:
        reader: The store.
        data: The map, N tumors.
        prefix: One of `TIMES`.

    Returns:
        Months, (N,), float64, NaN where not known; whether they end with the event, (N,), bool.
    """
    months = data.align(reader.clinical(f"{prefix}_MONTHS"), "value")
    status = data.align(reader.clinical(f"{prefix}_STATUS"), "value")
    codes = np.array([str(value or "")[:1] for value in status])
    numbers = pd.to_numeric(pd.Series(months, dtype=object), errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isin(codes, ("0", "1"))
    return np.where(known, values, np.nan), codes == "1"
