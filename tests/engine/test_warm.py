from __future__ import annotations

from pathlib import Path

from engine.umap_bridge import load_umap
from engine.warm import warm


def test_warming_keeps_the_drawing_loop_on_disk() -> None:
    told: list[tuple[str, int, int]] = []
    elapsed_s = warm(lambda *step: told.append(step))
    assert 0 < elapsed_s < 120
    assert told[0] == ("Compiling the map", 0, 1)
    assert told[-1] == ("Compiling the map", 1, 1)
    loop = load_umap()[1]._nb_optimize_layout_euclidean_single_epoch
    assert list(Path(loop.stats.cache_path).glob("layouts.*single_epoch*.nbi"))
