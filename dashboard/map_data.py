"""One version of a map with all tumors on it, as it is read from the store. No SQL, no torch."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.figures import Places
from dashboard.labels import MISSING, Labels, ranked
from dashboard.rows import find_rows
from dashboard.shelf import Packed, Shelf, pack
from dashboard.wording import count, day

if TYPE_CHECKING:
    from cache.reader import Reader

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

KEYS = ["study_id", "sample_id"]
MOST_FOUND = 512


@dataclass(frozen=True, kw_only=True)
class StudyInfo:
    """A study in a few words."""

    study_id: str
    name: str
    genome: str
    synthetic: bool


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
        asked = (study_id, sample_id)
        row = self._found.get(asked)
        if row is None:
            row = self._find(*asked)
            self._found.put(asked, row)
        return None if row < 0 else row

    @cached_property
    def _found(self) -> Shelf[int]:
        """Rows that were asked for last: each run of a page asks some times for the same."""
        return Shelf(MOST_FOUND)

    def _find(self, study_id: str, sample_id: str) -> int:
        found = pc.and_(
            pc.equal(self.keys["study_id"], study_id), pc.equal(self.keys["sample_id"], sample_id)
        )
        return int(pc.index(found, value=True).as_py())

    def rows_in(self, table: pa.Table) -> Rows:
        """Return the row of each tumor in a table of the store, (N,); -1 where it has none."""
        if table.num_rows == len(self) and table.select(KEYS).equals(self.keys):
            return np.arange(len(self))
        return find_rows(self.keys, table)

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
    samples = samples.take(find_rows(places, samples))
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
