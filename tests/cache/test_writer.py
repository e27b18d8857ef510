from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cache.errors import (
    InvalidRowsError,
    LayoutNotFoundError,
    StudyNotFoundError,
    WrongThreadError,
)
from cache.store import Store

Cohort = dict[str, Any]
MakeCohort = Callable[..., Cohort]


@pytest.fixture
def mapped(filled: Store, add_map: Callable[..., int]) -> Store:
    """Return the store with the study `first` and a map of it."""
    with filled.read() as reader:
        samples = reader.samples()
    with filled.write() as writer:
        add_map(writer, samples)
    return filled


def inputs_of(store: Store) -> pa.Table:
    with store.read() as reader:
        return reader.inputs("model")


def one_coordinate(sample_id: str, **columns: float) -> pa.Table:
    row = {"study_id": "first", "sample_id": sample_id, "x": 1.0, "y": 2.0, "placed": True}
    row |= {"agreement": 0.5, "ood_score": 0.9, "out_of_distribution": False} | columns
    return pa.Table.from_pylist([row])


def test_an_import_takes_the_place_of_the_older_one(filled: Store, make_cohort: MakeCohort) -> None:
    newer = make_cohort("first", 5, seed=3)
    newer["study"]["name"] = "Corrected"
    newer["notes"] = ()
    with filled.write() as writer:
        writer.replace_study(**newer)
    with filled.read() as reader:
        (study,) = reader.list_studies().to_pylist()
        assert (study["name"], study["num_samples"]) == ("Corrected", 5)
        assert (
            reader.samples()["sample_id"].to_pylist() == newer["samples"]["sample_id"].to_pylist()
        )
        assert reader.alterations().num_rows == newer["alterations"].num_rows
        assert reader.clinical("AGE").num_rows == 5
        assert reader.panels().num_rows == 7
        assert reader.notes("first") == []
        assert reader.report_files("first").num_rows == 1


def test_nothing_computed_is_shown_for_a_new_import_before_its_inputs_are_known(
    mapped: Store, make_cohort: MakeCohort
) -> None:
    with mapped.write() as writer:
        writer.replace_study(**make_cohort("first"))
    with mapped.read() as reader:
        assert reader.inputs("model").num_rows == 0
        assert reader.embeddings("model").num_rows == 0
        assert reader.coordinates(1).num_rows == 0
        assert len(reader.known_inputs("model")) == 12


def test_what_did_not_change_is_shown_again_and_what_changed_is_not(
    mapped: Store, make_cohort: MakeCohort
) -> None:
    inputs = inputs_of(mapped)
    with mapped.read() as reader:
        before = reader.coordinates(1)
    digests = inputs["input_digest"].to_pylist()
    digests[4] = "changed"
    with mapped.write() as writer:
        writer.replace_study(**make_cohort("first"))
        writer.add_inputs("model", inputs.set_column(2, "input_digest", pa.array(digests)))
    with mapped.read() as reader:
        kept = [row for row in range(12) if row != 4]
        assert reader.coordinates(1).equals(before.take(kept))
        assert reader.embeddings("model").num_rows == 11
        assert set(digests) - reader.known_inputs("model") == {"changed"}


def test_samples_that_are_gone_take_everything_computed_with_them(
    mapped: Store, make_cohort: MakeCohort
) -> None:
    with mapped.write() as writer:
        writer.replace_study(**make_cohort("first", 5))
    snapshot = mapped.snapshot()
    assert snapshot is not None
    counts = snapshot.row_counts
    assert (counts["input"], counts["embedding"], counts["coordinate"]) == (5, 5, 5)


def test_a_removed_study_takes_everything_computed_with_it(
    mapped: Store, make_cohort: MakeCohort
) -> None:
    with mapped.write() as writer:
        writer.replace_study(**make_cohort("second"))
        writer.remove_study("first")
    with mapped.read() as reader:
        assert reader.list_studies()["study_id"].to_pylist() == ["second"]
        assert reader.known_inputs("model") == set()
        assert reader.layouts()["num_tumors"].to_pylist() == [0]
        counts = reader.row_counts()
    assert (counts["sample"], counts["note"], counts["panel"]) == (12, 2, 7)
    assert (counts["input"], counts["coordinate"], counts["prediction"]) == (0, 0, 0)


def test_a_twin_in_another_study_keeps_its_embedding(
    filled: Store, make_cohort: MakeCohort
) -> None:
    twins = {"study_id": ["first", "second"], "input_digest": ["same", "same"]}
    twins["sample_id"] = ["FIRST-SAMPLE-0000", "SECOND-SAMPLE-0000"]
    with filled.write() as writer:
        writer.replace_study(**make_cohort("second"))
        writer.add_inputs("model", pa.table(twins))
        writer.add_embeddings("model", ["same", "same"], np.ones((2, 3), np.float32))
    with filled.read() as reader:
        assert reader.row_counts()["embedding"] == 1
        assert reader.embeddings("model")["vector"].to_pylist() == [[1, 1, 1], [1, 1, 1]]
    with filled.write() as writer:
        writer.remove_study("first")
    with filled.read() as reader:
        assert reader.embeddings("model")["sample_id"].to_pylist() == ["SECOND-SAMPLE-0000"]


def test_a_study_that_is_not_there_cannot_be_removed(filled: Store) -> None:
    with (
        pytest.raises(StudyNotFoundError, match="no study named 'other'; it holds first"),
        filled.write() as writer,
    ):
        writer.remove_study("other")


def test_known_embeddings_are_left_as_they_are(filled: Store) -> None:
    with filled.write() as writer:
        writer.add_embeddings("model", ["a"], np.array([[1, 2]], np.float32))
        writer.add_embeddings("model", ["b", "a"], np.array([[3, 4], [9, 9]], np.float32))
        writer.add_embeddings("other", ["a"], np.array([[5, 6, 7]], np.float32))
        writer.add_embeddings("model", [], np.zeros((0, 2), np.float32))
        writer.add_inputs(
            "model",
            pa.table(
                {
                    "study_id": ["first"] * 2,
                    "sample_id": ["FIRST-SAMPLE-0000", "FIRST-SAMPLE-0001"],
                    "input_digest": ["a", "b"],
                }
            ),
        )
    with filled.read() as reader:
        assert reader.embeddings("model")["vector"].to_pylist() == [[1, 2], [3, 4]]


def test_a_new_placement_takes_the_place_of_the_older_one(mapped: Store) -> None:
    with mapped.write() as writer:
        writer.add_coordinates(1, one_coordinate("FIRST-SAMPLE-0003", x=7.0))
    with mapped.read() as reader:
        rows = reader.coordinates(1).to_pylist()
        assert reader.layout()["num_tumors"] == 11
    assert len(rows) == 12
    assert (rows[3]["x"], rows[3]["placed"]) == (7.0, True)


def test_a_new_prediction_takes_the_place_of_the_older_one(mapped: Store) -> None:
    def predict(probability: float) -> pa.Table:
        row = {"study_id": "first", "sample_id": "FIRST-SAMPLE-0001", "task": "PAM50"}
        numbers = {"probability": probability, "lower": 0.1, "upper": 0.9, "flag": "ood"}
        return pa.Table.from_pylist([row | {"class": name} | numbers for name in ("LumA", "LumB")])

    for probability in (0.25, 0.5):
        with mapped.write() as writer:
            writer.add_predictions("model", predict(probability))
    with mapped.read() as reader:
        rows = reader.predictions("model").to_pylist()
    assert [(row["class"], row["probability"]) for row in rows] == [("LumA", 0.5), ("LumB", 0.5)]


def broken_cohort(cohort: Cohort, name: str) -> Cohort:
    """Return a cohort that is wrong in one way."""
    samples, alterations = cohort["samples"], cohort["alterations"]
    stranger = pa.array(["STRANGER"] * alterations.num_rows)
    match name:
        case "repeated sample":
            return cohort | {"samples": pa.concat_tables([samples, samples.slice(2, 1)])}
        case "stranger":
            return cohort | {"alterations": alterations.set_column(0, "sample_id", stranger)}
        case "clinical stranger":
            return cohort | {"samples": samples.slice(1), "alterations": alterations.slice(0, 0)}
        case "missing column":
            return cohort | {"panels": cohort["panels"].drop_columns("panel_id")}
        case "missing kind":
            nothing = pa.nulls(alterations.num_rows, pa.string())
            return cohort | {"alterations": alterations.set_column(2, "kind", nothing)}
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("repeated sample", "1 rows of the table of samples repeat a sample_id"),
        ("stranger", "96 alterations or clinical values of study 'first' belong to no sample"),
        ("clinical stranger", "2 alterations or clinical values"),
        ("missing column", "table of panels lacks the columns panel_id"),
        ("missing kind", "A value is missing that every row must have"),
    ],
)
def test_wrong_rows_leave_the_older_import_as_it_was(
    filled: Store, make_cohort: MakeCohort, name: str, message: str
) -> None:
    before = filled.snapshot()
    with pytest.raises(InvalidRowsError, match=message), filled.write() as writer:
        writer.replace_study(**broken_cohort(make_cohort("first"), name))
    assert filled.snapshot() == before
    assert filled.check() == []


def test_an_error_that_was_swallowed_publishes_nothing(
    filled: Store, make_cohort: MakeCohort
) -> None:
    def swallow() -> None:
        with filled.write() as writer:
            writer.replace_study(**make_cohort("second"))
            with pytest.raises(InvalidRowsError, match="belong to no"):
                writer.replace_study(**broken_cohort(make_cohort("third"), "stranger"))

    before = filled.snapshot()
    with pytest.raises(InvalidRowsError, match="none of the changes was published"):
        swallow()
    assert filled.snapshot() == before


@pytest.mark.parametrize(
    ("digests", "vectors", "message"),
    [
        (["a"], np.zeros((2, 3), np.float32), r"1 digests came with vectors of shape \(2, 3\)"),
        (["a"], np.zeros(3, np.float32), "one vector per digest was expected"),
        (["a"], np.zeros((1, 3)), "finite float32"),
        (["a"], np.full((1, 3), np.nan, np.float32), "finite float32"),
        (["a"], np.zeros((1, 9), np.float32), "Vectors of width 9 .* have width 4"),
    ],
)
def test_vectors_of_another_shape_are_refused(
    mapped: Store, digests: list[str], vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidRowsError, match=message), mapped.write() as writer:
        writer.add_embeddings("model", digests, vectors)


def test_inputs_of_unknown_samples_are_refused(mapped: Store) -> None:
    inputs = inputs_of(mapped)
    other = pa.array(["other"] * inputs.num_rows)
    with (
        pytest.raises(InvalidRowsError, match="12 of 12 input digests belong to samples that"),
        mapped.write() as writer,
    ):
        writer.add_inputs("model", inputs.set_column(0, "study_id", other))


def test_rows_without_an_input_digest_are_refused(mapped: Store) -> None:
    with mapped.write() as writer:
        layout_id = writer.add_layout("main", "other model", "{}", "{}", "{}")
    with (
        pytest.raises(InvalidRowsError, match=r"1 of 1 coordinates belong .* Call add_inputs"),
        mapped.write() as writer,
    ):
        writer.add_coordinates(layout_id, one_coordinate("FIRST-SAMPLE-0000"))


def test_coordinates_must_be_finite_and_of_a_layout(mapped: Store) -> None:
    with pytest.raises(InvalidRowsError, match="must be finite"), mapped.write() as writer:
        writer.add_coordinates(1, one_coordinate("FIRST-SAMPLE-0000", y=float("nan")))
    with pytest.raises(LayoutNotFoundError, match="no layout 7"), mapped.write() as writer:
        writer.add_coordinates(7, one_coordinate("FIRST-SAMPLE-0000"))


def test_a_writer_belongs_to_its_thread_and_block(filled: Store) -> None:
    caught: list[Exception] = []

    def use() -> None:
        try:
            writer.add_layout("main", "model", "{}", "{}", "{}")
        except WrongThreadError as error:
            caught.append(error)

    with filled.write() as writer:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        assert len(caught) == 1
        writer.close()
        use()
    assert len(caught) == 2


def test_predictions_of_a_task_are_removed(mapped: Store) -> None:
    keys = {"study_id": ["first"], "sample_id": ["T0"], "class": ["LumA"], "flag": ["ok"]}
    numbers = {name: [0.5] for name in ("probability", "lower", "upper")}
    with mapped.read() as reader:
        keys["sample_id"] = reader.samples(["first"])["sample_id"].to_pylist()[:1]
    with mapped.write() as writer:
        for task in ("one", "two"):
            writer.add_predictions("model", pa.table(keys | numbers | {"task": [task]}))
    with mapped.write() as writer:
        writer.remove_predictions("model", "one")
        writer.remove_predictions("model", "never there")
    with mapped.read() as reader:
        assert "one" not in reader.predicted_tasks("model")
        assert "two" in reader.predicted_tasks("model")
