"""Where tumors lie, as figures and maps read it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where tumors lie on a map.

    Attributes:
        sample_ids: (N,) names shown when pointing at a tumor.
        x: (N,) float32, no unit.
        y: (N,) float32, no unit.
    """

    sample_ids: npt.NDArray[np.object_]
    x: Floats
    y: Floats

    def __len__(self) -> int:
        """Number of tumors."""
        return len(self.x)
