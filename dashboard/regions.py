"""What sets selected tumors apart from others: what is read for it, and the comparison.

No Streamlit, no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from dashboard.queries import (
    MapData,
    Objects,
    label_values,
    list_labels,
    list_numbers,
    number_values,
)
from dashboard.wording import FIRST_LABELS, FIRST_NUMBERS, count
from engine.epidemiology.counts import Features, Group, count_alterations
from engine.epidemiology.describing import (
    LabelContrast,
    NumberContrast,
    contrast_labels,
    contrast_numbers,
)
from engine.epidemiology.naming import say
from engine.epidemiology.pathways import Pathways, roll_up
from engine.epidemiology.patients import one_per_patient, patient_keys
from engine.epidemiology.region import Contrast, RegionConfig, contrast
from engine.epidemiology.strata import combine, same_strata

if TYPE_CHECKING:
    from cache.reader import Reader
    from engine.genes import GeneTable

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LARGEST_PANEL = 510
"""Genes of a panel that counts as a cancer panel; larger ones look at much of the exome."""
GROUPS = (Group.MUTATION, Group.AMPLIFICATION, Group.DEEP_DELETION, Group.FUSION)
MOST_LABEL_VALUES = 40
"""Values of a label beyond which it names tumors and does not sort them."""


class Against(StrEnum):
    """Whom selected tumors are compared with; the value is what the page calls it."""

    REST = "All other tumors"
    SAME_TYPES = "Others of the same tumor types"
    KEPT = "The selection kept before"


class Fixed(StrEnum):
    """What is held fixed in a comparison; the value is what the page calls it."""

    TYPE_AND_PANEL = "Tumor type and panel"
    PANEL = "Panel"


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """What is known of the N tumors of a map, in its order.

    Attributes:
        features: Altered genes by kind.
        pathways: Altered pathways.
        patients: Person behind each tumor.
        types: OncoTree code where a study states it, else the cancer type, (N,).
        type_codes: The same as numbers, (N,).
        panels: Panels as numbers, (N,).
        numbers: By title, a number of each tumor, (N,), NaN where not known.
        labels: By title, a label of each tumor, (N,), None where not known.
        arms: Chromosome arm by gene.
    """

    features: Features
    pathways: Pathways
    patients: tuple[str, ...]
    types: Objects
    type_codes: Codes
    panels: Codes
    numbers: Mapping[str, npt.NDArray[np.float64]]
    labels: Mapping[str, Objects]
    arms: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which tumors are compared with which.

    Attributes:
        selected: The selection, one bit for each row of the map (`pack_rows`).
        against: Whom it is compared with.
        kept: The selection kept before, likewise, for `Against.KEPT`; else empty.
        fixed: What is held fixed.
    """

    selected: bytes
    against: Against
    kept: bytes = b""
    fixed: Fixed = Fixed.TYPE_AND_PANEL


def pack_rows(rows: npt.NDArray[np.int64], num_rows: int) -> bytes:
    """Write rows as one bit for each of `num_rows`: quick to hash, however many they are."""
    mask = np.zeros(num_rows, dtype=bool)
    mask[rows] = True
    return np.packbits(mask).tobytes()


@dataclass(frozen=True, kw_only=True)
class Region:
    """What sets selected tumors apart.

    Attributes:
        sentence: The most telling of it.
        genes: Genes by kind, and pairs of them.
        pathways: Pathways.
        numbers: Numbers such as burden.
        labels: Clinical labels.
        num_dropped: Selected tumors left out because their patient has another one among them.
    """

    sentence: str
    genes: Contrast
    pathways: Contrast
    numbers: tuple[NumberContrast, ...]
    labels: tuple[LabelContrast, ...]
    num_dropped: int


def counted_genes(table: GeneTable) -> list[str]:
    """Return the genes that are counted, sorted: those of cancer panels and of the pathways."""
    panels = [genes for genes in table.panels().values() if len(genes) <= LARGEST_PANEL]
    return sorted(set().union(*panels, *map(set, table.pathways().values())))


def read_counted(reader: Reader, data: MapData, table: GeneTable) -> Counted:
    """Read what comparisons need: 1.5 s of one core for 44,000 tumors, once for each snapshot.

    Args:
        reader: The store.
        data: The map.
        table: Facts about genes.
    """
    genes = counted_genes(table)
    samples = pa.Table.from_pandas(data.samples, preserve_index=False)
    features = count_alterations(
        samples, reader.altered_genes(genes), reader.panels(), genes, GROUPS
    )
    types = type_names(data.samples)
    arms = table.frame["arm"].reindex(genes).dropna()
    return Counted(
        features=features,
        pathways=roll_up(features, table.pathways(), table.pathway_roles()),
        patients=patient_keys(
            data.samples["study_id"].tolist(), data.samples["patient_id"].tolist()
        ),
        types=types,
        type_codes=combine(types),
        panels=combine(data.samples["mutation_panel"].to_numpy(dtype=object)),
        numbers=_read_numbers(reader, data),
        labels=_read_labels(reader, data),
        arms={str(gene): str(arm) for gene, arm in arms.items()},
    )


def type_names(samples: pd.DataFrame) -> Objects:
    """Return the finest type that is stated of each tumor, None where none is."""
    stated = samples["oncotree_code"].astype(object).where(samples["oncotree_code"].notna(), None)
    types = stated.fillna(samples["cancer_type"].astype(object))
    named: Objects = types.where(types.notna(), None).to_numpy(dtype=object)
    return named


def _read_numbers(reader: Reader, data: MapData) -> dict[str, npt.NDArray[np.float64]]:
    return {
        choice.title: number_values(reader, data, choice.key).astype(np.float64)
        for choice in list_numbers(reader)
        if choice.key in FIRST_NUMBERS
    }


def _read_labels(reader: Reader, data: MapData) -> dict[str, Objects]:
    read = {
        choice.title: label_values(reader, data, choice.key)
        for choice in list_labels(reader)
        if choice.key in (*FIRST_LABELS, "study", "cancer_type")
    }
    return {
        title: values
        for title, values in read.items()
        if title == "Cancer type" or 1 < len(set(values) - {None}) <= MOST_LABEL_VALUES
    }


def describe(counted: Counted, question: Question, cancer_types: Objects) -> Region:
    """Compare selected tumors with others; each patient counts once.

    Args:
        counted: What is known of the tumors of the map.
        question: Which are compared.
        cancer_types: Stated type of each tumor of the map, (N,), for the sentence.

    Returns:
        What sets the selection apart.

    Raises:
        CountingError: If a side has no tumor.
    """
    selected, against = _sides(counted, question)
    kept = one_per_patient(counted.patients, selected)
    strata = _strata(counted, question.fixed)[kept]
    inside, outside = selected[kept], against[kept]
    genes = contrast(
        counted.features.take(kept), inside, outside, strata, config=RegionConfig(arms=counted.arms)
    )
    return Region(
        sentence=say(genes, cancer_types[kept][inside].tolist()),
        genes=genes,
        pathways=contrast(counted.pathways.features.take(kept), inside, outside, strata),
        numbers=contrast_numbers(
            {name: values[kept] for name, values in counted.numbers.items()},
            inside,
            outside,
            strata,
        ),
        labels=contrast_labels(
            {name: values[kept] for name, values in counted.labels.items()}, inside, outside
        ),
        num_dropped=int(selected.sum() - inside.sum()),
    )


def _sides(counted: Counted, question: Question) -> tuple[Mask, Mask]:
    selected = _mask(question.selected, len(counted.patients))
    match question.against:
        case Against.SAME_TYPES:
            return selected, same_strata(selected, counted.type_codes)
        case Against.KEPT:
            return selected, _mask(question.kept, len(selected)) & ~selected
    return selected, ~selected


def _mask(packed: bytes, number: int) -> Mask:
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=number).astype(bool)


def _strata(counted: Counted, fixed: Fixed) -> Codes:
    if fixed is Fixed.PANEL:
        return counted.panels
    return combine(counted.type_codes, counted.panels)


def say_compared(region: Region) -> str:
    """Say how many tumors the comparison rests on."""
    found = region.genes
    parts = [f"{count(found.num_against, 'tumor')} to compare with, one per patient."]
    if region.num_dropped:
        parts.append(
            f"{count(region.num_dropped, 'selected tumor')} left out: another of the same patient "
            "is counted."
        )
    missing = found.num_selected - found.num_compared
    if missing:
        parts.append(
            f"{count(missing, 'selected tumor')} without any comparable tumor on the other side "
            "enter shares, but no odds ratio."
        )
    return " ".join(parts)
