"""Patients who were given checkpoint blockade: response, survival, and what the encoder tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.readout import Readout, join

RESPONDER, NON_RESPONDER = "R", "NR"

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Times:
    """Follow-up of N tumors.

    Args:
        months: Time until the event or the last contact, (N,), float64, NaN where unknown.
        ended: Whether the time ends with the event, (N,), bool.
    """

    months: Floats
    ended: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> Times:
        """Select tumors."""
        return Times(months=self.months[rows], ended=self.ended[rows])


@dataclass(frozen=True, kw_only=True)
class TreatedTumors:
    """N tumors of patients who were given checkpoint blockade, one per patient.

    Args:
        readout: What the encoder tells of them.
        burden_column: Column of `readout.frozen` that is the log burden per megabase.
        patient_ids: Patient of each tumor; they are resampled.
        cohorts: Cohort of each tumor.
        cancer_types: Tumor type of each tumor.
        drugs: Class of drug of each tumor.
        responses: `R`, `NR` or None where unknown.
        overall: Time until death.
        progression: Time until progression or death.
    """

    readout: Readout
    burden_column: int
    patient_ids: Sequence[str]
    cohorts: Sequence[str]
    cancer_types: Sequence[str]
    drugs: Sequence[str]
    responses: Sequence[str | None]
    overall: Times
    progression: Times

    def __len__(self) -> int:
        """Return N."""
        return len(self.readout)

    @property
    def log_burden(self) -> Floats:
        """Log burden per megabase in standard units, (N,), float64."""
        return self.readout.frozen[:, self.burden_column].astype(np.float64)

    @property
    def labeled(self) -> NDArray[np.bool_]:
        """Whether the response of each tumor is known, (N,)."""
        return np.array([response is not None for response in self.responses])

    @property
    def responded(self) -> NDArray[np.bool_]:
        """Whether each tumor responded, (N,)."""
        return np.array([response == RESPONDER for response in self.responses])

    def strata(self, *, by_drug: bool = False) -> NDArray[np.str_]:
        """Name cohort and tumor type, and drug if asked, of each tumor, (N,)."""
        columns = [self.cohorts, self.cancer_types, *([self.drugs] if by_drug else [])]
        return np.array([" / ".join(names) for names in zip(*columns, strict=True)])

    def take(self, rows: NDArray[np.int64]) -> TreatedTumors:
        """Select tumors."""
        return TreatedTumors(
            readout=self.readout.take(rows),
            burden_column=self.burden_column,
            patient_ids=[self.patient_ids[i] for i in rows],
            cohorts=[self.cohorts[i] for i in rows],
            cancer_types=[self.cancer_types[i] for i in rows],
            drugs=[self.drugs[i] for i in rows],
            responses=[self.responses[i] for i in rows],
            overall=self.overall.take(rows),
            progression=self.progression.take(rows),
        )


def join_treated(parts: Sequence[TreatedTumors]) -> TreatedTumors:
    """Put the tumors of several cohorts one after another; at least one cohort."""
    return TreatedTumors(
        readout=join([part.readout for part in parts]),
        burden_column=parts[0].burden_column,
        patient_ids=[name for part in parts for name in part.patient_ids],
        cohorts=[name for part in parts for name in part.cohorts],
        cancer_types=[name for part in parts for name in part.cancer_types],
        drugs=[name for part in parts for name in part.drugs],
        responses=[response for part in parts for response in part.responses],
        overall=_join_times([part.overall for part in parts]),
        progression=_join_times([part.progression for part in parts]),
    )


def _join_times(parts: Sequence[Times]) -> Times:
    return Times(
        months=np.concatenate([part.months for part in parts]),
        ended=np.concatenate([part.ended for part in parts]),
    )
