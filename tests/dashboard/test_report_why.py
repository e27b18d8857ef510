from __future__ import annotations

from dataclasses import replace

from dashboard.explanations import GRADIENTS, Explanation, MethodTold
from dashboard.report_why import MOST_AT_ONCE, NO_PAIRS, tell_stored
from tests.dashboard.explained import ASKED, a_method, an_explanation


def by_gradients(num_units: int) -> Explanation:
    """Return what `tumorxy explain --all` stores of a tumor."""
    said: MethodTold = a_method(GRADIENTS)
    units = tuple(said.units[0] for _ in range(num_units))
    return Explanation(asked=ASKED, methods=(replace(said, units=units),), pairs=None)


def test_a_whole_explanation_is_told_with_its_clear_pairs() -> None:
    told = tell_stored(an_explanation())
    assert told is not None
    assert told.method == "Shapley values"
    assert [part.label for part in told.genes] == ["STK11 truncating", "loss of 9p"]
    assert [pair.label for pair in told.pairs] == ["STK11 truncating and KRAS missense"]


def test_gradients_alone_are_told_where_the_rest_takes_long() -> None:
    told = tell_stored(by_gradients(MOST_AT_ONCE + 1))
    assert told is not None
    assert told.method == GRADIENTS
    assert told.pairs == ()
    assert NO_PAIRS in told.caveat


def test_what_takes_no_time_is_computed_in_full() -> None:
    assert tell_stored(None) is None
    assert tell_stored(by_gradients(MOST_AT_ONCE)) is None
