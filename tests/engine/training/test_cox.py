"""The goldens come from lifelines 0.30.0 and statsmodels 0.15.0 on the data of `example`.

CoxPHFitter().fit(frame, "t", "d", strata="s")          # no ties
CoxPHFitter().fit(..., weights_col="w", robust=True)    # with weights
PHReg(ceil(4 t), x, status=d, strata=s, ties="breslow").fit()
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import TrainingError
from engine.training.cox import Followed, fit_cox, log_likelihood

LIFELINES = [0.4338835929401294, -0.235900127556114, 0.05441162507421745]
LIFELINES_WEIGHTED = [0.29664541326597454, -0.2181028297629124, -0.005538722238695948]
LIFELINES_LOG_LIKELIHOOD = -380.63081173590706
STATSMODELS_TIED = [0.3994786279449307, -0.19755228396279806, 0.05204967116399859]


def example() -> tuple[Followed, np.ndarray]:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 3))
    strata = generator.integers(0, 3, 200)
    months = generator.exponential(size=200) / np.exp(inputs @ [0.5, -0.3, 0.0])
    died = generator.random(200) < 0.6
    followed = Followed(inputs=inputs, months=months, died=died, strata=strata)
    return followed, generator.exponential(size=200)


def test_the_fit_agrees_with_lifelines() -> None:
    followed, _ = example()
    found = fit_cox(followed, 0.0)
    np.testing.assert_allclose(found, LIFELINES, rtol=1e-4, atol=1e-5)
    deaths = followed.died.sum()
    likelihood = log_likelihood(followed, followed.inputs @ found) * deaths
    assert likelihood == pytest.approx(LIFELINES_LOG_LIKELIHOOD, rel=1e-6)


def test_weights_agree_with_lifelines() -> None:
    followed, weights = example()
    found = fit_cox(followed, 0.0, weights=weights)
    np.testing.assert_allclose(found, LIFELINES_WEIGHTED, rtol=1e-3, atol=1e-5)


def test_ties_agree_with_statsmodels() -> None:
    followed, _ = example()
    tied = replace(followed, months=np.ceil(followed.months * 4))
    np.testing.assert_allclose(fit_cox(tied, 0.0), STATSMODELS_TIED, rtol=1e-3, atol=1e-5)


def test_a_known_log_risk_is_not_learned_again() -> None:
    followed, _ = example()
    known = followed.inputs @ np.array(LIFELINES)
    assert np.abs(fit_cox(followed, 0.0, offset=known)).max() < 1e-3


def test_a_penalty_shrinks_towards_zero() -> None:
    followed, _ = example()
    norms = [np.linalg.norm(fit_cox(followed, penalty)) for penalty in (0.0, 0.1, 1.0, 100.0)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 0.01


def test_the_order_of_the_tumors_does_not_matter() -> None:
    followed, _ = example()
    order = np.random.default_rng(1).permutation(200)
    shuffled = fit_cox(followed.take(order), 0.1)
    np.testing.assert_allclose(shuffled, fit_cox(followed, 0.1), atol=1e-5)


def test_tumors_of_low_risk_are_not_lost_beside_tumors_of_high_risk() -> None:
    followed, _ = example()
    far = replace(followed, inputs=followed.inputs * [300.0, 1.0, 1.0])
    found = fit_cox(far, 0.0, start=np.array([1.0, 0.0, 0.0])) * [300.0, 1.0, 1.0]
    np.testing.assert_allclose(found, LIFELINES, rtol=1e-2, atol=1e-2)


def test_columns_of_different_lengths_are_refused() -> None:
    followed, _ = example()
    with pytest.raises(TrainingError, match=r"columns of \[199, 200\] tumors"):
        replace(followed, months=followed.months[1:])


def test_data_without_a_death_are_refused() -> None:
    followed, _ = example()
    with pytest.raises(TrainingError, match="Found no death"):
        replace(followed, died=np.zeros(200, dtype=bool))
