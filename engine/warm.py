"""Compile what drawing a map needs before anybody waits for it."""

from __future__ import annotations

import time

import numpy as np

from engine.layout import LayoutConfig, fit_layout
from engine.progress import Progress, no_progress


def warm(progress: Progress = no_progress) -> float:
    """Draw a tiny map, so that the compiled code of umap-learn lies on disk.

    The first call on a machine takes about 20 s, each later one in a new process about 3 s.

    Args:
        progress: Told before and after.

    Returns:
        Time it took, in seconds.
    """
    started = time.perf_counter()
    progress("Compiling the map", 0, 1)
    vectors = np.random.default_rng(0).normal(size=(64, 8))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    fit_layout(unit.astype(np.float32), config=LayoutConfig(n_epochs=2))
    progress("Compiling the map", 1, 1)
    return time.perf_counter() - started
