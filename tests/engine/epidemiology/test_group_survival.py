from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from engine.epidemiology.group_survival import Adjustment, compare_hazards
from engine.training.treated import Times

NAMES = ("none", "one", "both")


def drawn(num: int = 900) -> tuple[np.ndarray, Times, Adjustment]:
    """Draw three groups of which the second dies half as fast, in two studies, with age and sex."""
    rng = np.random.default_rng(5)
    codes, study = rng.integers(0, 3, num), rng.integers(0, 2, num)
    age = rng.normal(60, 10, num)
    sex = rng.choice(["Female", "Male"], num).astype(object)
    rate = np.array([1.0, 0.5, 1.0])[codes] * np.exp(0.03 * (age - 60)) * np.where(study, 2, 1)
    died, seen = rng.exponential(20 / rate), rng.uniform(5, 60, num)
    times = Times(months=np.minimum(died, seen), ended=died < seen)
    return codes, times, Adjustment(numbers={"Age": age}, labels={"Sex": sex}, strata=study)


def test_it_agrees_with_lifelines() -> None:
    codes, times, adjustment = drawn()
    found = compare_hazards(NAMES, codes, times, adjustment)
    assert found is not None
    frame = pd.DataFrame(
        {
            "m": times.months,
            "d": times.ended,
            "one": codes == 1,
            "both": codes == 2,
            "age": adjustment.numbers["Age"],
            "male": adjustment.labels["Sex"] == "Male",
            "s": adjustment.strata,
        }
    ).astype(float)
    expected = CoxPHFitter().fit(frame, "m", "d", strata=["s"]).summary
    assert [line.name for line in found.groups] == ["one", "both"]
    for line, name in zip(found.groups, ["one", "both"], strict=True):
        row = expected.loc[name]
        assert line.ratio == pytest.approx(row["exp(coef)"], rel=1e-5)
        assert line.lower == pytest.approx(row["exp(coef) lower 95%"], rel=1e-5)
        assert line.upper == pytest.approx(row["exp(coef) upper 95%"], rel=1e-5)
        assert line.p_value == pytest.approx(row["p"], rel=1e-3)
    assert found.groups[0].upper < 1 < found.groups[1].upper
    assert (found.num_patients, found.num_compared) == (900, 900)
    assert found.num_variables == 4
    assert found.events_per_variable == pytest.approx(found.num_events / 4)
    assert found.p_value < 1e-6
    assert found.groups[0].patients == (codes == 1).sum()


def test_unknown_covariates_and_follow_up_are_left_out_and_counted() -> None:
    codes, times, adjustment = drawn()
    adjustment.numbers["Age"][:30] = np.nan
    times.months[20:50] = np.nan
    found = compare_hazards(NAMES, codes, times, adjustment)
    assert found is not None
    assert found.num_patients == 850
    assert found.num_unknown == 20


def test_a_group_without_events_has_no_ratio() -> None:
    codes, times, adjustment = drawn()
    times.ended[codes == 2] = False
    found = compare_hazards(NAMES, codes, times, adjustment)
    assert found is not None
    assert [line.name for line in found.groups] == ["one"]
    assert found.without_events == (2,)
    assert compare_hazards(NAMES, codes, times, adjustment, reference=2) is None
    times.ended[codes == 1] = False
    assert compare_hazards(NAMES, codes, times, adjustment) is None


def test_groups_that_no_stratum_shares_tell_nothing() -> None:
    codes, times, adjustment = drawn()
    apart = Adjustment(numbers={}, labels={}, strata=codes)
    found = compare_hazards(NAMES, codes, times, apart)
    assert found is not None
    assert found.num_compared == 0
    assert all(np.isnan(line.ratio) for line in found.groups)
    assert np.isnan(found.p_value)
    assert len(adjustment.known()) == len(codes)
