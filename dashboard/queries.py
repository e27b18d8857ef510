"""Read-only views of the store for the pages. No torch, no Streamlit, no SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from dashboard.coloring import GeneStates, NumberStyle
from dashboard.figures import Places
from dashboard.rows import find_rows as match_rows
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

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

KEYS = ["study_id", "sample_id"]

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
class StudyInfo:
    """A study in a few words."""

    study_id: str
    name: str
    genome: str
    synthetic: bool


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


@dataclass(frozen=True, kw_only=True, eq=False)
class MapData:
    """One version of a map with all tumors on it; rows are in one fixed order everywhere.

    Attributes:
        snapshot: Number of the snapshot it was read from; rows keep their numbers within it.
        layout_id: Version.
        name: Name of the map.
        model_digest: Digest of the model whose embeddings it shows.
        created_at: When it was fitted.
        quality: How faithful it is, as the engine stored it.
        ood: The out-of-distribution reference, as the engine stored it.
        studies: The studies on the map, by id.
        samples: N rows: `study_id`, `sample_id`, `cancer_type`, `oncotree_code`, panels.
        coordinates: N rows: `x`, `y`, `placed`, `agreement`, `ood_score`, `out_of_distribution`.
    """

    snapshot: int
    layout_id: int
    name: str
    model_digest: str
    created_at: datetime
    quality: dict[str, Any]
    ood: dict[str, Any]
    studies: dict[str, StudyInfo]
    samples: pd.DataFrame
    coordinates: pd.DataFrame

    def __len__(self) -> int:
        """Number of tumors."""
        return len(self.samples)

    @cached_property
    def places(self) -> Places:
        """Names and coordinates, for a figure."""
        return Places(
            sample_ids=self.samples["sample_id"].to_numpy(dtype=object),
            x=self.coordinates["x"].to_numpy(dtype=np.float32),
            y=self.coordinates["y"].to_numpy(dtype=np.float32),
        )

    @cached_property
    def keys(self) -> pa.Table:
        """Study and sample of each tumor: sample ids are unique only within their study."""
        names = {key: pa.array(self.samples[key], pa.string()) for key in KEYS}
        return pa.table(names)

    @cached_property
    def folded_ids(self) -> pd.Series[str]:
        """Sample ids without case, for the search."""
        return self.samples["sample_id"].str.casefold()

    @property
    def synthetic(self) -> bool:
        """Whether any tumor on the map is synthetic."""
        return any(study.synthetic for study in self.studies.values())

    def row_of(self, study_id: str, sample_id: str) -> int | None:
        """Return the row of a tumor; None when it is not on the map."""
        wanted = pa.table({"study_id": [study_id], "sample_id": [sample_id]})
        row = int(match_rows(wanted, self.keys)[0])
        return None if row < 0 else row

    def align(self, table: pa.Table, column: str) -> Objects:
        """Bring a column of a store table into the order of the map; None where it has no row."""
        rows = match_rows(self.keys, table)
        found = rows >= 0
        values = np.full(len(self), None, dtype=object)
        column_values = np.fromiter(table[column].to_pylist(), dtype=object, count=len(table))
        values[found] = column_values[rows[found]]
        return values


def load_map(reader: Reader, name: str | None) -> MapData | None:
    """Read the latest version of a map.

    Args:
        reader: The store.
        name: Name of the map; the latest of all when None.

    Returns:
        The map; None when there is none.
    """
    if reader.layouts().num_rows == 0:
        return None
    layout = reader.layout(name)
    places = reader.coordinates(layout["layout_id"]).to_pandas()
    if places["placed"].all():  # the tumors that it was fitted to were removed
        return None
    samples = reader.samples().to_pandas()
    merged = places.merge(samples, on=KEYS, how="inner", validate="one_to_one")
    merged = merged.sort_values(KEYS, kind="stable", ignore_index=True)
    studies = {study.study_id: study for study in list_studies(reader)}
    present = set(merged["study_id"])
    return MapData(
        snapshot=reader.info.number,
        layout_id=layout["layout_id"],
        name=layout["name"],
        model_digest=layout["model_digest"],
        created_at=layout["created_at"],
        quality=json.loads(layout["quality"]),
        ood=json.loads(layout["ood"]),
        studies={key: study for key, study in studies.items() if key in present},
        samples=merged[[*KEYS, *(c for c in samples.columns if c not in KEYS)]],
        coordinates=merged[[c for c in places.columns if c not in KEYS]],
    )


def list_studies(reader: Reader) -> tuple[StudyInfo, ...]:
    """Return the imported studies in a few words."""
    return tuple(
        StudyInfo(**{field: row[field] for field in ("study_id", "name", "genome", "synthetic")})
        for row in reader.list_studies().to_pylist()
    )


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


def label_values(reader: Reader, data: MapData, key: str) -> Objects:
    """Return a label of each tumor, None where it is not given.

    Args:
        reader: The store.
        data: The map, N tumors.
        key: Key of a `Choice` of `list_labels`.

    Returns:
        (N,) text or None.
    """
    if key == STUDY:
        return np.array([data.studies[s].name for s in data.samples["study_id"]], dtype=object)
    if key in SAMPLE_LABELS:
        values = data.samples[key]
        return values.astype(object).where(values.notna(), None).to_numpy(dtype=object)
    stated = data.align(reader.clinical(key), "value")
    return np.array([None if v is None else readable(v) for v in stated], dtype=object)


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
    if key in (MUTATIONS, CNA):
        counts = data.align(reader.burden(), key)
        looked_at = data.samples[PANEL if key == MUTATIONS else "cna_panel"].notna().to_numpy()
        counts[~looked_at] = None
    else:
        counts = data.align(reader.clinical(key), "value")
    numbers = pd.to_numeric(pd.Series(counts, dtype=object), errors="coerce")
    return numbers.to_numpy(dtype=np.float32, na_value=np.nan)


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
    found = rows >= 0
    bits = kind_bits(table["kinds"])
    names = ("mutation_profiled", "cna_profiled", "fusion_profiled")
    profiled = {name: table[name].to_numpy().astype(bool) for name in names}
    return GeneStates(
        kinds=np.where(found, bits[rows], np.uint16(0)),
        **{name: found & values[rows] for name, values in profiled.items()},
    )


def kind_bits(kinds: pa.ChunkedArray) -> npt.NDArray[np.uint16]:
    """Write lists of altering kinds as bits.

    Args:
        kinds: (T,) list of kinds without repeats, T at least 1 where anything is read from it.

    Returns:
        (T,) uint16, see `coloring.BITS`; one more 0 at the end, for a tumor that has no row.
    """
    lists = kinds.combine_chunks()
    owners = pc.list_parent_indices(lists).to_numpy()
    encoded = lists.flatten().dictionary_encode()
    values = np.array([BITS[kind] for kind in encoded.dictionary.to_pylist()], dtype=np.float64)
    # Kinds of a tumor are distinct, so that the sum of their bits is their union.
    sums = np.bincount(owners, weights=values[encoded.indices.to_numpy()], minlength=len(lists) + 1)
    return sums.astype(np.uint16)


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
