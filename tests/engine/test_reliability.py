from __future__ import annotations

import numpy as np
import pytest

from engine.reliability import reliability


def test_bins_tell_stated_and_observed() -> None:
    told = np.array([[0.85, 0.15]] * 20 + [[0.45, 0.55]] * 10)
    truth = np.array([0] * 17 + [1] * 3 + [1] * 10)
    low, high = reliability(told, truth)
    assert (low.num_tumors, high.num_tumors) == (10, 20)
    assert (low.stated, high.stated) == (pytest.approx(0.55), pytest.approx(0.85))
    assert (low.observed, high.observed) == (1.0, 0.85)
    assert low.high == 1.0
    # Clopper and Pearson, 17 of 20: scipy.stats.binomtest(17, 20).proportion_ci().
    assert (high.low, high.high) == (
        pytest.approx(0.6211, abs=1e-4),
        pytest.approx(0.9679, abs=1e-4),
    )


def test_no_hits_have_an_interval_from_zero() -> None:
    (only,) = reliability(np.array([[0.95, 0.05]] * 4), np.ones(4, dtype=np.int64))
    assert (only.observed, only.low) == (0.0, 0.0)
    assert 0 < only.high < 1
