"""Checks and shapes of the rows that a writer is handed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cache.errors import InvalidRowsError


def shaped(table: pa.Table, expected: pa.Schema, name: str) -> pa.Table:
    """Return the expected columns in the expected order and types.

    Args:
        table: What the writer was handed; further columns are left out.
        expected: Names and types.
        name: What the table is called in the message.

    Raises:
        InvalidRowsError: If a column is missing or cannot be converted without loss.
    """
    missing = [column for column in expected.names if column not in table.column_names]
    if missing:
        raise InvalidRowsError(f"The table of {name} lacks the columns {', '.join(missing)}.")
    try:
        return table.select(expected.names).cast(expected)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidRowsError(
            f"The table of {name} holds values of another type than {expected.names} need."
        ) from error


def sorted_by_sample(rows: pa.Table) -> pa.Table:
    """Sort by sample and keep the given order within one.

    One patient is then read from one block: 1.5 ms of 5 million rows. Sorting by codes here takes
    half the time that the database needs for its own sort of the text.
    """
    codes = rows["sample_id"].combine_chunks().dictionary_encode()
    if codes.null_count:
        raise InvalidRowsError(f"{codes.null_count} alterations have no sample_id.")
    rank = pc.rank(codes.dictionary).to_numpy()[codes.indices.to_numpy()]
    if (rank[1:] >= rank[:-1]).all():
        return rows
    return rows.take(pa.array(np.argsort(rank, kind="stable")))


def require_unique(rows: pa.Table, columns: list[str], name: str) -> None:
    """Refuse a table in which a key occurs twice.

    Args:
        rows: The table.
        columns: The columns of its key.
        name: What the table is called in the message.

    Raises:
        InvalidRowsError: If a key occurs twice.
    """
    unique = rows.select(columns).group_by(columns).aggregate([]).num_rows
    if unique != rows.num_rows:
        raise InvalidRowsError(
            f"{rows.num_rows - unique} rows of the table of {name} repeat a "
            f"{' and '.join(columns)}. Each may occur once."
        )


def vector_rows(input_digests: Sequence[str], vectors: npt.NDArray[np.float32]) -> pa.Table:
    """Put vectors beside their digests, twins once.

    Args:
        input_digests: N digests; twins may repeat one.
        vectors: Their vectors, (N, D), float32.

    Returns:
        `input_digest` and `vector`.
    """
    digests, first = np.unique(np.asarray(input_digests, dtype=object), return_index=True)
    flat = pa.array(np.ascontiguousarray(vectors[first]).reshape(-1))
    vector = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.table({"input_digest": pa.array(digests, pa.string()), "vector": vector})
