from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cache import schema
from cache.errors import LayoutNotFoundError, StudyNotFoundError, WrongThreadError
from cache.migrations import migrate
from cache.reader import Reader
from cache.snapshots import SnapshotInfo
from cache.store import Store, StoreLimits
from cache.writer import Writer

Cohort = dict[str, Any]


@pytest.fixture(scope="module")
def cohorts(make_cohort: Callable[..., Cohort]) -> list[Cohort]:
    return [make_cohort("first"), make_cohort("second", 9, seed=1)]


@pytest.fixture(scope="module")
def full(
    tmp_path_factory: pytest.TempPathFactory,
    limits: StoreLimits,
    cohorts: list[Cohort],
    add_map: Callable[..., int],
) -> Store:
    """Return a store that holds two studies, a map, and predictions; tests only read it."""
    store = Store(tmp_path_factory.mktemp("full"), limits)
    with store.write() as writer:
        for cohort in cohorts:
            writer.replace_study(**cohort)
    with store.read() as reader:
        samples = reader.samples()
    with store.write() as writer:
        add_map(writer, samples)
        num_rows = samples.num_rows
        columns = {
            "task": ["PAM50"] * num_rows,
            "class": ["LumA"] * num_rows,
            "probability": np.linspace(0, 1, num_rows, dtype=np.float32),
            "lower": np.zeros(num_rows, np.float32),
            "upper": np.ones(num_rows, np.float32),
            "flag": pa.nulls(num_rows, pa.string()),
        }
        keys = {name: samples[name] for name in ("study_id", "sample_id")}
        writer.add_predictions("model", pa.table(keys | columns))
    return store


@pytest.fixture
def reader(full: Store) -> Iterator[Reader]:
    with full.read() as reader:
        yield reader


def expected_rows(cohorts: list[Cohort], table: str) -> list[dict[str, Any]]:
    return [
        {"study_id": cohort["study"]["study_id"]} | row
        for cohort in cohorts
        for row in cohort[table].to_pylist()
    ]


def test_studies_are_listed_with_their_counts(reader: Reader, cohorts: list[Cohort]) -> None:
    studies = reader.list_studies()
    assert studies.schema.equals(schema.STUDIES)
    first, second = studies.to_pylist()
    assert first["imported_at"].utcoffset().total_seconds() == 0
    del first["imported_at"]
    assert first == cohorts[0]["study"] | {
        "description": "",
        "citation": "",
        "synthetic": False,
        "num_samples": 12,
        "num_patients": 6,
        "num_alterations": 96,
    }
    assert (second["study_id"], second["num_samples"]) == ("second", 9)


def test_every_table_comes_back_as_it_was_given(reader: Reader, cohorts: list[Cohort]) -> None:
    assert reader.samples().schema.equals(schema.with_study(schema.SAMPLES))
    assert reader.samples().to_pylist() == expected_rows(cohorts, "samples")
    assert reader.panels().to_pylist() == expected_rows(cohorts, "panels")
    assert reader.attributes().to_pylist() == expected_rows(cohorts, "attributes")
    assert reader.report_files("first").equals(cohorts[0]["files"])
    assert reader.report_findings("second").equals(cohorts[1]["findings"])
    assert reader.notes("first") == list(cohorts[0]["notes"])


def test_alterations_come_sorted_by_sample_and_else_as_given(
    reader: Reader, cohorts: list[Cohort]
) -> None:
    alterations = reader.alterations()
    assert alterations.schema.equals(schema.with_study(schema.ALTERATIONS))
    rows = expected_rows(cohorts, "alterations")
    rows.sort(key=lambda row: (row["study_id"], row["sample_id"]))
    assert alterations.to_pylist() == rows


def test_alterations_of_one_sample(reader: Reader, cohorts: list[Cohort]) -> None:
    sample_id = cohorts[1]["samples"]["sample_id"][3].as_py()
    rows = reader.alterations(["second"], sample_id).to_pylist()
    assert rows == [
        row for row in expected_rows(cohorts[1:], "alterations") if row["sample_id"] == sample_id
    ]
    assert len(rows) > 2
    assert reader.alterations(["first"], sample_id).num_rows == 0


def test_alterations_without_passengers(reader: Reader, cohorts: list[Cohort]) -> None:
    kinds = reader.alterations(altering_only=True)["kind"].to_pylist()
    given = [row["kind"] for row in expected_rows(cohorts, "alterations")]
    assert sorted(kinds) == sorted(kind for kind in given if kind in schema.ALTERING_KINDS)
    assert len(kinds) < len(given)


def test_clinical_values(reader: Reader) -> None:
    ages = reader.clinical("AGE", ["second"])
    assert ages.schema.equals(schema.CLINICAL_VALUES)
    assert ages["value"].to_pylist() == [str(40 + row) for row in range(9)]
    assert reader.clinical("AGE").num_rows == 21
    assert reader.clinical("NO_SUCH").num_rows == 0
    of_one = reader.clinical_of("first", "FIRST-SAMPLE-0002")
    assert of_one.schema.equals(schema.CLINICAL_OF)
    assert of_one.select(["attribute", "display_name", "level", "value"]).to_pylist() == [
        {"attribute": "AGE", "display_name": "Age", "level": "patient", "value": "42"},
        {"attribute": "PAM50", "display_name": "PAM50 subtype", "level": "sample", "value": "LumA"},
    ]


@pytest.mark.parametrize("gene", ["TP53", "BRAF", "NOT_A_GENE"])
def test_gene_states_tell_wild_type_from_not_profiled(
    reader: Reader, cohorts: list[Cohort], gene: str
) -> None:
    states = reader.gene_states(gene)
    assert states.schema.equals(schema.GENE_STATES)
    expected = []
    for cohort in cohorts:
        study_id = cohort["study"]["study_id"]
        panels: dict[str, set[str]] = {}
        for row in cohort["panels"].to_pylist():
            panels.setdefault(row["panel_id"], set()).add(row["hugo_symbol"])
        for sample in cohort["samples"].to_pylist():
            kinds = {
                row["kind"]
                for row in cohort["alterations"].to_pylist()
                if (row["sample_id"], row["hugo_symbol"]) == (sample["sample_id"], gene)
            }
            expected.append(
                {
                    "study_id": study_id,
                    "sample_id": sample["sample_id"],
                    "kinds": sorted(kinds.intersection(schema.ALTERING_KINDS)),
                    "mutation_profiled": gene in panels.get(sample["mutation_panel"], ()),
                    "cna_profiled": gene in panels.get(sample["cna_panel"], ()),
                    "fusion_profiled": gene in panels.get(sample["fusion_panel"], ()),
                }
            )
    assert states.to_pylist() == expected


def test_a_panel_is_that_of_its_study(store: Store, make_cohort: Callable[..., Cohort]) -> None:
    other = make_cohort("other")
    other["panels"] = pa.table({"panel_id": ["BIG"], "hugo_symbol": ["NRAS"]})
    with store.write() as writer:
        writer.replace_study(**make_cohort("first"))
        writer.replace_study(**other)
    with store.read() as reader:
        nras = reader.gene_states("NRAS").to_pylist()
    profiled = {(row["study_id"], row["mutation_profiled"]) for row in nras}
    assert profiled == {("first", False), ("other", False), ("other", True)}


def test_burden_is_null_where_nothing_was_profiled(reader: Reader, cohorts: list[Cohort]) -> None:
    burden = reader.burden(["first"])
    assert burden.schema.equals(schema.BURDEN)
    alterations = cohorts[0]["alterations"].to_pylist()

    def count(sample_id: str, kinds: tuple[str, ...]) -> int:
        return sum(row["sample_id"] == sample_id and row["kind"] in kinds for row in alterations)

    for row, sample in zip(burden.to_pylist(), cohorts[0]["samples"].to_pylist(), strict=True):
        mutations = count(sample["sample_id"], schema.MUTATION_KINDS)
        copies = count(sample["sample_id"], schema.COPY_NUMBER_KINDS)
        assert row["num_mutations"] == (mutations if sample["mutation_panel"] else None)
        assert row["num_cna"] == (copies if sample["cna_panel"] else None)
    assert burden["num_mutations"].null_count == 4


def test_embeddings_come_back_bit_for_bit(reader: Reader) -> None:
    expected = np.random.default_rng(1).normal(size=(21, 4)).astype(np.float32)
    table = reader.embeddings("model")
    assert table.schema.equals(schema.embeddings(4))
    found = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, 4)
    assert np.array_equal(found, expected)
    only = reader.embeddings("model", ["second"])["vector"].combine_chunks()
    assert np.array_equal(only.flatten().to_numpy().reshape(-1, 4), expected[12:])
    assert reader.known_inputs("model") == set(reader.inputs("model")["input_digest"].to_pylist())


def test_a_model_that_embedded_nothing_has_width_0(reader: Reader) -> None:
    assert reader.embeddings("other").schema.equals(schema.embeddings(0))
    assert reader.known_inputs("other") == set()
    assert reader.inputs("other").num_rows == 0


@pytest.fixture(scope="module")
def bare(make_cohort: Callable[..., Cohort]) -> Iterator[tuple[Writer, Reader]]:
    """Return a writer and a reader of one database in memory, which holds the study `first`."""
    with duckdb.connect() as connection:
        migrate(connection)
        info = SnapshotInfo(
            number=1,
            path=Path("1.duckdb"),
            sha256="",
            size_bytes=0,
            token="",
            row_counts={},
            published_at=datetime.now(UTC),
            schema_version=1,
            keep_from=0,
            content=1,
        )
        writer = Writer(connection)
        writer.replace_study(**make_cohort("first"))
        yield writer, Reader(connection.cursor(), info)


@settings(deadline=None, max_examples=30)
@given(
    numbers=arrays(
        np.float32,
        st.tuples(st.just(12), st.integers(1, 9)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    order=st.permutations(range(12)),
)
def test_any_finite_vector_survives_bit_for_bit(
    bare: tuple[Writer, Reader],
    numbers: npt.NDArray[np.float32],
    order: list[int],
) -> None:
    writer, reader = bare
    model = uuid.uuid4().hex
    keys = reader.samples().select(["study_id", "sample_id"])
    digests = [f"{model} {row}" for row in range(12)]
    writer.add_inputs(model, keys.append_column("input_digest", pa.array(digests)))
    writer.add_embeddings(model, [digests[row] for row in order], numbers[order])
    found = reader.embeddings(model)["vector"].combine_chunks().flatten().to_numpy()
    assert found.tobytes() == numbers.tobytes()


def test_layouts_and_the_newest_of_a_name(filled: Store, add_map: Callable[..., int]) -> None:
    with filled.read() as reader:
        samples = reader.samples()
    with filled.write() as writer:
        add_map(writer, samples)
        second = writer.add_layout("main", "model", '{"seed": 1}', "{}", "{}")
        third = writer.add_layout("draft", "model", "{}", "{}", "{}")
    with filled.read() as reader:
        layouts = reader.layouts()
        assert layouts.schema.equals(schema.LAYOUTS)
        assert layouts["layout_id"].to_pylist() == [1, second, third]
        assert layouts["num_tumors"].to_pylist() == [12, 0, 0]
        assert reader.layout()["name"] == "draft"
        assert reader.layout("main")["layout_id"] == second
        assert reader.layout("main")["config"] == '{"seed": 1}'
        with pytest.raises(
            LayoutNotFoundError, match=r"no layout named 'other'\. Run `tumorxy layout`"
        ):
            reader.layout("other")


def test_no_layout_yet(filled: Store) -> None:
    with (
        filled.read() as reader,
        pytest.raises(LayoutNotFoundError, match="There is no layout yet"),
    ):
        reader.layout()


def test_coordinates(reader: Reader) -> None:
    coordinates = reader.coordinates(1)
    assert coordinates.schema.equals(schema.COORDINATES)
    expected = np.random.default_rng(1).normal(size=(21, 4)).astype(np.float32)
    assert np.array_equal(coordinates["x"].to_numpy(), expected[:, 0])
    assert np.array_equal(coordinates["agreement"].to_numpy(), expected[:, 2])
    assert reader.coordinates(1, ["second"]).equals(coordinates.slice(12))
    assert reader.coordinates(7).num_rows == 0


def test_predictions(reader: Reader) -> None:
    predictions = reader.predictions("model", ["first"])
    assert predictions.schema.equals(schema.PREDICTIONS)
    expected = np.linspace(0, 1, 21, dtype=np.float32)[:12]
    assert np.array_equal(predictions["probability"].to_numpy(), expected)
    assert predictions["class"].to_pylist() == ["LumA"] * 12
    assert reader.predictions("other").num_rows == 0


def test_no_studies_are_no_rows(reader: Reader) -> None:
    assert reader.samples([]).num_rows == 0
    assert reader.gene_states("TP53", []).num_rows == 0


def test_an_unknown_study_is_named_with_those_that_are_there(reader: Reader) -> None:
    with pytest.raises(
        StudyNotFoundError, match=r"no study named 'third'; it holds first, second\. Import"
    ):
        reader.samples(["first", "third"])
    with pytest.raises(StudyNotFoundError, match="'third'"):
        reader.notes("third")
    with pytest.raises(StudyNotFoundError, match="'third'"):
        reader.clinical_of("third", "x")


@pytest.mark.parametrize("text", ["'; DROP TABLE sample; --", "x' OR '1'='1", "%", "\0", "TP53\n"])
def test_values_are_never_taken_as_statements(reader: Reader, text: str) -> None:
    assert not any(reader.gene_states(text)["mutation_profiled"].to_pylist())
    assert reader.clinical(text).num_rows == 0
    assert reader.alterations(None, text).num_rows == 0
    assert reader.samples().num_rows == 21


def test_a_reader_belongs_to_its_thread(reader: Reader) -> None:
    caught: list[Exception] = []

    def use() -> None:
        try:
            reader.samples()
        except WrongThreadError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "Call Store.read() in each thread" in str(caught[0])


def test_a_reader_ends_with_its_block(full: Store) -> None:
    with full.read() as reader:
        pass
    with pytest.raises(WrongThreadError, match="outside the `with` block"):
        reader.samples()


@pytest.mark.parametrize("num_reads", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_eight_threads_read_their_own_rows(
    full: Store, cohorts: list[Cohort], num_reads: int
) -> None:
    rows = expected_rows(cohorts, "alterations")
    keys = sorted({(row["study_id"], row["sample_id"]) for row in rows})
    counts = {key: sum((row["study_id"], row["sample_id"]) == key for row in rows) for key in keys}
    wrong: list[Any] = []

    def read(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(num_reads):
            study_id, sample_id = keys[random.integers(len(keys))]
            with full.read() as reader:
                found = reader.alterations([study_id], sample_id)
            if set(found["sample_id"].to_pylist()) != {sample_id} or (
                found.num_rows != counts[study_id, sample_id]
            ):
                wrong.append(found)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_likeliest_class_of_a_task(reader: Reader) -> None:
    told = reader.likeliest("model", "pam50", ["first"])
    assert told.schema.equals(schema.LIKELIEST)
    assert reader.predicted_tasks("other") == ()
    tasks = reader.predicted_tasks("model")
    best = reader.likeliest("model", tasks[0], ["first"])
    assert best["class"].to_pylist() == ["LumA"] * best.num_rows
    assert best.num_rows == 12
