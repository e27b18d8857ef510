from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LayoutError
from engine.layout import MAP_SPAN, Layout, LayoutConfig, LayoutQuality, fit_layout
from engine.placement import Reference, place
from tests.engine.spheres import clusters

QUICK = LayoutConfig(n_epochs=20, n_refit_epochs=10)
NUM = 400


@pytest.fixture(scope="module")
def cohort() -> tuple[np.ndarray, list[str | None]]:
    return clusters(NUM)


@pytest.fixture(scope="module")
def layout(cohort: tuple[np.ndarray, list[str | None]]) -> Layout:
    return fit_layout(cohort[0], labels=cohort[1])


def test_clusters_stay_together(layout: Layout) -> None:
    quality = layout.quality
    assert quality.trustworthiness is not None
    assert quality.trustworthiness.value > 0.9
    assert quality.continuity is not None
    assert quality.continuity.value > 0.9
    assert quality.label_knn_accuracy is not None
    assert quality.label_knn_accuracy.value > 0.95
    assert quality.label_knn_accuracy_full is not None
    assert quality.label_majority_share is not None
    assert quality.label_majority_share < 0.4
    assert quality.knn_preservation is not None
    assert quality.knn_preservation.value > 0.3
    assert (quality.num_tumors, quality.num_unique, quality.num_neighbors) == (NUM, NUM, 15)
    assert quality.median_movement is None


def test_a_fresh_map_is_centered_and_has_the_standard_span(layout: Layout) -> None:
    low, high = layout.coordinates.min(axis=0), layout.coordinates.max(axis=0)
    assert (high - low).max() == pytest.approx(MAP_SPAN, rel=1e-5)
    np.testing.assert_allclose(low + high, 0, atol=1e-4)
    assert layout.coordinates.dtype == np.float32


def test_the_same_tumors_give_the_same_map(cohort: tuple[np.ndarray, list[str | None]]) -> None:
    one, two = (fit_layout(cohort[0], config=QUICK) for _ in range(2))
    np.testing.assert_array_equal(one.coordinates, two.coordinates)
    assert one.ood == two.ood
    other = fit_layout(cohort[0], config=LayoutConfig(n_epochs=20, seed=1))
    assert (other.coordinates != one.coordinates).any()


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(0, 29), min_size=3, max_size=80))
def test_twins_share_a_point_and_order_does_not_matter(choice: list[int]) -> None:
    vectors = clusters(30)[0][choice]
    drawn = fit_layout(vectors, config=QUICK).coordinates
    points = {tuple(point) for point in drawn.tolist()}
    assert len(points) == len(set(choice))
    first_twin = [choice.index(vector) for vector in choice]
    np.testing.assert_array_equal(drawn, drawn[first_twin])
    order = np.random.default_rng(len(choice)).permutation(len(choice))
    shuffled = fit_layout(vectors[order], config=QUICK).coordinates
    np.testing.assert_array_equal(shuffled, drawn[order])


def test_a_refit_leaves_old_tumors_nearly_where_they_were(
    cohort: tuple[np.ndarray, list[str | None]],
) -> None:
    vectors, labels = cohort
    old = fit_layout(vectors[:360])
    previous = np.full((NUM, 2), np.nan, dtype=np.float32)
    previous[:360] = old.coordinates
    again = fit_layout(vectors, previous=previous, labels=labels)
    assert again.quality.median_movement is not None
    moved = np.median(np.linalg.norm(again.coordinates[:360] - old.coordinates, axis=1))
    span = np.ptp(old.coordinates, axis=0).max()
    assert again.quality.median_movement == pytest.approx(moved / span, rel=1e-4)
    assert again.quality.median_movement < 0.05
    assert again.quality.trustworthiness is not None
    assert again.quality.trustworthiness.value > 0.9
    assert again.quality.label_knn_accuracy is not None
    assert again.quality.label_knn_accuracy.value > 0.95


def test_a_twin_of_an_old_tumor_follows_it(cohort: tuple[np.ndarray, list[str | None]]) -> None:
    vectors = np.concatenate([cohort[0][:50], cohort[0][:1]])
    previous = np.full((51, 2), np.nan, dtype=np.float32)
    previous[:50] = fit_layout(vectors[:50], config=QUICK).coordinates
    again = fit_layout(vectors, config=QUICK, previous=previous).coordinates
    np.testing.assert_array_equal(again[50], again[0])


@pytest.mark.parametrize("num_known", [0, 2])
def test_without_enough_former_positions_the_map_is_fresh(
    cohort: tuple[np.ndarray, list[str | None]], num_known: int
) -> None:
    previous = np.full((60, 2), np.nan, dtype=np.float32)
    previous[:num_known] = np.arange(2 * num_known).reshape(num_known, 2)
    drawn = fit_layout(cohort[0][:60], config=QUICK, previous=previous)
    fresh = fit_layout(cohort[0][:60], config=QUICK)
    np.testing.assert_array_equal(drawn.coordinates, fresh.coordinates)
    assert drawn.quality.median_movement is None


@pytest.mark.parametrize("num_tumors", [3, 4, 7, 15, 16, 31])
def test_few_tumors_are_drawn_with_fewer_neighbors(num_tumors: int) -> None:
    vectors, labels = clusters(num_tumors)
    drawn = fit_layout(vectors, labels=labels, config=QUICK)
    assert np.isfinite(drawn.coordinates).all()
    assert drawn.quality.num_neighbors == min(15, (num_tumors - 1) // 2)
    assert drawn.ood.num_neighbors == min(15, num_tumors - 1)
    assert drawn.quality.label_knn_accuracy is not None


def test_one_and_two_points_have_defined_positions() -> None:
    vectors, _ = clusters(2)
    alone = fit_layout(np.repeat(vectors[:1], 30, axis=0), labels=["a"] * 30)
    assert not alone.coordinates.any()
    assert (alone.quality.num_tumors, alone.quality.num_unique) == (30, 1)
    assert alone.quality.trustworthiness is None
    assert alone.quality.label_knn_accuracy is not None
    assert fit_layout(vectors[:1], labels=["a"]).quality.label_knn_accuracy is None
    pair = fit_layout(vectors)
    assert sorted(pair.coordinates.tolist()) == [[-MAP_SPAN / 2, 0], [MAP_SPAN / 2, 0]]


def test_strangeness_is_measured_among_all_tumors() -> None:
    vectors, _ = clusters(40)
    vectors = np.concatenate([vectors, np.repeat(vectors[:1], 60, axis=0)])
    ood = fit_layout(vectors, config=QUICK).ood
    assert ood.quantiles[500] == 0
    assert ood.threshold > 0


def test_a_placed_tumor_lies_in_its_cluster(
    cohort: tuple[np.ndarray, list[str | None]], layout: Layout
) -> None:
    vectors, labels = cohort
    reference = Reference(vectors=vectors, coordinates=layout.coordinates, ood=layout.ood)
    generator = np.random.default_rng(8)
    nudged = vectors + generator.normal(scale=0.05, size=vectors.shape)
    nudged /= np.linalg.norm(nudged, axis=1, keepdims=True)
    placed = place(nudged.astype(np.float32), reference)
    nearest = [labels[row] for row in placed.neighbors[:, 0]]
    assert np.mean([a == b for a, b in zip(nearest, labels, strict=True)]) > 0.97
    assert placed.agreement.mean() > 0.4


def test_the_stages_are_told_in_order(cohort: tuple[np.ndarray, list[str | None]]) -> None:
    told: list[tuple[str, int, int]] = []
    fit_layout(cohort[0], config=QUICK, progress=lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["Finding neighbors", "Drawing the map", "Measuring the map"]
    assert ("Drawing the map", 20, 20) in told
    assert all(0 <= done <= total for _, done, total in told)


def test_quality_and_config_survive_json(layout: Layout) -> None:
    assert LayoutQuality.from_json(layout.quality.to_json()) == layout.quality
    config = LayoutConfig(n_epochs=7, seed=3)
    assert LayoutConfig.from_json(config.to_json()) == config
    stored = json.loads(layout.quality.to_json())
    assert set(stored["trustworthiness"]) == {"value", "low", "high", "num_tumors"}


def test_input_that_cannot_be_drawn_is_refused() -> None:
    vectors, labels = clusters(20)
    with pytest.raises(LayoutError, match="Found no tumor"):
        fit_layout(vectors[:0])
    with pytest.raises(LayoutError, match="19 labels for 20 tumors"):
        fit_layout(vectors, labels=labels[1:])
    with pytest.raises(LayoutError, match=r"shape \(19, 2\), expected \(20, 2\)"):
        fit_layout(vectors, previous=np.zeros((19, 2), dtype=np.float32))
    broken = vectors.copy()
    broken[7] = np.nan
    with pytest.raises(LayoutError, match=r"1 of 20 vectors with missing .* row 7"):
        fit_layout(broken)


@pytest.mark.parametrize(
    ("name", "value"), [("n_neighbors", 1), ("n_epochs", 0), ("min_dist", 1.0), ("seed", -1)]
)
def test_settings_that_cannot_work_are_refused(name: str, value: float) -> None:
    with pytest.raises(LayoutError, match=f"setting {name} is"):
        LayoutConfig(**{name: value})
