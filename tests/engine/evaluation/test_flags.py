from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.flags import named_row, share_row


def test_the_share_has_an_interval_by_patient() -> None:
    flags = np.array([True] * 30 + [False] * 70)
    named = named_row("ood", "as measured", "false flags", part="test", reach=0.5, lower=True)
    row = share_row(named, flags, [f"P{i}" for i in range(100)])
    assert (row.ours.value, row.num_tumors) == (0.3, 100)
    # A binomial share of 30 in 100: 0.3 +- 1.96 * 0.0458.
    assert (row.ours.low, row.ours.high) == pytest.approx((0.21, 0.39), abs=0.02)
    assert (row.better, row.is_reached, row.baselines) == ("lower", True, {})


def test_tumors_of_one_patient_are_drawn_together() -> None:
    flags = np.array([True] * 30 + [False] * 70)
    named = named_row("ood", "as measured", "coverage", part="test")
    row = share_row(named, flags, [f"P{i // 10}" for i in range(100)])
    low, high = row.ours.low, row.ours.high
    assert low is not None
    assert high is not None
    assert high - low > 0.4
    assert (row.better, row.is_reached) == ("higher", None)
