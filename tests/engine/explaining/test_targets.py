from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.errors import ExplanationError
from engine.explaining.linear_shap import shap_of_head
from engine.explaining.targets import EMBEDDINGS, for_head, for_position, for_region, for_risk
from engine.heads import FROZEN, Head
from engine.placement import OodReference, Reference
from engine.readout import Readout
from engine.survival import NUM_LEVELS, RiskHead


def head(num_classes: int, width: int = 20) -> Head:
    generator = np.random.default_rng(num_classes)
    return Head(
        task="subtype",
        classes=tuple("ABCDE"[:num_classes]),
        reads=FROZEN,
        weights=generator.normal(0, 0.2, (num_classes, width + 1)).astype(np.float32),
        replicates=np.zeros((2, num_classes, width + 1), dtype=np.float16),
    )


def vectors(number: int = 7, width: int = 20) -> np.ndarray:
    return np.random.default_rng(9).normal(size=(number, width)).astype(np.float32)


@pytest.mark.parametrize("num_classes", [2, 5])
def test_a_class_is_told_by_its_log_odds(num_classes: int) -> None:
    one = head(num_classes)
    told = for_head(one, "B").score({FROZEN: torch.from_numpy(vectors())}).numpy()
    share = one.probabilities(vectors())[:, 1].astype(float)
    assert told == pytest.approx(np.log(share / (1 - share)), abs=1e-3)


def test_a_class_that_is_not_there_is_refused() -> None:
    with pytest.raises(ExplanationError, match="the head subtype has A, B"):
        for_head(head(2), "Z")
    with pytest.raises(ExplanationError, match="the head subtype has A, B"):
        shap_of_head(head(2), "Z", vectors(), vectors())


def test_a_risk_is_the_heads_log_hazard_ratio() -> None:
    generator = np.random.default_rng(1)
    risk = RiskHead(
        reads=(FROZEN, "adapted"),
        types=("LUAD", "BRCA"),
        projection=generator.normal(size=(3, 13)).astype(np.float32),
        weights=generator.normal(size=(2, 4)).astype(np.float32),
        replicates=np.zeros((2, 2, 4), dtype=np.float16),
        levels=np.zeros((2, NUM_LEVELS), dtype=np.float32),
    )
    frozen, adapted = vectors(7, 8), vectors(7, 4)
    readout = Readout(embeddings=frozen, frozen=frozen, adapted=adapted)
    told = for_risk(risk, 1)
    fields = {FROZEN: torch.from_numpy(frozen), "adapted": torch.from_numpy(adapted)}
    expected = risk.log_hazard_ratios(readout, np.ones(7, dtype=np.int64))
    assert told.score(fields).numpy() == pytest.approx(expected, abs=1e-4)
    assert told.name == "overall survival within BRCA"


def unit_vectors(number: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(number, 16)).astype(np.float32)
    scaled: np.ndarray = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return scaled


def reference() -> Reference:
    points = np.random.default_rng(5).normal(size=(50, 2)).astype(np.float32)
    ood = OodReference.from_distances(np.ones((50, 15)))
    return Reference(vectors=unit_vectors(50), coordinates=points, ood=ood)


def test_the_stand_in_for_a_position_finds_a_tumor_of_the_map() -> None:
    at = reference()
    asked = {EMBEDDINGS: torch.from_numpy(at.vectors[:5])}
    for number, axis in enumerate("xy"):
        told = for_position(at, axis, temperature=0.01).score(asked).numpy()
        assert told == pytest.approx(at.coordinates[:5, number], abs=0.01)
    with pytest.raises(ExplanationError, match="Choose x or y"):
        for_position(at, "z")


def test_a_region_is_told_by_the_cosine_to_its_middle() -> None:
    inside, outside = unit_vectors(20, 1), unit_vectors(20, 2)
    asked = {EMBEDDINGS: torch.from_numpy(inside)}
    middle = inside.mean(0) / np.linalg.norm(inside.mean(0))
    alone = for_region(inside, "mine").score(asked).numpy()
    assert alone == pytest.approx(inside @ middle, abs=1e-5)
    against = for_region(inside, "mine", against=outside).score(asked).numpy()
    other = outside.mean(0) / np.linalg.norm(outside.mean(0))
    assert against == pytest.approx(inside @ (middle - other), abs=1e-5)
    with pytest.raises(ExplanationError, match="A region without tumors"):
        for_region(inside[:0], "nobody")


@pytest.mark.parametrize("num_classes", [2, 4])
def test_shap_of_a_linear_head_is_weight_times_distance_from_the_average(num_classes: int) -> None:
    one, asked, usual = head(num_classes), vectors(), vectors(30) + 1
    told = shap_of_head(one, "A", asked, usual, covariates=("burden", "arms"))
    assert told.features[-2:] == ("burden", "arms")
    assert told.values.shape == (7, 6)
    slope = one.weights[0] - one.weights[1:].mean(0)
    parts = (asked - usual.mean(0)) * slope[:-1]
    assert told.values[:, 4] == pytest.approx(parts[:, 16] + parts[:, 18], abs=1e-4)
    assert told.convergence_delta == pytest.approx(np.zeros(7), abs=1e-6)


def test_shap_of_two_classes_adds_up_to_the_log_odds() -> None:
    one, asked, usual = head(2), vectors(), vectors(30)
    told = shap_of_head(one, "B", asked, usual)
    odds = for_head(one, "B").score({FROZEN: torch.from_numpy(asked)}).numpy()
    assert told.features == ("what the adapted encoder tells",)
    assert told.values.sum(1) + told.baseline_value == pytest.approx(odds, abs=1e-4)
