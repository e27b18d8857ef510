from __future__ import annotations

import numpy as np

from engine.training.split import part_of


def test_parts_have_their_shares_and_never_change() -> None:
    patients = [f"P-{i:07d}" for i in range(20_000)]
    parts = part_of(patients)
    shares = [float(np.mean(parts == name)) for name in ("train", "validation", "test")]
    assert np.allclose(shares, [0.70, 0.15, 0.15], atol=0.01)
    assert (
        part_of(["P-0000004", "TCGA-02-0003"]).tolist()
        == part_of(["P-0000004", "TCGA-02-0003"]).tolist()
    )
    assert np.array_equal(part_of(patients[::-1])[::-1], parts)
