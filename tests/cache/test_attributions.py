from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cache import migrations
from cache.attributions import ATTRIBUTIONS
from cache.errors import InvalidRowsError
from cache.migrations import MIGRATIONS, TABLES, migrate
from cache.store import Store, StoreLimits

SAMPLE = "FIRST-SAMPLE-0003"
KEY = {"study_id": "first", "sample_id": SAMPLE, "task": "msi", "class": "high"}


def a_row(**changed: str) -> dict[str, str]:
    return {**KEY, "method": "Shapley values", "document": '{"value": 0.1}'} | changed


def table(*rows: dict[str, str]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=ATTRIBUTIONS)


@pytest.fixture
def embedded(filled: Store, add_map: Callable[..., int]) -> Store:
    """Return a store whose samples have an input digest for the model `model`."""
    with filled.read() as reader:
        samples = reader.samples()
    with filled.write() as writer:
        add_map(writer, samples)
    return filled


def stored(store: Store, model: str = "model", sample: str = SAMPLE) -> list[dict[str, Any]]:
    with store.read() as reader:
        rows: list[dict[str, Any]] = reader.attributions(model, "first", sample).to_pylist()
        return rows


def test_a_document_comes_back_as_it_was_written(embedded: Store) -> None:
    document = json.dumps({"values": [0.1, -1e-300, 1 / 3], "label": "STK11 truncating"})
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row(document=document), a_row(method="pairs")))
    assert stored(embedded) == [a_row(document=document), a_row(method="pairs")]
    assert stored(embedded, model="another") == []
    assert stored(embedded, sample="FIRST-SAMPLE-0004") == []
    assert embedded.check() == []


def test_a_newer_document_takes_the_place_of_the_older(embedded: Store) -> None:
    for document in ("1", "2"):
        with embedded.write() as writer:
            writer.add_attributions("model", table(a_row(document=document)))
    assert stored(embedded) == [a_row(document="2")]


def test_explanations_leave_the_content_as_it_was(embedded: Store) -> None:
    before = embedded.snapshot()
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row()))
    after = embedded.snapshot()
    assert before is not None
    assert after is not None
    assert (after.number, after.content) == (before.number + 1, before.content)
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row()))
        writer.remove_study("first")
    last = embedded.snapshot()
    assert last is not None
    assert last.content == last.number


def test_it_is_known_what_is_explained(embedded: Store) -> None:
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row(), a_row(method="pairs")))
    with embedded.read() as reader:
        told = reader.explained("model", "msi", "Shapley values")
        assert told.to_pylist() == [{k: KEY[k] for k in ("study_id", "sample_id", "class")}]
        assert reader.explained("model", "hpv", "Shapley values").num_rows == 0
        assert reader.explained("another", "msi", "Shapley values").num_rows == 0


def test_nothing_is_shown_once_the_input_has_changed(embedded: Store) -> None:
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row()))
    changed = {"study_id": ["first"], "sample_id": [SAMPLE], "input_digest": ["another"]}
    with embedded.write() as writer:
        writer.add_inputs("model", pa.table(changed))
    assert stored(embedded) == []


def test_rows_of_unknown_tumors_are_refused(embedded: Store) -> None:
    with (
        pytest.raises(InvalidRowsError, match="1 of 1 attributions belong to samples without"),
        embedded.write() as writer,
    ):
        writer.add_attributions("model", table(a_row(sample_id="nobody")))


def test_a_key_may_occur_once(embedded: Store) -> None:
    with (
        pytest.raises(InvalidRowsError, match="repeat a study_id and sample_id and task"),
        embedded.write() as writer,
    ):
        writer.add_attributions("model", table(a_row(), a_row(document="2")))


def test_attributions_go_with_their_study(
    embedded: Store, make_cohort: Callable[..., dict[str, Any]]
) -> None:
    with embedded.write() as writer:
        writer.add_attributions("model", table(a_row()))
        writer.remove_study("first")
    with embedded.write() as writer:
        writer.replace_study(**make_cohort("other"))
    with embedded.read() as reader:
        assert reader.row_counts()["attribution"] == 0


def test_a_store_of_the_first_version_is_brought_up_to_date(
    tmp_path_factory: pytest.TempPathFactory,
    make_cohort: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    limits: StoreLimits,
) -> None:
    home = tmp_path_factory.mktemp("older") / "home"
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:1])
    monkeypatch.setattr(migrations, "TABLES", tuple(t for t in TABLES if t != "attribution"))
    with Store(home, limits).write() as writer:
        writer.replace_study(**make_cohort("first"))
    monkeypatch.undo()
    with Store(home, limits).read() as reader:
        assert reader.info.schema_version == len(MIGRATIONS)
        assert reader.row_counts()["attribution"] == 0
        assert reader.attributions("model", "first", SAMPLE).num_rows == 0
        assert reader.list_studies()["study_id"].to_pylist() == ["first"]


def test_the_step_makes_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect() as connection:
        monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:1])
        migrate(connection)
        before = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
        monkeypatch.undo()
        assert migrate(connection)
        after = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    assert after - before == {"attribution"}
