from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.directions import DIRECTIONS, Directions
from engine.errors import WeightsError
from engine.head_tasks import CANCER_TYPE
from engine.training.fit_directions import EMBEDDING, fit_directions
from engine.training.split import TRAIN, part_of
from tests.engine.labeled import cohort, readout, vectors


def test_blocks_have_mean_0_and_variance_1_within_types() -> None:
    tumors = cohort()
    told = fit_directions(tumors).apply(tumors.readout)
    trained = part_of(tumors.patient_ids) == TRAIN
    types = np.array(tumors.labels[CANCER_TYPE])
    for block in told.values():
        spread = sum(
            ((block[rows] - block[rows].mean(axis=0)) ** 2).sum()
            for name in set(types.tolist())
            if (rows := trained & (types == name)).any()
        )
        assert np.allclose(block[trained].mean(axis=0), 0, atol=1e-4)
        assert spread / trained.sum() == pytest.approx(1, rel=1e-3)


def test_the_direction_of_a_type_is_highest_in_its_tumors() -> None:
    tumors = cohort()
    told = fit_directions(tumors).apply(tumors.readout)[CANCER_TYPE]
    names = sorted(set(tumors.labels[CANCER_TYPE]))
    right = np.array(names)[told.argmax(axis=1)] == np.array(tumors.labels[CANCER_TYPE])
    assert right.mean() > 0.7


def test_without_types_the_embedding_alone_is_left() -> None:
    tumors = cohort(200)
    without = replace(tumors, labels={"msi": tumors.labels["msi"]})
    assert set(fit_directions(without).blocks) == {EMBEDDING}


def test_directions_come_back_from_their_files(tmp_path) -> None:
    directions = fit_directions(cohort(300))
    directions.save(tmp_path)
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    back = Directions.parse(contents)
    assert back is not None
    told, again = (d.apply(readout(vectors(5))) for d in (directions, back))
    assert all(np.array_equal(told[name], again[name]) for name in told)
    assert Directions.parse({}) is None
    with pytest.raises(WeightsError, match="directions of the model cannot be read"):
        Directions.parse(contents | {DIRECTIONS: b"x"})


def test_another_encoder_is_refused() -> None:
    directions = fit_directions(cohort(300))
    with pytest.raises(WeightsError, match="Use the directions of this encoder"):
        directions.apply(readout(vectors(5)[:, :4]))
