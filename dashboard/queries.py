"""Read-only views of the store for the pages. No torch, no Streamlit, no SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard.coloring import GeneStates, NumberStyle
from dashboard.kind_bits import kind_bits
from dashboard.labels import Labels
from dashboard.map_data import KEYS as KEYS
from dashboard.map_data import Floats as Floats
from dashboard.map_data import MapData as MapData
from dashboard.map_data import Objects as Objects
from dashboard.map_data import Rows as Rows
from dashboard.map_data import StudyInfo as StudyInfo
from dashboard.map_data import list_studies as list_studies
from dashboard.map_data import load_map as load_map
from dashboard.predictions import STRANGENESS
from dashboard.wording import (
    FIRST_LABELS,
    FIRST_NUMBERS,
    REDUNDANT,
    SOURCE_PREFIX,
    title_of,
    unit_of,
)

if TYPE_CHECKING:
    from cache.reader import Reader

STUDY = "study"
CANCER_TYPE = "cancer_type"
ONCOTREE_CODE = "oncotree_code"
PANEL = "mutation_panel"
MUTATIONS = "num_mutations"
CNA = "num_cna"
OOD = "ood_score"

SAMPLE_LABELS = {
    CANCER_TYPE: "Cancer type",
    STUDY: "Study",
    ONCOTREE_CODE: "OncoTree code",
    PANEL: "Gene panel",
}
"""Labels that every tumor has in columns of its own."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something that the map can be colored by.

    Attributes:
        key: Its identifier; stands in the address of the page.
        title: What it is called.
        unit: Unit of a number.
        description: What the study says about it.
    """

    key: str
    title: str
    unit: str = ""
    description: str = ""


def list_maps(reader: Reader) -> tuple[str, ...]:
    """Return the names of the maps, the one fitted last first."""
    rows = sorted(reader.layouts().to_pylist(), key=lambda row: -row["layout_id"])
    return tuple(dict.fromkeys(row["name"] for row in rows))


def list_labels(reader: Reader) -> tuple[Choice, ...]:
    """Return the labels that tumors can be colored by, the most wanted first."""
    fixed = [Choice(key=key, title=title) for key, title in SAMPLE_LABELS.items()]
    clinical = _attributes(reader, numeric=False, first=FIRST_LABELS)
    return (*fixed, *clinical)


def list_numbers(reader: Reader) -> tuple[Choice, ...]:
    """Return the numbers that tumors can be colored by, the most wanted first."""
    clinical = _attributes(reader, numeric=True, first=FIRST_NUMBERS)
    counted = (
        Choice(key=MUTATIONS, title="Altering mutations", unit="count"),
        Choice(key=CNA, title="Copy-number calls", unit="count"),
    )
    known = [choice for choice in clinical if choice.key in FIRST_NUMBERS]
    rest = [choice for choice in clinical if choice.key not in FIRST_NUMBERS]
    return (*known, *counted, *rest)


def _attributes(reader: Reader, *, numeric: bool, first: Sequence[str]) -> list[Choice]:
    found: dict[str, Choice] = {}
    titles = set(SAMPLE_LABELS.values())
    for row in reader.attributes().to_pylist():
        key = row["attribute"]
        if key in REDUNDANT or (row["datatype"] == "NUMBER") is not numeric or key in found:
            continue
        title = title_of(key, row["display_name"])
        found[key] = Choice(
            key=key,
            title=f"{title} ({key})" if title in titles else title,
            unit=unit_of(key) if numeric else "",
            description=_description(row),
        )
        titles.add(title)
    order = {key: place for place, key in enumerate(first)}

    def rank(choice: Choice) -> tuple[bool, int, str]:
        from_source = choice.key.startswith(SOURCE_PREFIX)
        return from_source, order.get(choice.key, len(order)), choice.title.casefold()

    return sorted(found.values(), key=rank)


def _description(row: dict[str, Any]) -> str:
    text = (row["description"] or "").strip()
    return "" if text == (row["display_name"] or "").strip() else text


def read_labels(reader: Reader, data: MapData, key: str) -> Labels:
    """Return a label of each tumor.

    Args:
        reader: The store.
        data: The map, N tumors.
        key: Key of a `Choice` of `list_labels`.

    Returns:
        N labels.
    """
    if key == STUDY:
        names = {study_id: study.name for study_id, study in data.studies.items()}
        return data.encode(data.keys["study_id"], rename=names.__getitem__)
    if key in SAMPLE_LABELS:
        return data.encode(pa.chunked_array([pa.array(data.samples[key], pa.string())]))
    table = reader.clinical(key)
    return data.encode(table["value"], data.rows_in(table), rename=readable)


def label_values(reader: Reader, data: MapData, key: str) -> Objects:
    """Return a label of each tumor as text, (N,), None where it is not given."""
    return read_labels(reader, data, key).objects


def readable(value: str) -> str:
    """Write a value of a survival status, `1:DECEASED`, as a word."""
    code, separator, word = value.partition(":")
    return word.capitalize() if separator and code in ("0", "1") and word else value


def number_values(reader: Reader, data: MapData, key: str) -> Floats:
    """Return a number of each tumor, NaN where it is not known.

    Args:
        reader: The store.
        data: The map, N tumors.
        key: Key of a `Choice` of `list_numbers`.

    Returns:
        (N,) float32.
    """
    if key == OOD:
        return _strangeness(reader, data)
    if key not in (MUTATIONS, CNA):
        table = reader.clinical(key)
        texts = table["value"].to_pandas()
        values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float32, na_value=np.nan)
        return data.spread(values, data.rows_in(table))
    table = reader.burden()
    values = table[key].to_pandas().to_numpy(np.float32, na_value=np.nan)
    counts = data.spread(values, data.rows_in(table))
    looked_at = data.samples[PANEL if key == MUTATIONS else "cna_panel"].notna().to_numpy()
    counts[~looked_at] = np.nan
    return counts


def _strangeness(reader: Reader, data: MapData) -> Floats:
    table = reader.likeliest(data.model_digest, STRANGENESS)
    values = table["probability"].to_numpy().astype(np.float32)
    return data.spread(values, data.rows_in(table))


def number_style(choice: Choice) -> NumberStyle:
    """Return how a number is written, with what must be known to compare it."""
    note = ""
    if choice.key in (MUTATIONS, CNA):
        note = "Panels differ in size: compare counts only between tumors of the same panel."
    return NumberStyle(title=choice.title, unit=choice.unit, note=note)


def gene_states(reader: Reader, data: MapData, hugo_symbol: str) -> GeneStates:
    """Return what is known of a gene in each tumor; a tumor without a row was not looked at.

    Args:
        reader: The store.
        data: The map, N tumors.
        hugo_symbol: Approved symbol.

    Returns:
        The states, in the order of the map.
    """
    table = reader.gene_states(hugo_symbol)
    rows = data.rows_in(table)
    # What stands at the end is found under -1, the row of a tumor without one.
    kinds = np.append(kind_bits(table["kinds"]), np.uint16(0))
    profiled = {
        name: np.append(table[name].to_numpy().astype(bool), np.False_)[rows]
        for name in ("mutation_profiled", "cna_profiled", "fusion_profiled")
    }
    return GeneStates(kinds=kinds[rows], **profiled)


def find_rows(data: MapData, text: str, limit: int) -> Rows:
    """Find tumors by a part of their name; exact and leading matches come first.

    Args:
        data: The map.
        text: What was typed; case does not matter.
        limit: Most rows returned.

    Returns:
        Rows, best first.
    """
    wanted = text.strip().casefold()
    if not wanted:
        return np.empty(0, dtype=np.int64)
    ids = data.folded_ids
    hits = np.flatnonzero(ids.str.contains(wanted, regex=False).to_numpy(dtype=bool))
    names = [ids.iloc[row] for row in hits.tolist()]
    ranks = [(not name.startswith(wanted), len(name), name) for name in names]
    order = sorted(range(len(hits)), key=lambda place: ranks[place])[:limit]
    return hits[order]
