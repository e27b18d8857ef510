from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from dashboard.origins import FEWEST, MOST, explain_by_source, say_of_neighbors, say_of_selection


def a_map(num: int = 1000) -> Any:
    """Two studies of one cancer type, half and half; one panel."""
    study = np.where(np.arange(num) % 2 == 0, "first", "second")
    samples = {"study_id": study, "mutation_panel": None, "cancer_type": "LUAD"}
    return SimpleNamespace(samples=pd.DataFrame(samples, index=range(num)))


def test_neighbors_of_one_study_are_explained_by_it() -> None:
    [effect] = explain_by_source(a_map(), np.arange(0, 40, 2))
    assert (effect.kind, effect.source, effect.num_near) == ("study", "first", 20)
    assert say_of_neighbors(effect) == (
        "Also goes with the study: 20 of the 20 nearest tumors are of first, about 10 would be by "
        "their cancer types alone (p < 0.001)."
    )


def test_a_mixed_neighborhood_is_not() -> None:
    assert explain_by_source(a_map(), np.arange(20)) == ()


def test_a_few_tumors_tell_nothing() -> None:
    assert explain_by_source(a_map(), np.arange(0, 2 * (FEWEST - 1), 2)) == ()


def test_a_large_selection_is_looked_at_in_part() -> None:
    [effect] = explain_by_source(a_map(4000), np.arange(0, 4000, 2))
    assert effect.num_neighbors == MOST
    assert say_of_selection(effect, 2000).startswith(
        f"Also goes with the study: {MOST} of {MOST} tumors drawn at random are of first, about 250"
    )


def test_a_small_selection_is_looked_at_whole() -> None:
    [effect] = explain_by_source(a_map(), np.arange(0, 200, 2))
    assert "100 of the 100 selected tumors are of first" in say_of_selection(effect, 100)
