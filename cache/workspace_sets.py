"""Sets of tumors: selections that are forgotten after a while, and sets that somebody named.

A set is kept by the names of its tumors, so that it means the same in every snapshot. Its id is a
keyed digest of those names: the same tumors have the same id, and the id tells nobody which they
are. Tumors of a study that was removed are gone from every set; how many they were is still told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cache.errors import InvalidRowsError, NotKeptError, WorkspaceDamagedError
from cache.workspace_file import WorkspaceFile
from cache.workspace_text import cleaned

KEYS = pa.schema([("study_id", pa.string()), ("sample_id", pa.string())])
"""A set as it is read: sorted, each tumor once."""

ID_CHARACTERS = 20

MOST_SELECTIONS = 200
LONGEST_KEPT = timedelta(days=30)
REFRESHED_AFTER = timedelta(hours=1)
"""A selection that is kept again within this time is not written again."""


@dataclass(frozen=True, kw_only=True)
class SavedSet:
    """What is known about a set without reading its tumors.

    Args:
        set_id: Its id, 20 hexadecimal characters.
        name: What somebody called it; None for a selection.
        note: What somebody wrote about it.
        created_at: When it was first kept, UTC.
        num_tumors: Tumors that are in it now.
        num_gone: Tumors that were in it, and whose study was removed.
    """

    set_id: str
    name: str | None
    note: str
    created_at: datetime
    num_tumors: int
    num_gone: int


class Sets:
    """The sets of a workspace.

    Args:
        file: Its file.
    """

    def __init__(self, file: WorkspaceFile) -> None:
        self._file = file

    def keep(self, keys: pa.Table) -> str:
        """Keep a selection; the oldest ones without a name make room.

        Args:
            keys: `study_id` and `sample_id` of its tumors, in any order.

        Returns:
            Its id; the same for the same tumors.

        Raises:
            InvalidRowsError: If a name is missing.
        """
        parts = list(_by_study(_in_order(keys)))
        with self._file.writing() as connection:
            set_id = _address(_secret(connection), parts)
            now = datetime.now(UTC).replace(tzinfo=None)
            if not _is_fresh(connection, set_id, parts, now):
                _write(connection, set_id, parts, now)
            _prune(connection, now)
        return set_id

    def name(self, set_id: str, name: str, note: str = "") -> None:
        """Give a set a name, or another one; a named set stays until somebody deletes it.

        Args:
            set_id: The set.
            name: Its name.
            note: What there is to know about it.

        Raises:
            NotKeptError: If there is no such set.
            InvalidEntryError: If the name is empty or too long.
        """
        values = [cleaned(name, "name"), cleaned(note, "note", required=False), set_id]
        with self._file.writing() as connection:
            _require(connection, set_id)
            sql = "UPDATE tumor_set SET name = ?, note = ? WHERE set_id = ?"
            connection.execute(sql, values).fetchall()

    def delete(self, set_id: str) -> None:
        """Delete a set.

        Raises:
            NotKeptError: If there is no such set.
        """
        with self._file.writing() as connection:
            _require(connection, set_id)
            _forget(connection, [set_id])

    def load(self, set_id: str) -> pa.Table:
        """Return the tumors of a set: `KEYS`, sorted.

        Raises:
            NotKeptError: If there is no such set.
        """
        sql = "SELECT study_id, sample_ids FROM set_member WHERE set_id = ? ORDER BY study_id"
        with self._file.reading() as connection:
            _require(connection, set_id)
            rows = connection.execute(sql, [set_id]).fetchall()
        parts = [(str(study_id), _unpacked(packed)) for study_id, packed in rows]
        return _table(parts)

    def about(self, set_id: str) -> SavedSet:
        """Return what is known about one set.

        Raises:
            NotKeptError: If there is no such set.
        """
        with self._file.reading() as connection:
            rows = connection.execute(_ABOUT.format(where="s.set_id = ?"), [set_id]).fetchall()
        if not rows:
            raise NotKeptError("saved set")
        return _saved(rows[0])

    def list_named(self) -> list[SavedSet]:
        """Return the sets that have a name, the newest first."""
        sql = _ABOUT.format(where="s.name IS NOT NULL") + " ORDER BY s.created_at DESC, s.set_id"
        with self._file.reading() as connection:
            return [_saved(row) for row in connection.execute(sql).fetchall()]

    def require_readable(self) -> None:
        """Read every set.

        Raises:
            WorkspaceDamagedError: If one is not what was kept.
        """
        with self._file.reading() as connection:
            rows = connection.execute("SELECT num_tumors, sample_ids FROM set_member")
            while row := rows.fetchone():
                if len(_unpacked(row[1])) != row[0]:
                    raise WorkspaceDamagedError


def forget_members(connection: duckdb.DuckDBPyConnection, study_id: str) -> int:
    """Take the tumors of a study out of every set; return how many sets lost some."""
    sql = "SELECT count(*) FROM set_member WHERE study_id = ?"
    number = int(connection.execute(sql, [study_id]).fetchall()[0][0])
    connection.execute("DELETE FROM set_member WHERE study_id = ?", [study_id]).fetchall()
    return number


_ABOUT = """SELECT s.set_id, s.name, s.note, s.created_at, s.num_tumors,
    (SELECT coalesce(sum(m.num_tumors), 0) FROM set_member m WHERE m.set_id = s.set_id)
    FROM tumor_set s WHERE {where}"""


def _saved(row: tuple[object, ...]) -> SavedSet:
    set_id, name, note, created_at, before, now = row
    assert isinstance(created_at, datetime)
    return SavedSet(
        set_id=str(set_id),
        name=None if name is None else str(name),
        note=str(note),
        created_at=created_at.replace(tzinfo=UTC),
        num_tumors=int(str(now)),
        num_gone=int(str(before)) - int(str(now)),
    )


def _in_order(keys: pa.Table) -> pa.Table:
    """Return the keys sorted, each once; a selection of a map mostly comes so."""
    table = keys.select(KEYS.names).cast(KEYS).combine_chunks()
    if any(column.null_count for column in table.columns):
        raise InvalidRowsError("A tumor without study or sample cannot be kept in a set.")
    if _is_sorted(table):
        return table
    unique = table.group_by(KEYS.names).aggregate([])
    return unique.sort_by([(name, "ascending") for name in KEYS.names]).combine_chunks()


def _is_sorted(table: pa.Table) -> bool:
    if table.num_rows < 2:
        return True
    study, sample = table["study_id"], table["sample_id"]
    earlier = pc.less(study[:-1], study[1:])
    same = pc.equal(study[:-1], study[1:])
    rising = pc.and_(same, pc.less(sample[:-1], sample[1:]))
    return bool(pc.all(pc.or_(earlier, rising)).as_py())


def _by_study(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Return the sample ids of each study of a sorted table."""
    if not table.num_rows:
        return
    runs = pc.run_end_encode(table["study_id"].combine_chunks())
    samples = table["sample_id"].combine_chunks()
    start = 0
    for study_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield study_id, samples.slice(start, end - start)
        start = end


def _address(secret: bytes, parts: list[tuple[str, pa.Array]]) -> str:
    state = hashlib.blake2b(key=secret, digest_size=ID_CHARACTERS // 2)
    for study_id, samples in parts:
        name = study_id.encode()
        state.update(b"%d:%s:%d:" % (len(name), name, len(samples)))
        first = samples.offset
        ends = np.frombuffer(samples.buffers()[1], np.int32)[first : first + len(samples) + 1]
        state.update(np.diff(ends).tobytes())
        state.update(memoryview(samples.buffers()[2] or b"")[ends[0] : ends[-1]])
    return state.hexdigest()


def _secret(connection: duckdb.DuckDBPyConnection) -> bytes:
    return bytes(connection.execute("SELECT secret FROM workspace").fetchall()[0][0])


def _is_fresh(
    connection: duckdb.DuckDBPyConnection,
    set_id: str,
    parts: list[tuple[str, pa.Array]],
    now: datetime,
) -> bool:
    """Tell whether a set stands there whole, and was kept not long ago."""
    sql = """SELECT kept_at, (SELECT coalesce(sum(num_tumors), 0) FROM set_member
        WHERE set_id = $set_id) FROM tumor_set WHERE set_id = $set_id"""
    rows = connection.execute(sql, {"set_id": set_id}).fetchall()
    whole = sum(len(samples) for _, samples in parts)
    return any(now - kept_at < REFRESHED_AFTER and found == whole for kept_at, found in rows)


def _write(
    connection: duckdb.DuckDBPyConnection,
    set_id: str,
    parts: list[tuple[str, pa.Array]],
    now: datetime,
) -> None:
    """Write a set, or write it again; its name and note stay."""
    known = connection.execute(
        "SELECT name, note, created_at FROM tumor_set WHERE set_id = ?", [set_id]
    ).fetchall()
    name, note, created_at = known[0] if known else (None, "", now)
    _forget(connection, [set_id])
    whole = sum(len(samples) for _, samples in parts)
    connection.execute(
        "INSERT INTO tumor_set VALUES (?, ?, ?, ?, ?, ?)",
        [set_id, name, note, created_at, now, whole],
    ).fetchall()
    for study_id, samples in parts:
        connection.execute(
            "INSERT INTO set_member VALUES (?, ?, ?, ?)",
            [set_id, study_id, len(samples), _packed(samples)],
        ).fetchall()


def _forget(connection: duckdb.DuckDBPyConnection, set_ids: list[str]) -> None:
    for table in ("tumor_set", "set_member"):
        connection.execute(f"DELETE FROM {table} WHERE set_id = ANY(?)", [set_ids]).fetchall()


def _prune(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Forget selections that are old or many; those that a saved view shows stay."""
    rows = connection.execute(
        """SELECT set_id, kept_at FROM tumor_set s WHERE name IS NULL
        AND NOT EXISTS (SELECT 1 FROM saved_view v WHERE contains(v.query, s.set_id))
        ORDER BY kept_at DESC, set_id"""
    ).fetchall()
    old = [
        set_id
        for place, (set_id, kept_at) in enumerate(rows)
        if place >= MOST_SELECTIONS or now - kept_at > LONGEST_KEPT
    ]
    if old:
        _forget(connection, old)


def _require(connection: duckdb.DuckDBPyConnection, set_id: str) -> None:
    sql = "SELECT 1 FROM tumor_set WHERE set_id = ?"
    if not connection.execute(sql, [set_id]).fetchall():
        raise NotKeptError("saved set")


def _packed(samples: pa.Array) -> bytes:
    """Return sample ids as an Arrow stream, compressed: 1.2 MB for 292,000 of 14 characters."""
    table = pa.table({"sample_id": samples})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(packed: bytes) -> pa.Array:
    """Return sample ids; compressed bytes that were changed do not unpack."""
    try:
        return pa.ipc.open_stream(packed).read_all()["sample_id"].combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise WorkspaceDamagedError from error


def _table(parts: list[tuple[str, pa.Array]]) -> pa.Table:
    if not parts:
        return KEYS.empty_table()
    studies = [pa.repeat(pa.scalar(study_id), len(samples)) for study_id, samples in parts]
    samples = [samples for _, samples in parts]
    columns = [pa.concat_arrays(studies), pa.concat_arrays(samples)]
    return pa.table(columns, schema=KEYS)
