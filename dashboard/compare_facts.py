"""What comparisons need to know of the tumors of a map beside their genes: age, purity, delays.

No Streamlit, no torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.outcome_facts import Endpoint, Survival, load_survival
from dashboard.queries import MapData, Objects, label_values, list_labels, list_numbers

if TYPE_CHECKING:
    from cache.reader import Reader

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

AGES = ("AGE", "AGE_AT_SEQUENCING", "AGE_AT_SEQ_REPORT", "AGE_AT_DIAGNOSIS")
BURDENS = ("TMB_NONSYNONYMOUS", "TMB")
PURITY, SAMPLE_TYPE, SEX = "TUMOR_PURITY", "SAMPLE_TYPE", "SEX"
LARGEST_FRACTION = 1.5
"""Purities of a study that go beyond it are percentages."""

_DELAY = re.compile(
    r"(DAYS|MONTHS|WEEKS|TIME|DELAY|YEARS).*(DIAGNOS|COLLECT|SAMPL|SEQUENC|BIOPSY|C1D1)"
    r"|(DIAGNOS|COLLECT|SAMPL|SEQUENC|BIOPSY).*(DAYS|MONTHS|WEEKS|DELAY)"
)
"""Names of numbers that tell how long before treatment or after diagnosis a tumor was taken."""
MOST_DELAYS = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """Facts about N tumors, in the order of a map.

    Attributes:
        survival: Follow-up by endpoint.
        age_decades: Age in tens of years, (N,), NaN where not known.
        burden_doublings: Binary logarithm of one more than the mutations per megabase, (N,).
        sex: `Female`, `Male` or None, (N,).
        purity: Share of tumor cells as the studies state it, 0..1, (N,).
        is_metastasis: Whether a sample is of a metastasis, (N,), None where not stated.
        delays: By title, stated times from diagnosis or to treatment, (N,).
    """

    survival: Mapping[Endpoint, Survival]
    age_decades: Floats
    burden_doublings: Floats
    sex: Objects
    purity: Floats
    is_metastasis: Objects
    delays: Mapping[str, Floats]

    @property
    def followed(self) -> Mask:
        """Whose follow-up is known for any endpoint, (N,), bool."""
        known: Mask = np.logical_or.reduce([s.known for s in self.survival.values()])
        return known


def read_facts(reader: Reader, data: MapData) -> Facts:
    """Read the facts of the tumors of a map.

    Args:
        reader: The store.
        data: The map.
    """
    labels = {choice.key for choice in list_labels(reader)}
    numbers = {choice.key: choice.title for choice in list_numbers(reader)}
    with np.errstate(invalid="ignore", divide="ignore"):
        burden = np.log2(1 + first_known(reader, data, BURDENS))
    studies = data.samples["study_id"].to_numpy(dtype=object)
    types = (
        label_values(reader, data, SAMPLE_TYPE) if SAMPLE_TYPE in labels else _nothing(len(data))
    )
    delays = [key for key in numbers if _DELAY.search(key)][:MOST_DELAYS]
    return Facts(
        survival={endpoint: load_survival(reader, data, endpoint) for endpoint in Endpoint},
        age_decades=first_known(reader, data, AGES) / 10,
        burden_doublings=burden,
        sex=_sexes(label_values(reader, data, SEX) if SEX in labels else _nothing(len(data))),
        purity=as_fractions(first_known(reader, data, (PURITY,)), studies),
        is_metastasis=_metastases(types),
        delays={numbers[key]: first_known(reader, data, (key,)) for key in delays},
    )


def _nothing(number: int) -> Objects:
    return np.full(number, None, dtype=object)


def first_known(reader: Reader, data: MapData, keys: tuple[str, ...]) -> Floats:
    """Read a number from the first of several attributes that states it, (N,), NaN elsewhere."""
    found = np.full(len(data), np.nan)
    for key in keys:
        stated = pd.Series(data.align(reader.clinical(key), "value"), dtype=object)
        values = pd.to_numeric(stated, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        found = np.where(np.isnan(found), values, found)
    return found


def as_fractions(values: Floats, studies: Objects) -> Floats:
    """Write percentages as fractions, study by study, (N,)."""
    fractions = values.copy()
    for study in np.unique(studies.astype(str)):
        rows = np.flatnonzero((studies == study) & ~np.isnan(values))
        if len(rows) and np.quantile(values[rows], 0.95) > LARGEST_FRACTION:
            fractions[rows] = values[rows] / 100
    return fractions


def _sexes(values: Objects) -> Objects:
    words = {"f": "Female", "m": "Male"}
    return np.array([words.get(str(v or "")[:1].lower()) for v in values], dtype=object)


def _metastases(values: Objects) -> Objects:
    """Tell metastases from other samples by the first letters of the sample type."""
    return np.array(
        [None if v is None else "Metastasis" if _is_metastasis(v) else "Primary" for v in values],
        dtype=object,
    )


def _is_metastasis(value: str) -> bool:
    return "metasta" in str(value).lower()
