from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.explanations import (
    COVARIATE,
    GRADIENTS,
    LEAVE_ONE_OUT,
    MAP,
    SHAPLEY,
    Asked,
    from_rows,
    name_set,
    roll_covariates,
    say_orders,
    say_pair,
    say_surrogate,
    to_rows,
)
from dashboard.theme import LIGHT
from dashboard.why_figures import MOST_BARS, Bar, draw_bars
from engine.explaining import alterations
from tests.dashboard.explained import ASKED, an_explanation


def test_an_explanation_comes_back_from_its_rows_bit_for_bit() -> None:
    told = an_explanation()
    rows = to_rows("first", "T1", told)
    assert rows.num_rows == 4
    assert from_rows(rows, ASKED) == told


def test_nothing_is_shown_of_an_explanation_that_lacks_a_part() -> None:
    rows = to_rows("first", "T1", an_explanation())
    part = from_rows(rows.slice(1), ASKED)
    assert part is not None
    assert part.pairs is None
    assert [one.method for one in part.methods] == [GRADIENTS]
    assert from_rows(rows.slice(2, 1), ASKED) is None
    assert from_rows(rows, Asked(task="msi", class_name="stable")) is None


def test_a_pair_is_said_in_a_sentence() -> None:
    clear, unclear = an_explanation().pairs.pairs
    assert say_pair(clear, "log odds") == (
        "STK11 truncating and KRAS missense together add 0.8 log odds more than the sum of what "
        "each adds alone (standard error 0.1)."
    )
    assert "no clear effect together" in say_pair(unclear, "log odds")


def test_covariates_stand_beside_all_alterations() -> None:
    rolled = roll_covariates(an_explanation().by(SHAPLEY).units)
    assert rolled == {"all alterations together": 1.0, "mutation burden": pytest.approx(1 / 3)}


def test_titles_are_for_a_reader() -> None:
    assert Asked(task=MAP, class_name="x@3").title == "Its place from left to right"
    assert ASKED.title.startswith("Microsatellites: ")


def test_names_are_those_of_the_engine() -> None:
    assert alterations.COVARIATE == COVARIATE
    assert {told.method for told in an_explanation().methods} == {
        SHAPLEY,
        GRADIENTS,
        LEAVE_ONE_OUT,
    }


def test_bars_are_sorted_and_the_small_ones_summed() -> None:
    bars = [Bar(label=f"gene {i}", value=float(i), error=0.5) for i in range(1, 21)]
    figure = draw_bars(bars, "log odds", LIGHT)
    bar = figure.data[0]
    assert len(bar.x) == MOST_BARS + 1
    assert list(bar.x[:2]) == [20.0, 19.0]
    assert bar.x[-1] == sum(range(1, 6))
    assert bar.customdata[-1] == "5 smaller ones"
    assert bar.error_x.array[0] == pytest.approx(1.96 * 0.5)


def test_a_set_is_named_with_what_was_looked_at() -> None:
    seen = {"HALLMARK_E2F_TARGETS": (7, 200)}
    assert name_set("HALLMARK_E2F_TARGETS", seen) == "E2F TARGETS (7 of 200)"
    assert name_set("mutation burden", seen) == "mutation burden"


def test_fewer_orders_are_told() -> None:
    said = an_explanation().by(SHAPLEY)
    assert say_orders(said) == ""
    many = replace(said, units=said.units * 41)
    assert "8 random orders were drawn instead of 26" in say_orders(many)
    assert say_orders(replace(many, method=GRADIENTS)) == ""


def test_a_stand_in_far_from_the_point_is_told() -> None:
    said = replace(an_explanation().by(SHAPLEY), value=3.0)
    across = Asked(task=MAP, class_name="x@1")
    assert say_surrogate(across, said, (2.9, 0.0), 20.0).endswith("0.10 map units from the point.")
    assert "says little about the point" in say_surrogate(across, said, (9.0, 3.0), 20.0)
    assert say_surrogate(ASKED, said, (9.0, 3.0), 20.0) == ""
