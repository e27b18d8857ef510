"""Copy number of each gene of each tumor, where single-copy gains and losses were reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kinds import Kind

Array = npt.NDArray[Any]

LEVEL = {
    Kind.AMPLIFICATION: 2,
    Kind.GAIN: 1,
    Kind.SHALLOW_DELETION: -1,
    Kind.DEEP_DELETION: -2,
}
LEVELS = np.array([LEVEL.get(kind, 0) for kind in Kind] + [0], dtype=np.int8)
FULL_LEVELS = 5
"""Value of `cna_levels` for studies that report single-copy gains and losses."""


def copy_levels(samples: pa.Table, rows: dict[str, Array], profiled: Array) -> tuple[Array, Array]:
    """Lay out copy number gene by gene.

    A study that reports deep calls only says nothing about single copies: its 0 is not a level.

    Args:
        samples: N tumors with the column `cna_levels`.
        rows: Parallel arrays of alterations: `tumor` and `gene` (-1 for none), `kind`.
        profiled: Which genes were looked at, (N, G), bool.

    Returns:
        Levels from -2 (deep deletion) to 2 (amplification), (N, G), int8, 0 where not known; and
        which tumors have such levels, (N,), bool.
    """
    graded = np.array(samples["cna_levels"].fill_null(0).to_pylist()) == FULL_LEVELS
    levels = np.zeros(profiled.shape, dtype=np.int8)
    level = LEVELS[rows["kind"]]
    used = (level != 0) & (rows["tumor"] >= 0) & (rows["gene"] >= 0)
    used &= graded[np.where(rows["tumor"] >= 0, rows["tumor"], 0)]
    levels[rows["tumor"][used], rows["gene"][used]] = level[used]
    levels[~profiled] = 0
    return levels, graded & profiled.any(axis=1)
