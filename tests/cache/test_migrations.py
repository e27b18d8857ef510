from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cache import migrations
from cache.errors import SchemaTooNewError
from cache.migrations import MIGRATIONS, TABLES, Migration, migrate, newest_version
from cache.store import Store


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(tmp_path / "file.duckdb") as connection:
        yield connection


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> Migration:
    """Let the program know one schema version more."""
    statements = ("ALTER TABLE study ADD COLUMN doi VARCHAR", "UPDATE study SET doi = 'none'")
    step = Migration(newest_version() + 1, "a column", statements)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, step))
    return step


def recorded(connection: duckdb.DuckDBPyConnection) -> list[int]:
    rows = connection.execute("SELECT number FROM schema_version ORDER BY number").fetchall()
    return [row[0] for row in rows]


def test_steps_are_numbered_without_a_gap() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    assert all(step.statements for step in MIGRATIONS)


def test_an_empty_file_gets_every_table(connection: duckdb.DuckDBPyConnection) -> None:
    assert migrate(connection)
    found = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    assert found == {*TABLES, "snapshot", "schema_version"}
    assert recorded(connection) == [step.number for step in MIGRATIONS]


def test_a_second_run_changes_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    migrate(connection)
    assert not migrate(connection)
    assert len(recorded(connection)) == len(MIGRATIONS)


def test_a_newer_schema_is_refused_with_advice(connection: duckdb.DuckDBPyConnection) -> None:
    migrate(connection)
    connection.execute(
        "INSERT INTO schema_version VALUES (99, 'later', now()::TIMESTAMP)"
    ).fetchall()
    with pytest.raises(SchemaTooNewError, match=r"schema version 99; .* Upgrade TumorXY"):
        migrate(connection)


def test_a_step_and_its_record_stand_or_fall_together(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("BEGIN").fetchall()
    migrate(connection)
    connection.execute("COMMIT").fetchall()
    broken = Migration(
        newest_version() + 1, "broken", ("CREATE TABLE new (i INT)", "SELECT 1 / 'x'")
    )
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
    connection.execute("BEGIN").fetchall()
    with pytest.raises(duckdb.Error):
        migrate(connection)
    connection.execute("ROLLBACK").fetchall()
    assert recorded(connection) == [step.number for step in MIGRATIONS]
    assert ("new",) not in connection.execute("SHOW TABLES").fetchall()


def test_a_writer_brings_an_older_store_up_to_date(filled: Store, one_more: Migration) -> None:
    with filled.write():
        pass
    snapshot = filled.snapshot()
    assert snapshot is not None
    assert (snapshot.number, snapshot.schema_version) == (2, one_more.number)


def test_a_reader_brings_an_older_store_up_to_date(filled: Store, one_more: Migration) -> None:
    with filled.read() as reader:
        assert reader.info.schema_version == one_more.number
        assert reader.list_studies()["study_id"].to_pylist() == ["first"]
    assert filled.check() == []


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_store_of_a_newer_program_is_refused(
    filled: Store, one_more: Migration, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with filled.write():
        pass
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)
    with (
        pytest.raises(SchemaTooNewError, match="set TUMORXY_HOME to another folder"),
        getattr(filled, way)(),
    ):
        pass
    snapshot = filled.snapshot()
    assert snapshot is not None
    assert snapshot.schema_version == one_more.number
