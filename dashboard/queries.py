"""Read-only views of the store for the pages. No torch, no Streamlit, no SQL."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.coloring import GeneStates, NumberStyle
from dashboard.figures import Places
from dashboard.kind_bits import kind_bits
from dashboard.labels import MISSING, Labels, ranked
from dashboard.predictions import STRANGENESS
from dashboard.rows import find_rows as match_rows
from dashboard.shelf import Packed, pack
from dashboard.wording import (
    FIRST_LABELS,
    FIRST_NUMBERS,
    REDUNDANT,
    SOURCE_PREFIX,
    count,
    day,
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
    def geometry(self) -> Packed:
        """Where the tumors lie, as a browser reads it: `TXY1`, N, edges, x and y in 16 bits."""
        edges, steps = [], []
        for values in (self.places.x, self.places.y):
            low, high = float(values.min()), float(values.max())
            share = (values - low) / max(high - low, 1e-9)
            edges += [low, high]
            steps.append(np.rint(share * 65535).astype("<u2").tobytes())
        return pack(b"TXY1" + struct.pack("<I4f", len(self), *edges) + b"".join(steps))

    @cached_property
    def keys(self) -> pa.Table:
        """Study and sample of each tumor: sample ids are unique only within their study."""
        names = {key: pa.array(self.samples[key], pa.string()) for key in KEYS}
        return pa.table(names)

    @cached_property
    def tumors_digest(self) -> str:
        """Name of these tumors under this model, whatever their places."""
        digest = hashlib.sha256(self.model_digest.encode())
        for column in KEYS:
            names = self.samples[column].tolist()
            digest.update(f"{column}:{len(names)}\n".encode())
            digest.update("\n".join(names).encode())
        return digest.hexdigest()

    @cached_property
    def folded_ids(self) -> pd.Series[str]:
        """Sample ids without case, for the search."""
        return self.samples["sample_id"].str.casefold()

    @property
    def source(self) -> str:
        """Number of tumors, version of the map and model in a few words, for captions."""
        return (
            f"{count(len(self), 'tumor')} of {count(len(self.studies), 'study')} · map "
            f"{self.name} v{self.layout_id}, {day(self.created_at)} · model "
            f"{self.model_digest[:8]}"
        )

    @property
    def synthetic(self) -> bool:
        """Whether any tumor on the map is synthetic."""
        return any(study.synthetic for study in self.studies.values())

    def row_of(self, study_id: str, sample_id: str) -> int | None:
        """Return the row of a tumor; None when it is not on the map."""
        found = pc.and_(
            pc.equal(self.keys["study_id"], study_id), pc.equal(self.keys["sample_id"], sample_id)
        )
        row = int(pc.index(found, value=True).as_py())
        return None if row < 0 else row

    def rows_in(self, table: pa.Table) -> Rows:
        """Return the row of each tumor in a table of the store, (N,); -1 where it has none."""
        if table.num_rows == len(self) and table.select(KEYS).equals(self.keys):
            return np.arange(len(self))
        return match_rows(self.keys, table)

    def align(self, table: pa.Table, column: str) -> Objects:
        """Bring a column of a store table into the order of the map; None where it has no row."""
        rows = self.rows_in(table)
        values = np.full(len(table) + 1, None, dtype=object)
        values[:-1] = table[column].to_pylist()
        return values[rows]

    def spread(self, values: Floats, rows: Rows) -> Floats:
        """Bring numbers into the order of the map; NaN where `rows`, (N,), is -1."""
        return np.append(values, np.float32(np.nan))[rows]

    def encode(
        self,
        texts: pa.ChunkedArray,
        rows: Rows | None = None,
        rename: Callable[[str], str] | None = None,
    ) -> Labels:
        """Number the values of a text column in the order of the map.

        Args:
            texts: (T,) the column.
            rows: (N,) row of each tumor in it, -1 where it has none; the map's own order if None.
            rename: Writes a value for a reader.
        """
        encoded = texts.combine_chunks().dictionary_encode()
        codes = pc.fill_null(encoded.indices, MISSING).to_numpy()
        if rows is not None:
            codes = np.append(codes, np.int32(MISSING))[rows]
        return ranked(codes, encoded.dictionary.to_pylist(), rename)


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
    places = reader.coordinates(layout["layout_id"])
    if pc.all(places["placed"]).as_py():  # the tumors that it was fitted to were removed
        return None
    samples = reader.samples()
    # Both come sorted by study and sample, and every placed tumor has a row.
    samples = samples.take(match_rows(places, samples))
    studies = {study.study_id: study for study in list_studies(reader)}
    present = set(samples["study_id"].unique().to_pylist())
    return MapData(
        snapshot=reader.info.content,
        layout_id=layout["layout_id"],
        name=layout["name"],
        model_digest=layout["model_digest"],
        created_at=layout["created_at"],
        quality=json.loads(layout["quality"]),
        ood=json.loads(layout["ood"]),
        studies={key: study for key, study in studies.items() if key in present},
        samples=samples.to_pandas(),
        coordinates=places.drop_columns(KEYS).to_pandas(),
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
