"""The parts of umap-learn that draw a map from exact neighbors, compiled once and kept on disk."""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from engine.neighbors import Distances, Rows
from engine.progress import Progress

NUM_NEGATIVES = 5
"""Tumors pushed away per neighbor pulled near: the default of UMAP."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where the points begin and how far they may go.

    Args:
        coordinates: First positions, (U, 2), float32, in UMAP's own units (a map is 10 to 25 wide).
        n_epochs: Passes over the neighbor pairs.
        learning_rate: Length of the first steps; it falls to 0 by the last epoch.
        seed: Seed of the tumors that are pushed away.
    """

    coordinates: NDArray[np.float32]
    n_epochs: int
    learning_rate: float
    seed: int


@cache
def load_umap() -> tuple[ModuleType, ModuleType]:
    """Import umap-learn with its compiled code kept on disk.

    The import compiles for about 15 s the first time and takes 2 s from the kept code. umap-learn
    keeps none of the three functions that draw a map; kept here too, they save 4 s per process.

    Returns:
        The modules `umap.umap_` and `umap.layouts`.
    """
    _ensure_compiled_code_has_a_place()
    with warnings.catch_warnings():
        # It warns that TensorFlow is missing, which only its ParametricUMAP would need.
        warnings.simplefilter("ignore", ImportWarning)
        import umap.layouts
        import umap.umap_
    for function in (
        umap.umap_.smooth_knn_dist,
        umap.umap_.compute_membership_strengths,
        umap.layouts._nb_optimize_layout_euclidean_single_epoch,
    ):
        function.enable_caching()
    return umap.umap_, umap.layouts


def neighbor_graph(rows: Rows, distances: Distances) -> Any:
    """Weigh the pairs of neighbors.

    Args:
        rows: Exact neighbors of each point, itself left out, (U, K - 1).
        distances: Their distances, ascending, (U, K - 1).

    Returns:
        UMAP's symmetric graph, (U, U), sparse.
    """
    umap_, _ = load_umap()
    own = np.arange(len(rows))[:, None]
    indices = np.hstack([own, rows]).astype(np.int32)
    lengths = np.hstack([np.zeros((len(rows), 1)), distances]).astype(np.float32)
    graph, _, _ = umap_.fuzzy_simplicial_set(
        X=indices,
        n_neighbors=indices.shape[1],
        random_state=None,
        metric="euclidean",
        knn_indices=indices,
        knn_dists=lengths,
    )
    return graph


def draw(graph: Any, start: Start, *, min_dist: float, progress: Progress) -> NDArray[np.float32]:
    """Move the points until neighbors are near and strangers are far.

    One thread draws, because only then the same input gives the same map.

    Args:
        graph: As from `neighbor_graph`.
        start: First positions and length of the run.
        min_dist: How close neighbors may come, in UMAP's units.
        progress: Told the number of epochs done.

    Returns:
        Coordinates, (U, 2), float32.
    """
    umap_, layouts = load_umap()
    pairs = graph.tocoo()
    kept = pairs.data >= pairs.data.max() / start.n_epochs
    curve_a, curve_b = umap_.find_ab_params(1.0, min_dist)
    generator = np.random.default_rng(start.seed)
    coordinates = np.array(start.coordinates, dtype=np.float32, order="C")
    drawn: NDArray[np.float32] = layouts.optimize_layout_euclidean(
        coordinates,
        coordinates,
        pairs.row[kept],
        pairs.col[kept],
        start.n_epochs,
        len(coordinates),
        umap_.make_epochs_per_sample(pairs.data[kept], start.n_epochs),
        curve_a,
        curve_b,
        generator.integers(-(2**31) + 1, 2**31 - 1, size=3, dtype=np.int64),
        initial_alpha=start.learning_rate,
        negative_sample_rate=NUM_NEGATIVES,
        tqdm_kwds=_report_to(progress, start.n_epochs),
        move_other=True,
    )
    return drawn


def _report_to(progress: Progress, n_epochs: int) -> dict[str, Any]:
    """Make umap's progress bar write the bare number of epochs to `progress`."""
    return {
        "disable": False,
        "bar_format": "{n}",
        "mininterval": 0.2,
        "file": _EpochReader(progress, n_epochs),
    }


class _EpochReader:
    """A text file in the eyes of tqdm."""

    def __init__(self, progress: Progress, n_epochs: int) -> None:
        self._progress = progress
        self._n_epochs = n_epochs

    def write(self, text: str) -> None:
        if text.strip().isdecimal():
            self._progress("Drawing the map", int(text), self._n_epochs)

    def flush(self) -> None:
        """Keep nothing back."""


def _ensure_compiled_code_has_a_place() -> None:
    """Give numba a temporary folder where neither the packages nor the home can be written.

    Without any place the import of umap-learn fails. numba is asked with a function that claims to
    stand in umap-learn, because it looks beside the source first.
    """
    spec = importlib.util.find_spec("umap")
    assert spec is not None
    assert spec.origin is not None
    names: dict[str, Any] = {}
    exec(compile("def probe():\n    return 0", spec.origin, "exec"), names)
    try:
        numba.njit(cache=True)(names["probe"])
    except RuntimeError:
        folder = tempfile.mkdtemp(prefix="tumorxy-compiled-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        numba.config.CACHE_DIR = folder  # type: ignore[attr-defined]
