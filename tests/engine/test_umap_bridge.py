from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

from engine import umap_bridge
from engine.neighbors import NeighborSearch
from engine.progress import no_progress
from engine.umap_bridge import Start, draw, load_umap, neighbor_graph
from tests.engine.spheres import clusters


def test_the_graph_is_that_of_umap_on_exact_neighbors() -> None:
    vectors, _ = clusters(200)
    distances, rows = NeighborSearch(vectors).query(vectors, 14, exclude_self=True)
    graph = neighbor_graph(rows, distances)
    umap_, _ = load_umap()
    # Below 4,096 rows UMAP itself compares all pairs.
    theirs = umap_.UMAP(n_neighbors=15, random_state=0, n_jobs=1, transform_mode="graph")
    expected = theirs.fit(vectors).graph_.toarray()
    np.testing.assert_allclose(graph.toarray(), expected, atol=2e-3)


def test_drawing_leaves_its_input_alone() -> None:
    vectors, _ = clusters(100)
    distances, rows = NeighborSearch(vectors).query(vectors, 14, exclude_self=True)
    graph = neighbor_graph(rows, distances)
    before = graph.toarray().copy()
    coordinates = np.ascontiguousarray(vectors[:, :2])
    start = Start(coordinates=coordinates.copy(), n_epochs=5, learning_rate=0.5, seed=0)
    drawn = draw(graph, start, min_dist=0.1, progress=no_progress)
    np.testing.assert_array_equal(start.coordinates, coordinates)
    np.testing.assert_array_equal(graph.toarray(), before)
    assert (drawn != coordinates).any()


def test_a_temporary_folder_holds_compiled_code_where_no_other_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> object:
        raise RuntimeError("cannot cache function 'probe': no locator available")

    monkeypatch.setattr(numba, "njit", refuse)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    umap_bridge._ensure_compiled_code_has_a_place()
    assert Path(numba.config.CACHE_DIR).is_dir()
    assert "tumorxy-compiled-" in numba.config.CACHE_DIR


def test_the_folder_that_the_user_names_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    umap_bridge._ensure_compiled_code_has_a_place()
    assert str(tmp_path) == numba.config.CACHE_DIR
