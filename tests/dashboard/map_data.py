"""A drawn map without a store."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from dashboard.coloring import Categories, color_labels
from dashboard.queries import MapData, StudyInfo

NUM_TYPES = 12


def draw_map_data(num_tumors: int = 60, *, synthetic: bool = True) -> MapData:
    """Draw tumors of twelve types around twelve centers; seeded."""
    rng = np.random.default_rng(0)
    types = rng.integers(0, NUM_TYPES, num_tumors)
    centers = rng.normal(0, 6, (NUM_TYPES, 2))
    points = (centers[types] + rng.normal(0, 0.6, (num_tumors, 2))).astype(np.float32)
    study = StudyInfo(study_id="drawn", name="Drawn", genome="GRCh37", synthetic=synthetic)
    return MapData(
        snapshot=3,
        layout_id=1,
        name="main",
        model_digest="ab" * 32,
        created_at=datetime(2026, 7, 24),
        quality={},
        ood={},
        studies={"drawn": study},
        samples=pd.DataFrame(
            {
                "study_id": ["drawn"] * num_tumors,
                "sample_id": [f"DRAW-{row:05d}" for row in range(num_tumors)],
                "cancer_type": [f"type {code:02d}" for code in types],
                "oncotree_code": [None] * num_tumors,
            }
        ),
        coordinates=pd.DataFrame({"x": points[:, 0], "y": points[:, 1]}),
    )


def by_type(data: MapData) -> Categories:
    """Color a drawn map by its types."""
    return color_labels("Cancer type", data.samples["cancer_type"].tolist())
