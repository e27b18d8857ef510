from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.errors import NothingToDoError, StudyChangedError
from dashboard.queries import load_map
from dashboard.rows import find_rows, points_of
from dashboard.service import Service
from tests.dashboard.studies import draw_cohort


def test_a_map_is_published_with_its_quality(mapped: Service) -> None:
    with mapped.store.read() as reader:
        layout = reader.layout("main")
        table = reader.coordinates(layout["layout_id"])
    assert (layout["num_tumors"], layout["model_digest"]) == (60, mapped.encoder.digest)
    quality = json.loads(layout["quality"])
    assert quality["num_tumors"] == 60
    assert quality["num_unique"] == 59
    assert 0.5 < quality["trustworthiness"]["value"] <= 1
    assert quality["label_knn_accuracy"]["num_tumors"] == 60
    assert json.loads(layout["config"])["seed"] == 0
    rows = {row["sample_id"]: (row["x"], row["y"]) for row in table.to_pylist()}
    assert rows["T0058"] == rows["T0059"]


def test_a_refit_keeps_the_tumors_where_they_were(mapped: Service) -> None:
    with mapped.store.read() as reader:
        before = reader.coordinates(reader.layout()["layout_id"])
    mapped.import_cohort(draw_cohort("second", 10, seed=4, prefix="S"))
    mapped.embed()
    outcome = mapped.layout()
    assert (outcome.num_tumors, outcome.name) == (70, "main")
    with mapped.store.read() as reader:
        after = reader.coordinates(outcome.layout_id)
    rows = find_rows(before, after)
    moved = np.linalg.norm(points_of(after)[rows] - points_of(before), axis=1)
    span = np.ptp(points_of(before), axis=0).max()
    assert np.median(moved) < 0.25 * span
    assert not any(after["placed"].to_pylist())


def test_a_map_of_another_name_begins_afresh(mapped: Service) -> None:
    outcome = mapped.layout("other")
    assert outcome.quality.median_movement is None
    assert mapped.layout("other").quality.median_movement is not None


def test_tumors_without_embeddings_cannot_be_laid_out(with_study: Service) -> None:
    with pytest.raises(NothingToDoError, match=r"No tumor is embedded .* Run `tumorxy embed`"):
        with_study.layout()


def test_an_empty_store_cannot_be_laid_out(service: Service) -> None:
    with pytest.raises(NothingToDoError, match="none is imported"):
        service.layout()


def test_a_study_removed_meanwhile_stops_the_map(mapped: Service) -> None:
    def remove(stage: str, done: int, total: int) -> None:
        if stage == "Publishing the map" and done == 0:
            Service(mapped.home).remove("first")

    with pytest.raises(StudyChangedError, match="first changed in the store"):
        mapped.layout(progress=remove)
    with mapped.store.read() as reader:
        assert reader.list_studies().num_rows == 0


def test_a_map_whose_tumors_were_removed_is_no_map(mapped: Service) -> None:
    mapped.import_cohort(draw_cohort("second", 40))
    mapped.embed()
    mapped.remove("first")
    mapped.import_cohort(draw_cohort("third", 40))
    assert mapped.embed().num_placed == 0
    with mapped.store.read() as reader:
        assert load_map(reader, None) is None
    assert mapped.layout().num_tumors == 80
    with mapped.store.read() as reader:
        assert load_map(reader, None) is not None
