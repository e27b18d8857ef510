"""Line up tables of tumors: a tumor is a study and a sample, never a sample alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SEPARATOR = "\x1f"
# Ids hold no control characters, so two different pairs never make one key.


def tumor_keys(table: pa.Table) -> pa.ChunkedArray:
    """Return one key per row, made of `study_id` and `sample_id`."""
    return pc.binary_join_element_wise(table["study_id"], table["sample_id"], SEPARATOR)


def find_rows(wanted: pa.Table, table: pa.Table) -> npt.NDArray[np.int64]:
    """Find tumors of one table in another.

    Args:
        wanted: N tumors with `study_id` and `sample_id`.
        table: Where to look; each tumor at most once.

    Returns:
        Row of each wanted tumor in `table`, (N,), int64; -1 where it is not there.
    """
    keys = pa.chunked_array(tumor_keys(table).chunks, type=pa.string()).combine_chunks()
    found = pc.index_in(tumor_keys(wanted), value_set=keys)
    rows: npt.NDArray[np.int64] = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return rows


def vectors_of(table: pa.Table) -> npt.NDArray[np.float32]:
    """Return the `vector` column as an array.

    Args:
        table: A table of the store with a fixed-size list column `vector`.

    Returns:
        Embeddings, (N, D), float32.
    """
    width = table.schema.field("vector").type.list_size
    chunks = [chunk.flatten().to_numpy() for chunk in table["vector"].chunks]
    flat = np.concatenate(chunks) if chunks else np.empty(0)
    vectors: npt.NDArray[np.float32] = flat.astype(np.float32, copy=False).reshape(-1, width)
    return vectors


def points_of(table: pa.Table) -> npt.NDArray[np.float32]:
    """Return the columns `x` and `y` as coordinates, (N, 2), float32."""
    columns: list[Any] = [table[name].to_numpy() for name in ("x", "y")]
    return np.stack(columns, axis=1).astype(np.float32)
